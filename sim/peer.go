package sim

import (
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// peer is a broker's way to another one: a connection and what waits for it.
type peer struct {
	from *brokerHost
	to   *host
	conn *connection
	wait []peerSend // until the connection is open
	next int32      // correlation ID
}

type peerSend struct {
	ref          kafka.Ref
	key, version int16
	body         protocol.Body
}

// Long polls have a connection of their own, so that nothing waits behind them.
const (
	generalPurpose = iota
	fetchPurpose
	purposes
)

// sendPeer sends a request to another broker.
func (w *World) sendPeer(b *brokerHost, s *broker.Send) {
	d := &w.trace.current
	d.add2(uint64(s.Ref)<<16^uint64(uint16(s.Key)), uint64(uint32(s.To))<<16^uint64(uint16(s.Version)))
	w.digestRequest(s.Body, s.Version)
	if w.trace.on() {
		w.trace.say("send")
		w.trace.number("to", int64(s.To))
		w.trace.number("key", int64(s.Key))
	}
	to := w.brokerNamed(s.Host)
	if to == nil {
		w.schedule(b.host, w.now, evPeerLost, uint64(s.Ref), 0)
		return
	}
	p := b.peer(to, s.Key)
	send := peerSend{ref: s.Ref, key: s.Key, version: s.Version, body: protocol.Carry(s.Body, s.Version, &w.free)}
	switch {
	case p.conn == nil:
		p.conn = w.dial(b.host, to)
		p.conn.peer = p
		p.wait = append(p.wait, send)
	case p.conn.dialled:
		p.wait = append(p.wait, send)
	default:
		w.peerWrite(p, &send)
	}
}

// peer finds the way to a host for an API.
func (b *brokerHost) peer(to *host, key int16) *peer {
	purpose := generalPurpose
	if key == protocol.KeyFetch {
		purpose = fetchPurpose
	}
	i := to.node*purposes + purpose
	for len(b.peers) <= i {
		b.peers = append(b.peers, nil)
	}
	if b.peers[i] == nil {
		b.peers[i] = &peer{from: b, to: to}
	}
	return b.peers[i]
}

// brokerNamed finds a broker's host by the name that it advertises.
func (w *World) brokerNamed(name string) *host {
	for _, h := range w.hosts[1 : w.config.Brokers+1] {
		if h.name == name {
			return h
		}
	}
	return nil
}

func (w *World) peerWrite(p *peer, s *peerSend) {
	p.next++
	c := p.conn
	c.await(sentRequest{ref: s.ref, at: w.now, correlationID: p.next, key: s.key, version: s.version})
	if c.waiting() == 1 {
		w.schedule(p.from.host, w.now+w.config.Network.Timeout, evPeerLate, c.id, 0)
	}
	w.holdBack(c, s.key)
	w.sendRequest(c, s.key, s.version, p.next, p.from.host.name, s.body)
}

// peerConnected sends what waited.
func (w *World) peerConnected(c *connection) {
	p := c.peer
	for i := range p.wait {
		w.peerWrite(p, &p.wait[i])
	}
	clear(p.wait)
	p.wait = p.wait[:0]
}

// peerReply gives a broker the answer to one of its requests.
func (w *World) peerReply(c *connection, correlationID int32, body protocol.Body) {
	s, ok := c.answered()
	if !ok || s.correlationID != correlationID {
		w.fail(c.ends[initiator].host.node, "a response that answers no request, or in another order")
		return
	}
	if c.waiting() > 0 {
		// What was sent behind a request that was held back may be overdue by now.
		w.schedule(c.peer.from.host, max(w.now, c.versions[c.sentHead].at+w.config.Network.Timeout), evPeerLate, c.id, 0)
	}
	b := c.peer.from
	b.in.peer = broker.PeerReply{Ref: s.ref, Body: body}
	w.stepBroker(b, &b.in.peer)
	b.in.peer.Body = nil
	w.free.Put(body)
}

// peerLost answers a request to a host that does not exist.
func (w *World) peerLost(b *brokerHost, ref uint64) {
	b.in.peer = broker.PeerReply{Ref: kafka.Ref(ref)}
	w.stepBroker(b, &b.in.peer)
}

// peerLate gives a connection up whose oldest request waits for too long.
func (w *World) peerLate(id uint64) {
	c := w.net.connections[id]
	if c == nil || c.waiting() == 0 || !c.ends[initiator].open ||
		c.versions[c.sentHead].at+w.config.Network.Timeout > w.now {
		return
	}
	w.giveUp(c)
}

// giveUp closes a connection from the initiator's end and tells its process.
func (w *World) giveUp(c *connection) {
	e := &c.ends[initiator]
	if !e.open {
		return
	}
	e.open = false
	w.travel(c, acceptor, message{kind: msgClose}, 0)
	if c.peer != nil {
		w.peerGone(c)
	} else {
		w.clientDisconnected(e.host.client, c)
	}
	w.retire(c)
}

// peerGone answers everything that was under way on a connection with nothing.
func (w *World) peerGone(c *connection) {
	p := c.peer
	if p.conn == c {
		p.conn = nil
	}
	var refs []kafka.Ref
	for {
		s, ok := c.answered()
		if !ok {
			break
		}
		refs = append(refs, s.ref)
	}
	if c.dialled {
		for i := range p.wait {
			refs = append(refs, p.wait[i].ref)
		}
		clear(p.wait)
		p.wait = p.wait[:0]
	}
	for _, ref := range refs {
		if !p.from.host.alive(c.ends[initiator].incarnation) {
			return
		}
		p.from.in.peer = broker.PeerReply{Ref: ref}
		w.stepBroker(p.from, &p.from.in.peer)
	}
}
