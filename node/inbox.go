package node

import (
	"sync"

	"trialog/core/broker"
)

// inbox is the bounded queue of inputs. Whoever puts waits for room; the loop
// takes everything at once, so that one lock serves many inputs.
type inbox struct {
	mu     sync.Mutex
	room   sync.Cond
	items  []broker.Input
	limit  int
	closed bool
	wake   chan struct{} // holds a token while there may be something to take
}

func newInbox(limit int) *inbox {
	q := &inbox{limit: limit, wake: make(chan struct{}, 1)}
	q.room.L = &q.mu
	return q
}

// put adds an input, in the order of the calls. It returns false once the
// inbox is closed, and the input is lost.
func (q *inbox) put(in broker.Input) bool {
	q.mu.Lock()
	for len(q.items) >= q.limit && !q.closed {
		q.room.Wait()
	}
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.items = append(q.items, in)
	first := len(q.items) == 1
	q.mu.Unlock()
	if first {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return true
}

// take exchanges what is there for dst's memory. It does not wait.
func (q *inbox) take(dst []broker.Input) []broker.Input {
	clear(dst)
	q.mu.Lock()
	items := q.items
	q.items = dst[:0]
	if len(items) >= q.limit {
		q.room.Broadcast()
	}
	q.mu.Unlock()
	return items
}

// waiting tells how many inputs have not been taken.
func (q *inbox) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

// close ends the queue and lets everybody go who waits for room.
func (q *inbox) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.room.Broadcast()
}
