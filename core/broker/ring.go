package broker

// ring is a queue that reuses its memory.
type ring[T any] struct {
	items []T // its length is zero or a power of two
	head  int
	count int
}

func (q *ring[T]) len() int { return q.count }

// at returns the i-th from the front.
func (q *ring[T]) at(i int) *T { return &q.items[(q.head+i)&(len(q.items)-1)] }

func (q *ring[T]) push(v T) {
	if q.count == len(q.items) {
		q.grow()
	}
	q.count++
	*q.at(q.count - 1) = v
}

func (q *ring[T]) pop() T {
	v := *q.at(0)
	var zero T
	*q.at(0) = zero
	q.head = (q.head + 1) & (len(q.items) - 1)
	q.count--
	return v
}

func (q *ring[T]) grow() {
	bigger := make([]T, max(8, 2*len(q.items)))
	for i := range q.count {
		bigger[i] = *q.at(i)
	}
	q.items, q.head = bigger, 0
}
