package node

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// How long another broker may take to accept a connection, and to answer.
const (
	peerDialTimeout  = 3 * time.Second
	peerReplyTimeout = 30 * time.Second
	peerQueue        = 1024
)

// peers are the connections to other brokers, one per address. Requests to one
// address are sent and answered in order. Whatever goes wrong, every request
// gets a PeerReply, without a body when nobody knows what became of it.
type peers struct {
	inbox    *inbox
	clientID string
	maxFrame int32

	ctx     context.Context
	cancel  context.CancelFunc
	mu      sync.Mutex
	closed  bool
	links   map[string]*peerLink
	running sync.WaitGroup
}

// peerLink is one address's queue and the connection behind it.
type peerLink struct {
	address string
	queue   chan peerRequest
}

// peerRequest is a request as it was when the broker sent it: encoded, since
// the broker uses its memory again.
type peerRequest struct {
	ref     kafka.Ref
	key     int16
	version int16
	number  int32 // correlation ID
	frame   []byte
}

func newPeers(in *inbox, nodeID int32, maxFrame int32) *peers {
	ctx, cancel := context.WithCancel(context.Background())
	return &peers{
		inbox: in, clientID: "broker-" + strconv.Itoa(int(nodeID)), maxFrame: maxFrame,
		ctx: ctx, cancel: cancel, links: make(map[string]*peerLink),
	}
}

// send queues a request. It does not wait: a queue that is full loses it.
func (p *peers) send(s *broker.Send) {
	address := net.JoinHostPort(s.Host, strconv.Itoa(int(s.Port)))
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	l := p.links[address]
	if l == nil {
		l = &peerLink{address: address, queue: make(chan peerRequest, peerQueue)}
		p.links[address] = l
		p.running.Go(func() { p.serve(l) })
	}
	number := int32(uint64(s.Ref))
	r := peerRequest{ref: s.Ref, key: s.Key, version: s.Version, number: number}
	r.frame = protocol.AppendRequest(nil, s.Key, s.Version, number, p.clientID, s.Body)
	select {
	case l.queue <- r:
	default:
		p.running.Go(func() { p.inbox.put(&broker.PeerReply{Ref: r.ref}) })
	}
}

// serve carries out one address's requests.
func (p *peers) serve(l *peerLink) {
	var socket net.Conn
	var in *bufio.Reader
	defer func() {
		if socket != nil {
			socket.Close()
		}
	}()
	for {
		var r peerRequest
		select {
		case r = <-l.queue:
		case <-p.ctx.Done():
			return
		}
		if socket == nil {
			d := net.Dialer{Timeout: peerDialTimeout}
			s, err := d.DialContext(p.ctx, "tcp", l.address)
			if err != nil {
				p.inbox.put(&broker.PeerReply{Ref: r.ref})
				continue
			}
			socket, in = s, bufio.NewReaderSize(s, 64<<10)
		}
		body := p.exchange(socket, in, &r)
		if body == nil {
			socket.Close()
			socket = nil
		}
		p.inbox.put(&broker.PeerReply{Ref: r.ref, Body: body})
	}
}

// exchange sends a request and reads its reply; nil when either fails.
func (p *peers) exchange(socket net.Conn, in *bufio.Reader, r *peerRequest) protocol.Body {
	if err := socket.SetDeadline(time.Now().Add(peerReplyTimeout)); err != nil {
		return nil
	}
	stop := context.AfterFunc(p.ctx, func() { socket.Close() })
	defer stop()
	if _, err := socket.Write(r.frame); err != nil {
		return nil
	}
	frame, err := protocol.ReadFrame(in, p.maxFrame)
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

// close ends every connection.
func (p *peers) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.running.Wait()
}
