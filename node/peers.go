package node

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"time"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/node/peering"
)

// Bounds of a connection to another broker.
const (
	peerDialTimeout = 3 * time.Second
	peerQueue       = 1024            // requests of one link that are not on the wire
	peerInFlight    = 16              // requests of one link that are, and not answered
	peerIdle        = 5 * time.Minute // a link without a request for so long is closed
)

// backoff is how long a link waits before it dials again: doubled with each
// failure (reconnect.backoff.ms and .max.ms of Kafka).
var backoff = struct{ first, last time.Duration }{50 * time.Millisecond, time.Second}

// purpose says what a connection to another broker is for. What may take long
// holds back only its own kind.
type purpose uint8

const (
	forSession   purpose = iota // registration, heartbeats, producer IDs
	forReplicas                 // fetches of followers, and what belongs to them
	forDecisions                // what the controller decides for us and for clients
)

// purposeOf sorts requests by API key.
func purposeOf(key int16) purpose {
	switch key {
	case protocol.KeyBrokerRegistration, protocol.KeyBrokerHeartbeat, protocol.KeyAllocateProducerIDs:
		return forSession
	case protocol.KeyFetch, protocol.KeyOffsetForLeaderEpoch, protocol.KeyListOffsets:
		return forReplicas
	}
	return forDecisions
}

// patience is how long an answer may take. A heartbeat that has not been
// answered for longer than a session lasts is not worth waiting for.
func (p purpose) patience() time.Duration {
	if p == forSession {
		return 5 * time.Second
	}
	return 30 * time.Second
}

// peers are the connections to other brokers, one per address and purpose.
// Requests of one link are sent and answered in order. Whatever goes wrong,
// every request gets a PeerReply, without a body when nobody knows what became
// of it.
type peers struct {
	inbox    *inbox
	log      *slog.Logger
	notes    noteLimit
	self     string // logical name
	secret   string
	clientID string
	maxFrame int32

	ctx     context.Context
	cancel  context.CancelFunc
	mu      sync.Mutex
	closed  bool
	links   map[linkKey]*peerLink
	running sync.WaitGroup
}

// linkKey tells links apart.
type linkKey struct {
	peer    string // logical name
	address string // host:port
	purpose purpose
}

// peerRequest is a request as it was when the broker sent it: encoded, since
// the broker uses its memory again.
type peerRequest struct {
	ref     kafka.Ref
	key     int16
	version int16
	number  int32 // correlation ID
	frame   []byte
	sent    time.Time
}

func newPeers(in *inbox, nodeID int32, secret string, maxFrame int32, log *slog.Logger) *peers {
	ctx, cancel := context.WithCancel(context.Background())
	return &peers{
		inbox: in, log: log, self: logicalName(nodeID), secret: secret,
		clientID: "broker-" + strconv.Itoa(int(nodeID)), maxFrame: maxFrame,
		ctx: ctx, cancel: cancel, links: make(map[linkKey]*peerLink),
	}
}

// logicalName is what nodes call one another, whatever their addresses.
func logicalName[T ~int32](id T) string { return fmt.Sprintf("node-%d", id) }

// send queues a request. It does not wait: a queue that is full loses it.
func (p *peers) send(s *broker.Send) {
	key := linkKey{
		peer: logicalName(s.To), address: net.JoinHostPort(s.Host, strconv.Itoa(int(s.Port))), purpose: purposeOf(s.Key),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	l := p.links[key]
	if l == nil {
		l = newPeerLink(p, key)
		p.links[key] = l
		p.running.Go(l.run)
	}
	number := int32(uint64(s.Ref))
	r := &peerRequest{ref: s.Ref, key: s.Key, version: s.Version, number: number}
	r.frame = protocol.AppendRequest(nil, s.Key, s.Version, number, p.clientID, s.Body)
	select {
	case l.queue <- r:
	default:
		p.running.Go(func() { p.answer(r, nil) })
	}
}

// answer tells the broker what became of a request; no body: nobody knows.
func (p *peers) answer(r *peerRequest, body protocol.Body) {
	p.inbox.put(&broker.PeerReply{Ref: r.ref, Body: body})
}

// retire forgets a link that has nothing to do; false when there is something.
func (p *peers) retire(l *peerLink) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(l.queue) > 0 {
		return false
	}
	delete(p.links, l.linkKey)
	return true
}

// dial connects to a peer and proves that this node belongs to its cluster.
func (p *peers) dial(key linkKey) (net.Conn, error) {
	d := net.Dialer{Timeout: peerDialTimeout}
	socket, err := d.DialContext(p.ctx, "tcp", key.address)
	if err != nil {
		return nil, err
	}
	if err := peering.Open(socket, peering.Call{Self: p.self, Peer: key.peer, Purpose: peering.ForBroker}, p.secret); err != nil {
		socket.Close()
		return nil, err
	}
	return socket, nil
}

// close ends every connection.
func (p *peers) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.cancel()
	p.running.Wait()
}
