package sim

import (
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// accept takes a connection in.
func (w *World) accept(b *brokerHost, c *connection) bool {
	c.conn = kafka.ConnID(len(b.conns))
	b.conns = append(b.conns, c)
	b.in.opened = broker.ConnectionOpened{Conn: c.conn, Listener: listenerName, ClientHost: c.ends[initiator].host.name}
	w.stepBroker(b, &b.in.opened)
	return b.host.running
}

func (w *World) connectionClosed(b *brokerHost, c *connection) {
	b.conns[uint64(c.conn)] = nil
	b.in.closed.Conn = c.conn
	w.stepBroker(b, &b.in.closed)
}

// reply sends an answer on its way.
func (w *World) reply(b *brokerHost, r *broker.Reply) {
	d := &w.trace.current
	d.add2(uint64(r.Conn)<<20^uint64(uint16(r.Key)), uint64(uint32(r.CorrelationID))<<16^uint64(uint16(r.Version)))
	w.digestBody(r.Body, r.Key, r.Version)
	if w.trace.on() {
		w.trace.say("reply")
		w.trace.number("key", int64(r.Key))
		w.trace.number("correlation", int64(r.CorrelationID))
	}
	var c *connection
	if i := uint64(r.Conn); i < uint64(len(b.conns)) {
		c = b.conns[i]
	}
	if c == nil {
		return
	}
	w.free.Put(r.Request)
	if r.Body != nil {
		w.respond(c, r)
	}
	if r.Close {
		b.conns[uint64(r.Conn)] = nil
		w.shut(c, acceptor)
	}
}

// respond puts a response on the wire.
func (w *World) respond(c *connection, r *broker.Reply) {
	if w.loseResponse(c) {
		return
	}
	if !c.wire {
		w.travel(c, initiator, message{
			kind: msgResponse, key: r.Key, version: r.Version, correlationID: r.CorrelationID,
			body: protocol.Carry(r.Body, r.Version, &w.free),
		}, 0)
		return
	}
	w.scratch = protocol.AppendResponse(w.scratch[:0], r.Key, r.Version, r.CorrelationID, r.Body)
	w.travelBytes(c, initiator, w.scratch)
}

// arrive hands what came on a connection to the process at its end.
func (w *World) arrive(c *connection, at int, m *message) {
	if m.kind == msgBytes {
		w.arriveBytes(c, at, m.bytes)
		return
	}
	switch {
	case m.kind == msgAccept:
		c.dialled = false
		if c.peer != nil {
			w.peerConnected(c)
		} else {
			w.clientConnected(c.ends[initiator].host.client, c)
		}
	case at == acceptor:
		w.request(c, m, kafka.None)
	case c.peer != nil:
		w.peerReply(c, m.correlationID, m.body)
	default:
		w.clientResponse(c.ends[initiator].host.client, c, m.correlationID, m.body)
	}
}

// request gives a decoded request to a broker, its records checked as by a
// connection's reader.
func (w *World) request(c *connection, m *message, code kafka.ErrorCode) {
	b := c.ends[acceptor].host.broker
	if w.nemesis.garbled > 0 && c.peer == nil && m.body != nil {
		// The driver could not decode it: an unknown version, or bytes that are none.
		w.nemesis.garbled--
		w.trace.current.add2(c.id, 4)
		m.body, code = nil, kafka.ErrInvalidRequest
	}
	if p, ok := m.body.(*protocol.ProduceRequest); ok {
		protocol.Prepare(p, m.version, &w.checker)
	}
	if w.trace.on() {
		w.trace.say("request from", m.clientID)
		w.trace.number("key", int64(m.key))
		w.trace.number("correlation", int64(m.correlationID))
	}
	b.in.request = broker.Request{
		Conn: c.conn, Principal: "User:ANONYMOUS", ClientID: m.clientID,
		Key: m.key, Version: m.version, CorrelationID: m.correlationID, Body: m.body, Err: code,
	}
	w.stepBroker(b, &b.in.request)
	b.in.request.Body = nil
}

// mute stops or resumes reading from a connection.
func (w *World) mute(b *brokerHost, m *broker.Mute) {
	w.trace.current.add2(uint64(m.Conn), 3)
	if i := uint64(m.Conn); i < uint64(len(b.conns)) && b.conns[i] != nil {
		c := b.conns[i]
		c.ends[acceptor].muted = m.On
		w.pump(c, acceptor)
	}
}
