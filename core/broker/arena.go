package broker

// arena hands out values whose memory is used again after reset.
type arena[T any] struct {
	items []*T
	used  int
}

// next returns a value with whatever its last user left in it.
func (a *arena[T]) next() *T {
	if a.used == len(a.items) {
		a.items = append(a.items, new(T))
	}
	a.used++
	return a.items[a.used-1]
}

func (a *arena[T]) reset() { a.used = 0 }
