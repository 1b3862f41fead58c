package sim

import (
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// messageKind says what travels.
type messageKind uint8

const (
	msgOpen     messageKind = iota + 1 // the initiator asks for a connection
	msgAccept                          // the acceptor agrees
	msgClose                           // nothing more comes from the sender
	msgRequest                         // a request as an object
	msgResponse                        // a response as an object
	msgBytes                           // a piece of a byte stream
)

// message is something that travels on a connection, in order.
type message struct {
	at            int64 // when it arrives
	kind          messageKind
	key, version  int16
	correlationID int32
	body          protocol.Body
	clientID      string
	bytes         []byte
}

// The two ends of a connection.
const (
	initiator = 0
	acceptor  = 1
)

// end is one end of a connection: what travels towards it, and who is there.
type end struct {
	host        *host
	incarnation uint32
	open        bool // the process there holds it open
	muted       bool // the process there does not read
	silent      bool // nothing arrives here any more, and nobody is told
	scheduled   bool // a delivery is in the queue
	lastAt      int64
	heard       int64 // when something last arrived
	head        int
	queue       []message
	splitter    protocol.Splitter
}

// connection is a stream in each direction between two processes.
type connection struct {
	id   uint64
	ends [2]end
	wire bool // messages pass as bytes

	// The acceptor's and the initiator's own names for it.
	conn       kafka.ConnID
	clientConn uint64
	peer       *peer // set when the initiator is a broker

	dialled  bool // the initiator waits for msgAccept
	versions []sentRequest
	sentHead int
}

// sentRequest is a request whose response is awaited.
type sentRequest struct {
	ref           kafka.Ref // brokers'
	at            int64     // when it was sent
	correlationID int32
	key, version  int16
}

// pop takes the next message that travels towards an end.
func (e *end) pop() message {
	m := e.queue[e.head]
	e.queue[e.head] = message{}
	e.head++
	if e.head == len(e.queue) {
		e.queue, e.head = e.queue[:0], 0
	}
	return m
}

func (e *end) empty() bool { return e.head == len(e.queue) }

func (e *end) clear() {
	clear(e.queue)
	e.queue, e.head = e.queue[:0], 0
}

// await remembers a request that was sent.
func (c *connection) await(s sentRequest) { c.versions = append(c.versions, s) }

// answered finds the oldest request that waits; responses come in order.
func (c *connection) answered() (sentRequest, bool) {
	if c.sentHead == len(c.versions) {
		return sentRequest{}, false
	}
	s := c.versions[c.sentHead]
	c.sentHead++
	if c.sentHead == len(c.versions) {
		c.versions, c.sentHead = c.versions[:0], 0
	}
	return s, true
}

// waiting tells how many requests wait for their response.
func (c *connection) waiting() int { return len(c.versions) - c.sentHead }
