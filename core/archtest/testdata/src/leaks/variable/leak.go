// Package variable leaks one run's state into the next.
package variable

import (
	"errors"
	"hash/crc32"
)

type counter struct{ n int }

func (c *counter) add()    { c.n++ }
func (c counter) get() int { return c.n }

var (
	calls   int
	table   [8]int
	names   = map[string]int{"a": 1}
	shared  counter
	list    = []int{1, 2}
	errOops = errors.New("oops")
	crc     = crc32.MakeTable(crc32.Castagnoli)
)

func step(i int) (uint32, error) {
	calls++            // want "package variable calls is assigned"
	table[i] = i       // want "package variable table is assigned"
	names["b"] = i     // want "package variable names is assigned"
	delete(names, "a") // want "package variable names is written to by delete"
	shared.n = i       // want "package variable shared is assigned"
	shared.add()       // want "package variable shared is address-taken by a method call"
	p := &shared       // want "package variable shared is address-taken"
	p.n++
	some := table[:i] // want "package variable table is address-taken by slicing"
	some[0]++
	more := append(list, i)  // want "package variable list is written to by append"
	for calls = range more { // want "package variable calls is assigned"
	}
	local := counter{}
	local.add()
	q := &local
	q.n = names["a"] + list[0] + shared.get()
	return crc32.Update(0, crc, nil), errOops
}
