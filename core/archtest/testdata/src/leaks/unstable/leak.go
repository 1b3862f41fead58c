// Package unstable leaks the order in which equals happen to lie.
package unstable

import (
	"cmp"
	"slices"
	"sort"
)

type entry struct{ key, value int }

func order(list []entry, ids []int) {
	sort.Slice(list, func(i, j int) bool { return list[i].key < list[j].key })       // want "sort.Slice is not stable"
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.key, b.key) }) // want "slices.SortFunc is not stable"
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.key, b.key) }) //order: keys differ
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	slices.Sort(ids)
	println(len(ids)) // want "println writes to standard error"
}
