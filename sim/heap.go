package sim

// event is something that will happen. Those of equal time happen in the order
// in which they were scheduled.
type event struct {
	at   int64
	seq  uint64
	a, b uint64 // what it concerns; the kind says how to read them
	inc  uint32 // the incarnation it is meant for; 0: any
	node uint16
	kind EventKind
}

// queue is a heap of events with four children a node: shallower than a binary
// one, and the children of a node share cache lines.
type queue struct {
	list []event
	seq  uint64
}

func (e *event) before(o *event) bool {
	if e.at != o.at {
		return e.at < o.at
	}
	return e.seq < o.seq
}

func (q *queue) push(e event) {
	q.seq++
	e.seq = q.seq
	q.put(e)
}

// pushFirst adds an event that comes before every other of its time.
func (q *queue) pushFirst(e event) {
	e.seq = 0
	q.put(e)
}

func (q *queue) put(e event) {
	q.list = append(q.list, e)
	q.rise(e, len(q.list)-1)
}

// rise puts e into the hole at i, or above it.
func (q *queue) rise(e event, i int) {
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(&q.list[parent]) {
			break
		}
		q.list[i] = q.list[parent]
		i = parent
	}
	q.list[i] = e
}

// hasten lets every event happen as much sooner as by says, but not before now.
func (q *queue) hasten(now int64, by func(*event) int64) {
	for i := range q.list { // what rises changes places with what was asked before
		e := q.list[i]
		if sooner := by(&e); sooner > 0 && e.at > now {
			e.at = max(e.at-sooner, now)
			q.rise(e, i)
		}
	}
}

// pop returns the next event; the queue must not be empty.
func (q *queue) pop() event {
	top := q.list[0]
	last := q.list[len(q.list)-1]
	q.list = q.list[:len(q.list)-1]
	if n := len(q.list); n > 0 {
		q.sift(last, n)
	}
	return top
}

// sift puts e into the hole at the root.
func (q *queue) sift(e event, n int) {
	i := 0
	for {
		first := 4*i + 1
		if first >= n {
			break
		}
		least := first
		for c := first + 1; c < min(first+4, n); c++ {
			if q.list[c].before(&q.list[least]) {
				least = c
			}
		}
		if !q.list[least].before(&e) {
			break
		}
		q.list[i] = q.list[least]
		i = least
	}
	q.list[i] = e
}

func (q *queue) empty() bool { return len(q.list) == 0 }
