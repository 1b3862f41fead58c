package client

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// role separates the traffic of one process onto connections of its own, as
// separate clients of a library would: a broker serves one request of a
// connection at a time, and a long poll must not hold up a produce.
type role uint8

const (
	roleMeta role = iota // metadata, administration, offsets, producer IDs
	roleProduce
	roleFetch
	roleGroup // a group's coordinator
)

type connState uint8

const (
	dialing connState = iota
	negotiating
	ready
)

// conn is one connection, or the attempt at one.
type conn struct {
	id          Conn
	broker      kafka.BrokerID // NoBroker: to a bootstrap address
	address     Address
	role        role
	state       connState
	dialled     kafka.Instant
	correlation int32
	underway    []*request // in the order sent, which is the order of answers
	versions    [len(spoken)]int16
	mutedUntil  kafka.Instant // throttled by the broker
}

// endpoint is an address to dial, and how that went lately.
type endpoint struct {
	id       kafka.BrokerID
	address  Address
	failures int
	retryAt  kafka.Instant
}

// connTo returns a connection to a broker that is ready for a request, or nil
// while there is none; it dials when that makes sense.
func (c *Client) connTo(id kafka.BrokerID, r role, out *Effects) *conn {
	for _, n := range c.conns {
		if n.broker == id && n.role == r {
			if n.state == ready && c.due(n.mutedUntil) {
				return n
			}
			return nil
		}
	}
	for i := range c.brokers {
		if e := &c.brokers[i]; e.id == id {
			if c.due(e.retryAt) {
				c.dial(e, r, out)
			}
			return nil
		}
	}
	c.metadata.stale = true // a leader that no broker's address is known for
	return nil
}

// anyConn returns a connection to whichever broker, for what every broker can
// answer; nil while there is none.
func (c *Client) anyConn(out *Effects) *conn {
	var best *conn
	pending := false
	for _, n := range c.conns {
		if n.role != roleMeta {
			continue
		}
		if n.state != ready {
			pending = true
		} else if best == nil || len(n.underway) < len(best.underway) {
			best = n
		}
	}
	if best != nil {
		if len(best.underway) < int(c.config.Limits.InFlight) && c.due(best.mutedUntil) {
			return best
		}
		return nil
	}
	if !pending {
		c.dialAny(out)
	}
	return nil
}

// dialAny dials a known broker, or a bootstrap address when none can be had.
func (c *Client) dialAny(out *Effects) {
	for _, list := range [2][]endpoint{c.brokers, c.bootstrap} {
		if len(list) == 0 {
			continue
		}
		start := int(c.rand.Uint64() % uint64(len(list)))
		for i := range list {
			if e := &list[(start+i)%len(list)]; e.retryAt <= c.now.Mono {
				c.dial(e, roleMeta, out)
				return
			}
		}
	}
	for i := range c.brokers {
		c.wakeAt(c.brokers[i].retryAt)
	}
	for i := range c.bootstrap {
		c.wakeAt(c.bootstrap[i].retryAt)
	}
}

func (c *Client) dial(e *endpoint, r role, out *Effects) {
	c.nextConn++
	n := &conn{id: c.nextConn, broker: e.id, address: e.address, role: r, dialled: c.now.Mono}
	c.conns = append(c.conns, n)
	out.Dials = append(out.Dials, Dial{Conn: n.id, Host: e.address.Host, Port: e.address.Port})
	c.wakeAt(c.now.Mono.Add(c.config.Limits.DialTimeout))
}

func (c *Client) connected(id Conn, out *Effects) {
	if n := c.conn(id); n != nil && n.state == dialing {
		n.state = negotiating
		c.negotiate(n, c.caps[slotApiVersions], out)
	}
}

func (c *Client) disconnected(id Conn, out *Effects) {
	if n := c.conn(id); n != nil {
		c.drop(n, ReasonDisconnected, out)
	}
}

// hangUp closes a connection from our side.
func (c *Client) hangUp(n *conn, why Reason, out *Effects) {
	out.Closes = append(out.Closes, n.id)
	c.drop(n, why, out)
}

// drop forgets a connection. What was under way on it has been carried out or
// not, or may still be, by a broker that goes on reading what it was sent.
func (c *Client) drop(n *conn, why Reason, out *Effects) {
	for i := range c.conns {
		if c.conns[i] == n {
			c.conns = append(c.conns[:i], c.conns[i+1:]...)
			break
		}
	}
	e := c.endpointOf(n)
	if e != nil {
		e.retryAt = c.now.Mono.Add(c.backoff(c.config.Limits.ReconnectBackoff, e.failures))
		e.failures++
	}
	c.metadata.stale = true // the broker may be gone, and its partitions with it
	if n.role == roleFetch {
		c.leaveNearby(n.broker)
	}
	for _, r := range n.underway {
		c.unanswered(n, r, why, out)
		c.release(r)
	}
	n.underway = nil
	c.coordinatorsGone(n)
}

// endpointOf finds where a connection leads; nil once the metadata has
// forgotten the broker.
func (c *Client) endpointOf(n *conn) *endpoint {
	list := c.brokers
	if n.broker == kafka.NoBroker {
		list = c.bootstrap
	}
	for i := range list {
		if list[i].id == n.broker && list[i].address == n.address {
			return &list[i]
		}
	}
	return nil
}

// checkTimeouts ends dials and requests that took too long. Kafka's clients
// give up the connection with the request: the order of answers is lost.
func (c *Client) checkTimeouts(out *Effects) {
	for i := 0; i < len(c.conns); {
		n := c.conns[i]
		var at kafka.Instant
		switch {
		case n.state == dialing:
			at = n.dialled.Add(c.config.Limits.DialTimeout)
		case len(n.underway) > 0:
			at = n.underway[0].deadline
		default:
			i++
			continue
		}
		if c.due(at) {
			c.hangUp(n, ReasonTimeout, out)
		} else {
			i++
		}
	}
}

func (c *Client) conn(id Conn) *conn {
	for _, n := range c.conns {
		if n.id == id {
			return n
		}
	}
	return nil
}

// response takes an answer to the oldest request under way.
func (c *Client) response(in *Response, out *Effects) {
	n := c.conn(in.Conn)
	if n == nil {
		return // hung up meanwhile
	}
	if !out.Watch.Believe(len(n.underway) > 0 && n.underway[0].correlation == in.CorrelationID, must.AnswersInOrder) {
		c.hangUp(n, ReasonMalformed, out)
		return
	}
	r := n.underway[0]
	n.underway = append(n.underway[:0], n.underway[1:]...)
	if in.Body == nil {
		c.unanswered(n, r, ReasonMalformed, out)
		c.release(r)
		c.hangUp(n, ReasonMalformed, out)
		return
	}
	if e := c.endpointOf(n); e != nil {
		e.failures = 0
	}
	c.answered(n, r, in.Body, out)
	c.release(r)
}
