package sim

import (
	"trialog/core/protocol"
	"trialog/sim/choice"
)

// link is what lies between two hosts, in one direction.
type link struct {
	draw *choice.Stream
	cuts int   // how many faults cut it
	slow int64 // how much longer everything takes
}

// network is all links and connections.
type network struct {
	links []link // by from*hosts+to
	hosts int
	// connections by identifier, which is never used twice; closed ones are nil.
	connections []*connection
	live        []*connection // the open ones, in no meaning order but a fixed one
	free        []*connection
}

func (w *World) link(from, to *host) *link { return &w.net.links[from.node*w.net.hosts+to.node] }

// linkFlight draws how long a message takes.
func (w *World) flight(l *link) int64 {
	n := &w.config.Network
	d := l.draw.Between(choice.LinkDelay, n.DelayMin, n.DelayMin+n.DelayJitter) + l.slow
	if n.SpikePpm > 0 && l.draw.Chance(choice.LinkSpike, n.SpikePpm) {
		d += l.draw.Between(choice.LinkSpike, 0, n.SpikeMax)
	}
	return d
}

// dial begins a connection between two hosts.
func (w *World) dial(from, to *host) *connection {
	var c *connection
	if n := len(w.net.free); n > 0 {
		c = w.net.free[n-1]
		w.net.free = w.net.free[:n-1]
	} else {
		c = &connection{}
	}
	c.id = uint64(len(w.net.connections))
	c.ends[initiator].host, c.ends[acceptor].host = from, to
	c.ends[initiator].incarnation, c.ends[initiator].open = from.incarnation, true
	c.ends[initiator].heard, c.ends[acceptor].heard = w.now, w.now
	c.wire = w.world.Chance(choice.SwarmWire, w.config.WirePercent*10_000)
	if c.wire {
		c.ends[initiator].splitter = protocol.NewSplitter(protocol.DefaultMaxFrameBytes)
		c.ends[acceptor].splitter = protocol.NewSplitter(protocol.DefaultMaxFrameBytes)
	}
	c.dialled = true
	w.net.connections = append(w.net.connections, c)
	w.net.live = append(w.net.live, c)
	w.travel(c, acceptor, message{kind: msgOpen}, w.config.Network.Connect)
	w.scheduleWorld(from.node, w.now+w.config.Network.Timeout, evDialLost, c.id, 0)
	return c
}

// travel puts a message on its way to an end.
func (w *World) travel(c *connection, to int, m message, extra int64) {
	e := &c.ends[to]
	if e.silent {
		return
	}
	l := w.link(c.ends[1-to].host, e.host)
	m.at = max(w.now+w.flight(l)+extra, e.lastAt)
	e.lastAt = m.at
	e.queue = append(e.queue, m)
	w.messages++
	w.pump(c, to)
}

// pump schedules the delivery of the head of what travels to an end.
func (w *World) pump(c *connection, to int) {
	e := &c.ends[to]
	if e.scheduled || e.empty() || e.muted || e.silent || w.link(c.ends[1-to].host, e.host).cuts > 0 {
		return
	}
	e.scheduled = true
	w.scheduleWorld(e.host.node, max(w.now, e.queue[e.head].at), evDeliver, c.id, uint64(to))
}

// deliver hands the head of a stream to the process at its end.
func (w *World) deliver(id uint64, to int) {
	c := w.net.connections[id]
	if c == nil {
		return
	}
	e := &c.ends[to]
	e.scheduled = false
	if e.silent || e.muted || e.empty() || w.link(c.ends[1-to].host, e.host).cuts > 0 {
		return
	}
	h := e.host
	if h.paused {
		h.parked = append(h.parked, event{kind: evDeliver, node: uint16(h.node), a: id, b: uint64(to)})
		e.scheduled = true
		return
	}
	m := e.pop()
	e.heard = w.now
	w.trace.current.add2(id<<8|uint64(m.kind), uint64(uint16(m.key))<<32|uint64(uint32(m.correlationID)))
	switch {
	case !h.up:
		// Nobody is there, and nobody says so.
	case m.kind == msgOpen:
		w.open(c)
	case !e.open || !h.alive(e.incarnation):
		if m.kind != msgClose {
			w.travel(c, 1-to, message{kind: msgClose}, 0) // a reset
		}
	case m.kind == msgClose:
		w.ended(c, to)
	default:
		w.arrive(c, to, &m)
	}
	if w.net.connections[id] == c {
		w.pump(c, to)
	}
}

// open answers an attempt to connect.
func (w *World) open(c *connection) {
	h := c.ends[acceptor].host
	if !h.running || h.broker == nil || !w.accept(h.broker, c) {
		w.travel(c, initiator, message{kind: msgClose}, 0)
		return
	}
	c.ends[acceptor].open, c.ends[acceptor].incarnation = true, h.incarnation
	w.travel(c, initiator, message{kind: msgAccept}, 0)
	w.armIdle(c)
}

// ended tells the process at an end that the other has gone.
func (w *World) ended(c *connection, at int) {
	e := &c.ends[at]
	if !e.open {
		return
	}
	e.open = false
	switch {
	case at == acceptor:
		w.connectionClosed(e.host.broker, c)
	case c.peer != nil:
		w.peerGone(c)
	default:
		w.clientDisconnected(e.host.client, c)
	}
	w.retire(c)
}

// shut closes a connection from one end: what was sent before still arrives.
func (w *World) shut(c *connection, from int) {
	e := &c.ends[from]
	if !e.open {
		return
	}
	e.open = false
	w.travel(c, 1-from, message{kind: msgClose}, 0)
	w.retire(c)
}

// retire forgets a connection that neither end holds open.
func (w *World) retire(c *connection) {
	if c.ends[initiator].open || c.ends[acceptor].open || c.dialled && !c.ends[acceptor].empty() {
		return
	}
	w.net.connections[c.id] = nil
	for i, o := range w.net.live {
		if o == c {
			w.net.live = append(w.net.live[:i], w.net.live[i+1:]...)
			break
		}
	}
	for i := range c.ends {
		e := &c.ends[i]
		e.clear()
		*e = end{queue: e.queue}
	}
	*c = connection{ends: c.ends, versions: c.versions[:0]}
	w.net.free = append(w.net.free, c)
}

// reset ends a connection at both ends at once, and loses what travels.
func (w *World) reset(c *connection) {
	for at := range c.ends {
		c.ends[at].clear()
	}
	for at := range c.ends {
		if e := &c.ends[at]; e.open && e.host.alive(e.incarnation) && !e.silent {
			w.travel(c, at, message{kind: msgClose}, 0)
		}
	}
}

// dropHost does with a host's connections what the end of its process does.
// A killed process' kernel says goodbye; a host without power says nothing.
func (w *World) dropHost(h *host, goodbye bool) {
	live := append([]*connection(nil), w.net.live...)
	for _, c := range live {
		for at := range c.ends {
			e := &c.ends[at]
			if e.host != h || !e.open {
				continue
			}
			if goodbye {
				w.shut(c, at)
			} else {
				e.open = false
				w.retire(c)
			}
		}
	}
}

// mend delivers what waited for a link.
func (w *World) mend(from, to *host) {
	for _, c := range w.net.live {
		for at := range c.ends {
			if c.ends[at].host == to && c.ends[1-at].host == from {
				w.pump(c, at)
			}
		}
	}
}

// dialLost tells an initiator that nobody answered.
func (w *World) dialLost(id uint64) {
	if c := w.net.connections[id]; c != nil && c.dialled && c.ends[initiator].open {
		w.giveUp(c)
	}
}

// idleTimeouts is how many network timeouts a silent connection lives at its
// acceptor.
const idleTimeouts = 8

// armIdle watches a connection for silence.
func (w *World) armIdle(c *connection) {
	e := &c.ends[acceptor]
	w.scheduleWorld(e.host.node, e.heard+idleTimeouts*w.config.Network.Timeout, evIdleConn, c.id, 0)
}

// idleConnection closes a connection on which nothing was heard for long: its
// other end may have gone without a word.
func (w *World) idleConnection(id uint64) {
	c := w.net.connections[id]
	if c == nil || !c.ends[acceptor].open {
		return
	}
	e := &c.ends[acceptor]
	if e.heard+idleTimeouts*w.config.Network.Timeout > w.now {
		w.armIdle(c)
		return
	}
	e.open = false
	w.travel(c, initiator, message{kind: msgClose}, 0)
	w.connectionClosed(e.host.broker, c)
	w.retire(c)
}
