package group

import "trialog/core/kafka"

// timer is one deadline of a group or of a member. It stands in the heap under
// an instant that may be earlier than the one it waits for, so that a heartbeat
// costs no more than a store.
type timer struct {
	at     kafka.Instant // where it stands in the heap
	due    kafka.Instant // what it waits for, at or after at
	order  uint64        // of equal instants
	place  int           // in the heap, from 1; 0: it does not run
	kind   timerKind
	group  *classic
	member *member
	watch  *watch // of the consumer protocol; then there is neither of the others
}

type timerKind uint8

const (
	timerSession timerKind = iota // a member is silent
	timerPending                  // a member was given an ID and has not come again
	timerInitial                  // an empty group has waited for members
	timerJoin                     // members have had their time to join again
	timerSync                     // members have had their time to sync

	timerConsumerSession // a member of the consumer protocol is silent
	timerConsumerRevoke  // it has had its time to give up what it shall, or to join again
	timerConsumerSync    // a classic member has had its time to sync
)

// timers is a binary heap, its order total.
type timers struct {
	heap []*timer
	next uint64
}

// set makes a timer run until due.
func (ts *timers) set(t *timer, due kafka.Instant) {
	t.due = due
	if t.place > 0 && t.at <= due {
		return // it is looked at in time
	}
	if t.place > 0 {
		ts.stop(t)
	}
	ts.push(t)
}

func (ts *timers) push(t *timer) {
	ts.next++
	t.at, t.order = t.due, ts.next
	ts.heap = append(ts.heap, t)
	t.place = len(ts.heap)
	ts.up(t.place)
}

// stop makes sure that a timer does not run.
func (ts *timers) stop(t *timer) {
	i := t.place
	if i == 0 {
		return
	}
	last := len(ts.heap)
	moved := ts.heap[last-1]
	ts.heap[last-1] = nil
	ts.heap = ts.heap[:last-1]
	t.place = 0
	if moved == t {
		return
	}
	ts.heap[i-1], moved.place = moved, i
	ts.down(i)
	ts.up(moved.place)
}

// fire takes a timer that is due off the heap, nil when none is.
func (ts *timers) fire(now kafka.Instant) *timer {
	for len(ts.heap) > 0 && ts.heap[0].at <= now {
		t := ts.heap[0]
		ts.stop(t)
		if t.due <= now {
			return t
		}
		ts.push(t)
	}
	return nil
}

// deadline is when to look next.
func (ts *timers) deadline() (kafka.Instant, bool) {
	if len(ts.heap) == 0 {
		return 0, false
	}
	return ts.heap[0].at, true
}

func (ts *timers) less(i, j int) bool {
	a, b := ts.heap[i-1], ts.heap[j-1]
	if a.at != b.at {
		return a.at < b.at
	}
	return a.order < b.order
}

func (ts *timers) up(i int) {
	for i > 1 && ts.less(i, i/2) {
		ts.swap(i, i/2)
		i /= 2
	}
}

func (ts *timers) down(i int) {
	for {
		child := 2 * i
		if child > len(ts.heap) {
			return
		}
		if child < len(ts.heap) && ts.less(child+1, child) {
			child++
		}
		if !ts.less(child, i) {
			return
		}
		ts.swap(i, child)
		i = child
	}
}

func (ts *timers) swap(i, j int) {
	h := ts.heap
	h[i-1], h[j-1] = h[j-1], h[i-1]
	h[i-1].place, h[j-1].place = i, j
}
