package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// token names a request in the broker: its slot, and how often the slot has
// been used. A token of a request that has been answered matches nothing, so
// that nobody who remembers it has to be told.
type token uint64

func (t token) slot() int { return int(uint32(t)) }

// requestState says how far a request has come.
type requestState uint8

const (
	requestQueued  requestState = iota // nothing has happened
	requestRunning                     // begun; it may wait for a disk, the quorum, other brokers
	requestDone                        // answered; the reply goes out in its turn
)

// request is one request in the broker, from arrival until its reply leaves.
type request struct {
	token   token
	conn    *connection
	state   requestState
	applied bool // it has taken effect: later requests of its connection may begin

	key         int16
	version     int16
	correlation int32
	principal   string
	clientID    string
	tenant      string
	body        protocol.Body
	err         kafka.ErrorCode // why the driver could not decode the body
	envelope    *envelope       // another broker has forwarded it; nil for a client's own

	place    int // in the heap of deadlines
	deadline kafka.Instant

	reply protocol.Body // nil: nothing goes on the wire
	close bool          // close the connection after the reply

	// The state of the APIs that wait, reused from request to request.
	produce produceState
	fetch   fetchState
	list    listState
	commit  commitState
	groups  groupsState
	deletes deleteState
}

// requests is the slab of all requests in the broker.
type requests struct {
	slots []*request
	free  []int
	live  int
}

// take hands out a request of a new token.
func (q *requests) take() *request {
	if len(q.free) == 0 {
		q.slots = append(q.slots, &request{token: token(len(q.slots)), place: noPlace})
		q.free = append(q.free, len(q.slots)-1)
	}
	slot := q.free[len(q.free)-1]
	q.free = q.free[:len(q.free)-1]
	q.live++
	r := q.slots[slot]
	r.token += 1 << 32
	return r
}

// get returns the request of a token, nil when it has been given back.
func (q *requests) get(t token) *request {
	if t.slot() >= len(q.slots) {
		return nil
	}
	if r := q.slots[t.slot()]; r.token == t && r.conn != nil {
		return r
	}
	return nil
}

// giveBack ends a request and keeps its memory.
func (q *requests) giveBack(r *request) {
	must.True(r.place == noPlace, "B2 a request that is gone waits for no instant")
	r.conn, r.body, r.reply, r.envelope = nil, nil, nil, nil
	r.principal, r.clientID, r.tenant = "", "", ""
	r.state, r.applied, r.close, r.err = requestQueued, false, false, kafka.None
	r.produce.reset()
	r.fetch.reset()
	r.list.reset()
	r.commit.reset()
	r.groups.reset()
	r.deletes.reset()
	q.free = append(q.free, r.token.slot())
	q.live--
}
