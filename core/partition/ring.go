package partition

// ring is a queue that reuses its memory.
type ring[T any] struct {
	buf  []T
	head int
	n    int
}

func (r *ring[T]) len() int { return r.n }

// push adds v at the back and returns its place, valid until the next push.
func (r *ring[T]) push(v T) *T {
	if r.n == len(r.buf) {
		grown := make([]T, max(16, 2*r.n))
		for i := range r.n {
			grown[i] = *r.at(i)
		}
		r.buf, r.head = grown, 0
	}
	p := &r.buf[(r.head+r.n)&(len(r.buf)-1)]
	*p = v
	r.n++
	return p
}

func (r *ring[T]) pop() T {
	var zero T
	v := r.buf[r.head]
	r.buf[r.head] = zero
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	return v
}

func (r *ring[T]) at(i int) *T { return &r.buf[(r.head+i)&(len(r.buf)-1)] }
func (r *ring[T]) front() *T   { return r.at(0) }
func (r *ring[T]) back() *T    { return r.at(r.n - 1) }
