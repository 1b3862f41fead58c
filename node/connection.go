package node

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// readBuffer is small: most connections are idle, and what is larger is read
// past it.
const readBuffer = 8 << 10

// connection is one client's connection: a goroutine that reads requests, and
// one that writes replies (reply.go).
type connection struct {
	id     kafka.ConnID
	node   *Node
	socket net.Conn
	in     *bufio.Reader // what has been read of it already; nil: nothing
	remote string
	host   string // of remote
	peer   bool   // another broker's

	mu       sync.Mutex
	change   sync.Cond // something below changed that the reader waits for
	muted    bool      // the broker wants nothing from it for now
	inFlight int       // requests read whose replies have not been written
	pledged  int64     // bytes that replies to those may come to
	held     int64     // of the node's memory for requests
	closed   bool

	out       outgoing
	free      protocol.FreeList // the reader's
	receiving progress          // of the frame that is being read
	sending   progress          // of the part of a reply that is being written
}

// pledge is what is remembered of a request until its reply is written.
type pledge struct {
	reply int64 // bytes that the reply may come to
	frame int64 // memory that the request holds
	began time.Time
}

func newConnection(n *Node, socket net.Conn) *connection {
	c := &connection{node: n, socket: socket, remote: socket.RemoteAddr().String()}
	c.change.L = &c.mu
	c.out.wake.L = &c.out.mu
	host, _, err := net.SplitHostPort(c.remote)
	if err != nil {
		host = c.remote
	}
	c.host = host
	return c
}

// serve reads requests until the connection ends, and tells the broker of its
// beginning and its end.
func (c *connection) serve(listener string) {
	c.node.inbox.put(&broker.ConnectionOpened{Conn: c.id, Listener: listener, ClientHost: c.host})
	writing := make(chan struct{})
	go func() {
		defer close(writing)
		c.write()
	}()
	if err := c.read(); err != nil && !c.isClosed() {
		c.explain(err)
		if errors.Is(err, errProtocol) && !errors.Is(err, io.ErrUnexpectedEOF) { // it waits, unless it has gone
			c.penalise(0)
		}
	}
	c.close()
	<-writing
	c.node.inbox.put(&broker.ConnectionClosed{Conn: c.id})
	c.node.requests.release(c.held)
	c.out.abandon(c.node.replies)
}

// penalise leaves a connection alone that has wasted the node's time: for the
// penalty pause, or for longer. Its client waits for its answer, or for the end
// of the connection, before it can do more of the same; nobody else waits.
func (c *connection) penalise(longer time.Duration) {
	select {
	case <-time.After(max(longer, c.node.config.Network.PenaltyPause)):
	case <-c.node.ctx.Done():
	}
}

// explain logs why a connection was closed, where that is worth a line.
func (c *connection) explain(err error) {
	var timeout net.Error
	switch {
	case errors.Is(err, io.EOF), errors.As(err, &timeout) && timeout.Timeout():
		c.node.log.Debug("connection closed", "client", c.remote, "reason", err)
	case errors.Is(err, errProtocol):
		c.node.metrics.malformed.Inc()
		if c.node.notes.admit("malformed" + c.host) {
			c.node.log.Warn("connection closed: its bytes are not Kafka's protocol", "client", c.remote, "reason", err)
		}
	default:
		c.node.log.Debug("connection lost", "client", c.remote, "reason", err)
	}
}

// errProtocol marks what a client should not have sent.
var errProtocol = errors.New("malformed request")

// read frames, decodes, checks and delivers requests in their order.
func (c *connection) read() error {
	in := c.in
	if in == nil {
		in = bufio.NewReaderSize(c.socket, readBuffer)
	}
	limits := &c.node.config.Network
	var header protocol.RequestHeader
	for c.mayRead(limits) {
		if err := c.socket.SetReadDeadline(limits.idleUntil(time.Now())); err != nil {
			return err
		}
		prefix, err := in.Peek(protocol.FramePrefixBytes)
		if err != nil {
			if len(prefix) > 0 && errors.Is(err, io.EOF) {
				return fmt.Errorf("%w: %w", errProtocol, io.ErrUnexpectedEOF)
			}
			return err
		}
		size, err := protocol.FrameSize(prefix, int32(limits.RequestMaxBytes))
		if err != nil {
			return fmt.Errorf("%w: %w", errProtocol, err)
		}
		frame, err := c.readFrame(in, size)
		if err != nil || frame == nil {
			return err
		}
		if err := c.deliver(frame, &header); err != nil {
			return err
		}
	}
	return nil
}

// mayRead waits until another request is welcome; false: the connection has ended.
func (c *connection) mayRead(limits *Network) bool {
	if !c.node.replies.take(0) { // not while there are more replies than memory for them
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.closed && (c.muted || c.inFlight >= limits.MaxInFlight || c.pledged >= limits.MaxReplyBytes) {
		c.change.Wait()
	}
	return !c.closed
}

// hold takes memory for a frame from what all connections share.
func (c *connection) hold(size int64) bool {
	if !c.node.requests.take(size) {
		return false
	}
	c.mu.Lock()
	c.held += size
	c.mu.Unlock()
	return true
}

// deliver decodes a frame and hands the request to the broker. Nothing that a
// client sends may end the process: a decoder that panics costs the connection.
func (c *connection) deliver(frame []byte, header *protocol.RequestHeader) (err error) {
	defer func() {
		if r := recover(); r != nil {
			c.node.log.Error("a request could not be read: please report it", "client", c.remote, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("%w: %v", errProtocol, r)
		}
	}()
	rest, err := protocol.DecodeRequestHeader(frame, header)
	if err != nil {
		return fmt.Errorf("%w: %w", errProtocol, err)
	}
	body, code := protocol.DecodeRequestBody(header.Key, header.Version, rest, &c.free)
	p := pledge{frame: int64(len(frame)), began: time.Now()}
	switch b := body.(type) {
	case *protocol.ProduceRequest:
		if wasted := c.node.checks.prepare(b, header.Version); wasted > 0 {
			wasted += time.Duration(len(frame)) // to receive it, at a gigabyte a second
			c.penalise(9 * wasted)              // a tenth of a processor at most
		}
	case *protocol.FetchRequest:
		p.reply = int64(max(0, b.MaxBytes))
	}
	c.expect(p)
	r, _ := c.node.loop.requests.Get().(*broker.Request)
	*r = broker.Request{
		Conn: c.id, Principal: "User:ANONYMOUS", ClientID: header.ClientID,
		Key: header.Key, Version: header.Version, CorrelationID: header.CorrelationID,
		Body: body, Err: code,
	}
	c.node.metrics.requested(header.Key, len(frame))
	if !c.node.inbox.put(r) {
		c.close()
	}
	return nil
}

// expect notes that a reply is due.
func (c *connection) expect(p pledge) {
	c.mu.Lock()
	c.inFlight++
	c.pledged += p.reply
	c.mu.Unlock()
	c.out.expect(p, &c.free)
}

// settle notes that replies are out.
func (c *connection) settle(replies int, sum pledge) {
	c.mu.Lock()
	c.inFlight -= replies
	c.pledged -= sum.reply
	c.held -= sum.frame
	c.mu.Unlock()
	c.change.Signal()
	c.node.requests.release(sum.frame)
}

// mute stops or resumes reading.
func (c *connection) mute(on bool) {
	c.mu.Lock()
	c.muted = on
	c.mu.Unlock()
	c.change.Signal()
}

func (c *connection) isClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// close ends the connection at once; both its goroutines notice.
func (c *connection) close() {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	if first {
		c.change.Broadcast()
		c.out.end()
		c.socket.Close()
	}
}
