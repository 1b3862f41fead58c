// Package mutated is copied into trees that hold a bug on purpose, and nothing
// imports it anywhere else. It counts how often what was changed is carried out, and
// holds the generated mutants of a tree, of which one is on.
package mutated

import "cmp"

var (
	hits   uint64
	active int
)

// Hits is how often a changed statement was carried out, or a generated mutant
// decided otherwise than the original.
func Hits() uint64 { return hits }

// Set turns a generated mutant on; 0: none.
func Set(id int) { active = id }

// Hit counts.
func Hit() { hits++ }

// Not negates a condition.
func Not[T ~bool](id int, c T) T {
	if active != id {
		return c
	}
	hits++
	return !c
}

// Dropped tells whether a statement is left out.
func Dropped(id int) bool {
	if active != id {
		return false
	}
	hits++
	return true
}

// Less is a < b, and a <= b when it is on.
func Less[T cmp.Ordered](id int, a, b T) bool {
	if active == id && a == b {
		hits++
		return true
	}
	return a < b
}

// LessOrEqual is a <= b, and a < b when it is on.
func LessOrEqual[T cmp.Ordered](id int, a, b T) bool {
	if active == id && a == b {
		hits++
		return false
	}
	return a <= b
}

// Greater is a > b, and a >= b when it is on.
func Greater[T cmp.Ordered](id int, a, b T) bool { return Less(id, b, a) }

// GreaterOrEqual is a >= b, and a > b when it is on.
func GreaterOrEqual[T cmp.Ordered](id int, a, b T) bool { return LessOrEqual(id, b, a) }
