package sim

import (
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/sim/choice"
)

// clientMachine is what the host runs: *client.Client, or a test's stand-in.
type clientMachine interface {
	Step(now kafka.Now, in client.Input, out *client.Effects)
	Deadline() (kafka.Instant, bool)
	Invariants() error
}

// ClientHost is a client process as its App sees it.
type ClientHost struct {
	world   *World
	host    *host
	index   int
	draw    *choice.Stream // the application's
	app     App
	machine clientMachine
	core    *client.Client
	in      clientInputs
	wakes   uint64 // the latest WakeAt
	steps   uint64
	change  func(*client.Config) // of the configuration that the next process begins with

	// One Effects is filled while the other is carried out, so that an App may
	// give commands while it is told outcomes.
	outs     [2]client.Effects
	filling  int
	carrying bool
	dying    bool // Restart was called

	conns map[uint64]*connection // by the client's own name; never ranged over
}

type clientInputs struct {
	start        client.Start
	tick         client.Tick
	connected    client.Connected
	disconnected client.Disconnected
	response     client.Response
}

// startClient begins a client process.
func (w *World) startClient(c *ClientHost) {
	spec := &w.config.Clients[c.index]
	config := spec.Client
	if config.ClientID == "" {
		config.ClientID = spec.Name
	}
	if len(config.Bootstrap) == 0 {
		for _, h := range w.hosts[1 : w.config.Brokers+1] {
			config.Bootstrap = append(config.Bootstrap, client.Address{Host: h.name, Port: brokerPort})
		}
	}
	seed := kafka.NewRand(c.host.draw.Choose(choice.EntropySeed, 1<<62))
	config.Seed = seed.Uint64()
	config.Fatal = !w.config.Blind
	if c.change != nil {
		c.change(&config)
	}
	if w.fake.client != nil {
		c.machine = w.fake.client(config)
	} else {
		c.core = client.New(config)
		c.machine = c.core
	}
	c.outs[0].Reset()
	c.outs[1].Reset()
	c.carrying, c.dying = false, false
	c.conns = make(map[uint64]*connection)
	w.tellNode(c.host, NodeStarted, "")
	w.stepClient(c, &c.in.start)
	c.carrying = true // commands gather until the call is over
	c.app.Start(c)
	c.carrying = false
	w.carry(c)
}

// stepClient gives a client one input and carries out what comes of it.
func (w *World) stepClient(c *ClientHost, in client.Input) {
	c.step(in)
	w.carry(c)
}

func (c *ClientHost) step(in client.Input) {
	w := c.world
	w.steps++
	c.steps++
	if every := w.config.CheckEvery; every > 0 && c.steps%uint64(every) == 0 {
		w.walkClient(c)
	}
	c.machine.Step(c.host.clock.now(w.now+w.leaked), in, &c.outs[c.filling])
	if !c.carrying {
		w.carry(c)
	}
	w.arm(c.host)
}

// walkClient checks all invariants of a client.
func (w *World) walkClient(c *ClientHost) {
	if err := c.machine.Invariants(); err != nil {
		w.accuse(c.host.node, err.Error())
	}
}

// carry carries out effects until none are left; outcomes may bring commands.
func (w *World) carry(c *ClientHost) {
	if c.carrying {
		return
	}
	c.carrying = true
	for !c.outs[c.filling].Empty() {
		out := &c.outs[c.filling]
		c.filling = 1 - c.filling
		if out.Watch.Dirty() {
			w.count(&out.Watch)
		}
		for i := range out.Dials {
			w.clientDial(c, &out.Dials[i])
		}
		for i := range out.Sends {
			w.clientSend(c, &out.Sends[i])
		}
		for i := range out.Closes {
			w.clientClose(c, uint64(out.Closes[i]))
		}
		if app, listens := c.app.(Beater); listens {
			for i := range out.Beats {
				app.Beat(c, &out.Beats[i])
			}
		}
		for i := range out.Dones {
			w.done(c, &out.Dones[i])
		}
		out.Reset()
	}
	c.carrying = false
	if c.dying && c.host.running {
		c.dying = false
		w.endProcess(c.host, NodeStopped, "the application gave its client up")
		w.restart(c.host, w.now+c.host.draw.Between(choice.NodeRestart, 10*Millisecond, 200*Millisecond))
	}
}

func (w *World) done(c *ClientHost, d *client.Done) {
	w.digestDone(d)
	if w.trace.on() {
		w.trace.say("done", d.Outcome.String(), d.Reason.String(), d.Err.String(), d.Topic)
		w.trace.number("op", int64(d.Op))
		w.trace.number("partition", int64(d.Partition))
		w.trace.number("offset", int64(d.Offset))
		for i := range d.Fetched {
			f := &d.Fetched[i]
			w.trace.say("fetched", f.Topic, f.Err.String(), f.Reason.String())
			w.trace.number("partition", int64(f.Partition))
			w.trace.number("from", int64(f.From))
			w.trace.number("to", int64(f.To))
			w.trace.number("hw", int64(f.HighWatermark))
		}
		for i := range d.Rebalances {
			r := &d.Rebalances[i]
			w.trace.say("rebalance", r.Kind.String(), r.Topic, r.Member)
			w.trace.number("partition", int64(r.Partition))
			w.trace.number("generation", int64(r.Generation))
			w.trace.number("offset", int64(r.Offset))
		}
		for i := range d.Offsets {
			o := &d.Offsets[i]
			w.trace.say("group-offset", o.Outcome.String(), o.Err.String(), o.Topic)
			w.trace.number("partition", int64(o.Partition))
			w.trace.number("offset", int64(o.Offset))
			w.trace.number("tag", int64(o.Tag))
		}
	}
	c.app.Done(c, d)
}

// digestDone folds an outcome into the trace, records and all.
func (w *World) digestDone(d *client.Done) {
	t := &w.trace.current
	t.add2(uint64(d.Op)<<8^uint64(d.Outcome), uint64(uint16(d.Err))<<8^uint64(d.Reason))
	t.add2(uint64(d.Offset)<<16^uint64(uint32(d.Partition)), uint64(d.Timestamp)^uint64(uint32(d.Attempts))<<48)
	for i := range d.Fetched {
		f := &d.Fetched[i]
		t.add2(uint64(f.From)<<24^uint64(f.To), uint64(f.HighWatermark)<<16^uint64(uint16(f.Err)))
		for j := range f.Records {
			t.add(uint64(f.Records[j].Offset)<<20 ^ uint64(f.Records[j].Timestamp))
		}
		if n := len(f.Records); n > 0 {
			t.bytes(f.Records[n-1].Value)
		}
	}
	for i := range d.Rebalances {
		r := &d.Rebalances[i]
		t.add2(uint64(r.Kind)<<56^uint64(uint32(r.Generation))<<24^uint64(uint32(r.Partition)), uint64(r.Offset))
	}
	for i := range d.Offsets {
		o := &d.Offsets[i]
		t.add2(uint64(o.Offset)<<16^uint64(uint32(o.Partition)), o.Tag<<24^uint64(uint16(o.Err))<<8^uint64(o.Outcome))
	}
}

func (w *World) clientDial(c *ClientHost, d *client.Dial) {
	w.trace.current.add2(uint64(d.Conn), uint64(uint32(d.Port)))
	to := w.brokerNamed(d.Host)
	if to == nil {
		w.fail(c.host.node, "a client dials a host that does not exist: "+d.Host)
		return
	}
	conn := w.dial(c.host, to)
	conn.clientConn = uint64(d.Conn)
	c.conns[conn.clientConn] = conn
}

func (w *World) clientSend(c *ClientHost, s *client.Send) {
	d := &w.trace.current
	d.add2(uint64(s.Conn)<<16^uint64(uint16(s.Key)), uint64(uint32(s.CorrelationID))<<16^uint64(uint16(s.Version)))
	w.digestRequest(s.Body, s.Version)
	if w.trace.on() {
		w.trace.say("send")
		w.trace.number("key", int64(s.Key))
		w.trace.number("correlation", int64(s.CorrelationID))
	}
	conn := c.conns[uint64(s.Conn)]
	if conn == nil || !conn.ends[initiator].open {
		return
	}
	if p, ok := s.Body.(*protocol.ProduceRequest); !ok || p.Acks != 0 {
		conn.await(sentRequest{at: w.now, correlationID: s.CorrelationID, key: s.Key, version: s.Version})
	}
	name := w.config.Clients[c.index].Name
	if conn.wire {
		w.scratch = protocol.AppendRequest(w.scratch[:0], s.Key, s.Version, s.CorrelationID, name, s.Body)
		w.travelBytes(conn, acceptor, w.scratch)
		return
	}
	w.sendRequest(conn, s.Key, s.Version, s.CorrelationID, name, protocol.Carry(s.Body, s.Version, &w.free))
}

func (w *World) clientClose(c *ClientHost, name uint64) {
	w.trace.current.add(name)
	if conn := c.conns[name]; conn != nil {
		delete(c.conns, name)
		w.shut(conn, initiator)
	}
}

func (w *World) clientConnected(c *ClientHost, conn *connection) {
	c.in.connected.Conn = client.Conn(conn.clientConn)
	w.stepClient(c, &c.in.connected)
}

func (w *World) clientDisconnected(c *ClientHost, conn *connection) {
	delete(c.conns, conn.clientConn)
	c.in.disconnected.Conn = client.Conn(conn.clientConn)
	w.stepClient(c, &c.in.disconnected)
}

func (w *World) clientResponse(c *ClientHost, conn *connection, correlationID int32, body protocol.Body) {
	s, ok := conn.answered()
	if !ok || s.correlationID != correlationID {
		w.fail(c.host.node, "a response that answers no request, or in another order")
		return
	}
	c.in.response = client.Response{Conn: client.Conn(conn.clientConn), CorrelationID: correlationID, Body: body}
	w.stepClient(c, &c.in.response)
	c.in.response.Body = nil
	w.free.Put(body)
}

// wake calls the App at an instant it asked for.
func (w *World) wake(c *ClientHost, number uint64) {
	if number != c.wakes {
		return // replaced since
	}
	c.carrying = true // commands gather until the call is over
	c.app.Wake(c)
	c.carrying = false
	w.carry(c)
}
