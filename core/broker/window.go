package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// window holds what is outstanding under densely rising refs: the entries
// between the oldest that is not finished and the newest. They may finish in
// any order. It grows to the largest number outstanding and then stays.
type window[T any] struct {
	entries []windowEntry[T] // a ring; its length is a power of two
	first   kafka.Ref        // the oldest that may be unfinished
	next    kafka.Ref        // the ref that add gives out next
}

type windowEntry[T any] struct {
	value T
	open  bool
}

// newWindow starts with ref 1: zero is nobody's.
func newWindow[T any]() window[T] {
	return window[T]{entries: make([]windowEntry[T], 64), first: 1, next: 1}
}

// add opens an entry and returns its ref and its place, to be filled in.
func (w *window[T]) add() (kafka.Ref, *T) {
	if int(w.next-w.first) == len(w.entries) {
		w.grow()
	}
	ref := w.next
	w.next++
	e := w.at(ref)
	e.open = true
	return ref, &e.value
}

// get returns an open entry, nil when there is none of that ref.
func (w *window[T]) get(ref kafka.Ref) *T {
	if ref < w.first || ref >= w.next {
		return nil
	}
	e := w.at(ref)
	if !e.open {
		return nil
	}
	return &e.value
}

// finish closes an entry that get returned.
func (w *window[T]) finish(ref kafka.Ref) {
	e := w.at(ref)
	must.True(e.open, "B11 a completion closes an open entry")
	var zero T
	e.value, e.open = zero, false
	for w.first < w.next && !w.at(w.first).open {
		w.first++
	}
}

func (w *window[T]) at(ref kafka.Ref) *windowEntry[T] {
	return &w.entries[uint64(ref)&uint64(len(w.entries)-1)]
}

func (w *window[T]) grow() {
	old := *w
	w.entries = make([]windowEntry[T], 2*len(old.entries))
	for ref := old.first; ref < old.next; ref++ {
		*w.at(ref) = *old.at(ref)
	}
}
