package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// connection keeps the order of one connection's requests. They take effect in
// arrival order and are answered in arrival order. A request begins once every
// earlier one has taken effect, so that produce requests overlap and whatever
// waits (a long poll, a commit) holds back only its own connection.
type connection struct {
	id       kafka.ConnID
	listener string
	host     string
	queue    ring[*request]
	begun    int  // how many from the front have begun
	waiting  bool // stands in Broker.toAdvance
	stalled  bool // stands in Broker.stalled: its next request may not begin yet
	muted    bool
	closed   bool
}

func (b *Broker) openConnection(in *ConnectionOpened) {
	if _, there := b.connections[in.Conn]; there {
		return
	}
	b.connections[in.Conn] = &connection{id: in.Conn, listener: in.Listener, host: in.ClientHost}
	b.counters.Connections++
}

// closeConnection forgets a connection. What has begun runs to its end, and its
// reply is dropped; what only reads, or has not begun, is dropped at once. A
// coordinator is told that nobody waits for a Join.
func (b *Broker) closeConnection(id kafka.ConnID) {
	c := b.connections[id]
	if c == nil {
		return
	}
	delete(b.connections, id)
	b.counters.Connections--
	c.closed = true
	for i := range c.queue.len() {
		r := *c.queue.at(i)
		if i >= c.begun {
			r.state = requestDone
		} else if r.state == requestRunning && r.key == keyFetch {
			b.cancelFetch(r)
			r.state = requestDone
		} else if r.state == requestRunning && r.key == keyJoinGroup {
			b.abandonJoin(r)
		}
	}
	c.begun = c.queue.len()
	b.advanceLater(c)
}

// accept queues a request behind the others of its connection.
func (b *Broker) accept(in *Request) {
	c := b.connections[in.Conn]
	if c == nil {
		return // it was closed while the request was on its way
	}
	r := b.requests.take()
	r.conn, r.state = c, requestQueued
	r.key, r.version, r.correlation = in.Key, in.Version, in.CorrelationID
	r.principal, r.clientID, r.tenant = in.Principal, in.ClientID, in.Tenant
	r.body, r.err = in.Body, in.Err
	c.queue.push(r)
	b.counters.Requests++
	if !c.muted && c.queue.len() >= b.limits.ConnectionRequests {
		c.muted = true
		b.out.Mutes = append(b.out.Mutes, Mute{Conn: c.id, On: true})
	}
	b.advanceLater(c)
}

// advanceLater puts a connection on the list that settle works off.
func (b *Broker) advanceLater(c *connection) {
	if !c.waiting {
		c.waiting = true
		b.toAdvance = append(b.toAdvance, c)
	}
}

// advance begins what may begin and sends the replies whose turn it is.
func (b *Broker) advance(c *connection) {
	c.waiting = false
	for c.begun < c.queue.len() {
		if c.begun > 0 {
			if before := *c.queue.at(c.begun - 1); !before.applied && before.state != requestDone {
				break
			}
		}
		r := *c.queue.at(c.begun)
		if !b.mayBegin(r) {
			if !c.stalled {
				c.stalled = true
				b.stalled = append(b.stalled, c)
			}
			break
		}
		c.begun++
		r.state = requestRunning
		b.begin(r)
	}
	for c.queue.len() > 0 && (*c.queue.at(0)).state == requestDone {
		r := c.queue.pop()
		c.begun--
		b.emit(r)
		b.requests.giveBack(r)
	}
	if c.muted && c.queue.len() <= b.limits.ConnectionRequests/2 {
		c.muted = false
		if !c.closed {
			b.out.Mutes = append(b.out.Mutes, Mute{Conn: c.id})
		}
	}
}

// finish ends a running request with reply; nil: nothing goes on the wire.
func (b *Broker) finish(r *request, reply protocol.Body) {
	must.True(r.state == requestRunning, "B1 a request is answered once")
	b.deadlines.remove(r)
	r.state, r.reply = requestDone, reply
	b.advanceLater(r.conn)
}

// emit hands a reply to the driver, and with it the body of the request, which
// the driver may use again.
func (b *Broker) emit(r *request) {
	if r.conn.closed {
		return
	}
	body := r.reply
	if !r.close { // otherwise there are no words for it, and maybe no request to answer
		switch r.key {
		case keyProduce:
			body = b.produceReply(r)
		case keyFetch:
			body = b.fetchReply(r)
		}
		if r.envelope != nil {
			body = r.seal(body)
		}
	}
	b.counters.Replies++
	b.out.Replies = append(b.out.Replies, Reply{
		Conn: r.conn.id, Key: r.key, Version: r.version, CorrelationID: r.correlation,
		Body: body, Request: r.body, Close: r.close,
	})
}

// refuse ends a request that cannot be answered in its own words: the
// connection closes after the replies before it.
func (b *Broker) refuse(r *request) {
	r.close = true
	b.finish(r, nil)
}
