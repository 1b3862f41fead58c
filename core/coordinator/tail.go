package coordinator

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// Pending is one append that does not count yet: the records that the committed
// view is to take, and the answers that wait for it.
type Pending[R, A any] struct {
	End      kafka.Offset // the log's end with it
	Deadline kafka.Instant
	Records  []R
	Answers  []A
	// Expired: the answers have been given up; the records still count some day.
	Expired bool
}

// Tail is what is written and does not count yet, oldest first. Its memory is
// used again.
type Tail[R, A any] struct {
	queue   []Pending[R, A]
	first   int // of the queue; what stands before it is spare
	expired int // how many from first on have been given up
}

// Len is the number of appends that are pending.
func (t *Tail[R, A]) Len() int { return len(t.queue) - t.first }

// Push adds an append whose records end at end, to be filled in.
func (t *Tail[R, A]) Push(end kafka.Offset, deadline kafka.Instant) *Pending[R, A] {
	if len(t.queue) == cap(t.queue) && t.first > 0 && 2*t.first >= len(t.queue) {
		t.compact()
	}
	if n := len(t.queue); n > t.first {
		must.True(t.queue[n-1].End < end, "CO1 what is pending stands by rising end")
	}
	if len(t.queue) < cap(t.queue) {
		t.queue = t.queue[:len(t.queue)+1]
	} else {
		t.queue = append(t.queue, Pending[R, A]{})
	}
	p := &t.queue[len(t.queue)-1]
	*p = Pending[R, A]{End: end, Deadline: deadline, Records: p.Records[:0], Answers: p.Answers[:0]}
	return p
}

// compact moves what is pending to the front; what is spare goes behind it.
func (t *Tail[R, A]) compact() {
	n := t.Len()
	for i := range n {
		t.queue[i], t.queue[t.first+i] = t.queue[t.first+i], t.queue[i]
	}
	t.queue, t.first = t.queue[:n], 0
}

// Last returns the newest append, nil when nothing is pending.
func (t *Tail[R, A]) Last() *Pending[R, A] {
	if t.Len() == 0 {
		return nil
	}
	return &t.queue[len(t.queue)-1]
}

// Counted returns the oldest append that counts under a high watermark, nil when
// none does. The caller takes it over and calls Pop.
func (t *Tail[R, A]) Counted(highWatermark kafka.Offset) *Pending[R, A] {
	if t.Len() == 0 || t.queue[t.first].End > highWatermark {
		return nil
	}
	return &t.queue[t.first]
}

// Pop forgets the oldest append.
func (t *Tail[R, A]) Pop() {
	p := &t.queue[t.first]
	clear(p.Records)
	clear(p.Answers)
	t.first++
	t.expired = max(0, t.expired-1)
	if t.first == len(t.queue) {
		t.queue, t.first = t.queue[:0], 0
	}
}

// Overdue returns the oldest append whose answers have waited for too long and
// have not been given up, nil when there is none. The caller answers them and
// calls GiveUp.
func (t *Tail[R, A]) Overdue(now kafka.Instant) *Pending[R, A] {
	at := t.first + t.expired
	if at >= len(t.queue) || t.queue[at].Deadline > now {
		return nil
	}
	return &t.queue[at]
}

// GiveUp says that the answers of what Overdue returned have been given.
func (t *Tail[R, A]) GiveUp() {
	p := &t.queue[t.first+t.expired]
	clear(p.Answers)
	p.Answers, p.Expired = p.Answers[:0], true
	t.expired++
}

// Deadline is when the next answers will have waited for too long.
func (t *Tail[R, A]) Deadline() (kafka.Instant, bool) {
	at := t.first + t.expired
	if at >= len(t.queue) {
		return 0, false
	}
	return t.queue[at].Deadline, true
}

// Each shows everything that is pending, oldest first.
func (t *Tail[R, A]) Each(visit func(*Pending[R, A])) {
	for i := t.first; i < len(t.queue); i++ {
		visit(&t.queue[i])
	}
}
