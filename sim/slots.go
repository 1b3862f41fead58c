package sim

// slots holds operations under way; a slot's number travels in an event.
type slots[T any] struct {
	list []T
	free []uint32
}

func (s *slots[T]) take() (uint64, *T) {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		return uint64(i), &s.list[i]
	}
	var zero T
	s.list = append(s.list, zero)
	return uint64(len(s.list) - 1), &s.list[len(s.list)-1]
}

func (s *slots[T]) put(i uint64) {
	var zero T
	s.list[i] = zero
	s.free = append(s.free, uint32(i))
}

func (s *slots[T]) reset() {
	clear(s.list)
	s.list, s.free = s.list[:0], s.free[:0]
}
