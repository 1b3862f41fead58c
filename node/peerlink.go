package node

import (
	"bufio"
	"context"
	"net"
	"time"

	"trialog/core/protocol"
)

// peerLink is the connection to one peer for one purpose. One goroutine dials
// and writes, and while a connection lasts another reads.
type peerLink struct {
	linkKey
	peers *peers
	queue chan *peerRequest
}

func newPeerLink(p *peers, key linkKey) *peerLink {
	return &peerLink{linkKey: key, peers: p, queue: make(chan *peerRequest, peerQueue)}
}

// run carries out requests until the node ends, or none has come for long.
func (l *peerLink) run() {
	idle := time.NewTimer(peerIdle)
	defer idle.Stop()
	wait := backoff.first
	for {
		idle.Reset(peerIdle)
		var r *peerRequest
		select {
		case r = <-l.queue:
		case <-idle.C:
			if l.peers.retire(l) {
				return
			}
			continue
		case <-l.peers.ctx.Done():
			return
		}
		socket, err := l.peers.dial(l.linkKey)
		if err != nil {
			l.unreachable(err)
			l.peers.answer(r, nil)
			if !l.rest(wait) {
				return
			}
			wait = min(2*wait, backoff.last)
			continue
		}
		wait = backoff.first
		l.converse(socket, r)
	}
}

// unreachable logs that a peer could not be reached, now and then.
func (l *peerLink) unreachable(err error) {
	if l.peers.ctx.Err() == nil && l.peers.notes.admit(l.peer) {
		l.peers.log.Warn("another broker cannot be reached", "broker", l.peer, "address", l.address, "error", err)
	}
}

// rest waits before the next attempt; false when the node ends. Requests that
// come meanwhile wait as well: whoever sent them would only ask again.
func (l *peerLink) rest(wait time.Duration) bool {
	select {
	case <-time.After(wait):
		return true
	case <-l.peers.ctx.Done():
		return false
	}
}

// converse sends requests over a connection, first among them, and lets their
// answers be read, until the connection breaks or has had nothing to do for long.
func (l *peerLink) converse(socket net.Conn, first *peerRequest) {
	flight := make(chan *peerRequest, peerInFlight)
	ctx, broken := context.WithCancel(l.peers.ctx)
	defer broken()
	defer context.AfterFunc(ctx, func() { socket.Close() })()
	read := make(chan struct{})
	go func() {
		defer close(read)
		l.read(socket, flight, broken)
	}()
	l.write(ctx, socket, flight, first)
	close(flight)
	<-read
	socket.Close()
}

// write sends requests until the connection is broken or idle. Each goes into
// flight first, so that whatever happens somebody answers it.
func (l *peerLink) write(ctx context.Context, socket net.Conn, flight chan<- *peerRequest, r *peerRequest) {
	idle := time.NewTimer(peerIdle)
	defer idle.Stop()
	for {
		r.sent = time.Now()
		select {
		case flight <- r:
		case <-ctx.Done():
			l.peers.answer(r, nil)
			return
		}
		if err := socket.SetWriteDeadline(r.sent.Add(l.purpose.patience())); err != nil {
			socket.Close()
			return
		}
		if _, err := socket.Write(r.frame); err != nil {
			socket.Close() // the reader notices, and answers
			return
		}
		r.frame = nil
		idle.Reset(peerIdle)
		select {
		case r = <-l.queue:
		case <-idle.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// read takes answers in order until flight is closed. Once one fails, so do
// all behind it, and the writer is told.
func (l *peerLink) read(socket net.Conn, flight <-chan *peerRequest, broken func()) {
	in := bufio.NewReaderSize(socket, 64<<10)
	whole := true
	for r := range flight {
		var body protocol.Body
		if whole {
			body = l.receive(socket, in, r)
		}
		if body == nil && whole {
			whole = false
			broken()
		}
		l.peers.answer(r, body)
	}
}

// receive reads the answer to a request; nil when it does not come.
func (l *peerLink) receive(socket net.Conn, in *bufio.Reader, r *peerRequest) protocol.Body {
	if err := socket.SetReadDeadline(r.sent.Add(l.purpose.patience())); err != nil {
		return nil
	}
	frame, err := protocol.ReadFrame(in, l.peers.maxFrame)
	if err != nil {
		return nil
	}
	return answerTo(r, frame)
}

// answerTo decodes a reply; nil when it does not answer r.
func answerTo(r *peerRequest, frame []byte) protocol.Body {
	number, body, code := protocol.DecodeResponse(frame, r.key, r.version, nil)
	if number != r.number || !code.OK() {
		return nil
	}
	return body
}
