package broker

import "trialog/core/kafka"

// deadlines is a binary heap of the requests that wait until some instant.
// Equal instants are told apart by token, so that the order is total.
type deadlines struct{ heap []*request }

// noPlace marks a request that stands in no heap.
const noPlace = -1

// first returns the request that is due first, nil when none waits.
func (d *deadlines) first() *request {
	if len(d.heap) == 0 {
		return nil
	}
	return d.heap[0]
}

// add puts a request in; its deadline must not change until remove.
func (d *deadlines) add(r *request, at kafka.Instant) {
	r.deadline = at
	r.place = len(d.heap)
	d.heap = append(d.heap, r)
	d.up(r.place)
}

// remove takes a request out; nothing happens when it does not stand in the heap.
func (d *deadlines) remove(r *request) {
	i := r.place
	if i == noPlace {
		return
	}
	last := len(d.heap) - 1
	moved := d.heap[last]
	d.heap[last] = nil
	d.heap = d.heap[:last]
	r.place = noPlace
	if moved == r {
		return
	}
	d.heap[i] = moved
	moved.place = i
	d.down(i)
	d.up(moved.place)
}

func (d *deadlines) less(a, b *request) bool {
	if a.deadline != b.deadline {
		return a.deadline < b.deadline
	}
	return a.token < b.token
}

func (d *deadlines) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !d.less(d.heap[i], d.heap[parent]) {
			return
		}
		d.swap(i, parent)
		i = parent
	}
}

func (d *deadlines) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(d.heap) {
			return
		}
		if child+1 < len(d.heap) && d.less(d.heap[child+1], d.heap[child]) {
			child++
		}
		if !d.less(d.heap[child], d.heap[i]) {
			return
		}
		d.swap(i, child)
		i = child
	}
}

func (d *deadlines) swap(i, j int) {
	d.heap[i], d.heap[j] = d.heap[j], d.heap[i]
	d.heap[i].place, d.heap[j].place = i, j
}
