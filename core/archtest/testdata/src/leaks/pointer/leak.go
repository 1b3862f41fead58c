// Package pointer leaks memory addresses.
package pointer

import "fmt"

type node struct {
	next *node
	name string
}

type named struct{ next *named }

func (n *named) String() string { return "a named one" }

type flat struct{ a, b int }

func show(n *node, list []node, f func()) []string {
	return []string{
		fmt.Sprintf("%p", n),    // want "%p prints an address" "formatting .node may print"
		fmt.Sprint(n),           // want "formatting .node may print an address"
		fmt.Sprintf("%v", list), // want "formatting ..node may print an address"
		fmt.Sprintf("%v", f),    // want "formatting func.. may print an address"
		fmt.Sprint(&named{}, flat{1, 2}, []flat{{1, 2}}, n.name),
		scan(n.name),
	}
}

func scan(s string) string {
	var n int
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil {
		return err.Error()
	}
	return fmt.Sprint(n)
}
