package client

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// Client is one client process. Make one with New; a restarted process is a
// new one.
type Client struct {
	config  Config
	caps    [len(spoken)]int16
	rand    kafka.Rand
	now     kafka.Now
	started bool
	stopped bool
	open    int // operations that await their outcome

	conns     []*conn
	nextConn  Conn
	brokers   []endpoint // as the metadata names them, by rising ID
	bootstrap []endpoint
	requests  []*request // a free list

	topics     []*topic
	controller kafka.BrokerID
	metadata   refresh

	producer producer
	consumer consumer
	admin    admin

	member       member
	offsets      offsets
	coordinators []*coordinator

	slab     slab
	unpacked []byte // memory of the last decompression

	wake    kafka.Instant
	hasWake bool
}

// New returns a client that does nothing until Start.
func New(config Config) *Client {
	if config.Producer.Idempotent {
		config.Producer.Acks = -1
	}
	c := &Client{config: config, rand: kafka.NewRand(config.Seed), controller: kafka.NoBroker}
	c.caps = capVersions(config.Versions)
	for _, a := range config.Bootstrap {
		c.bootstrap = append(c.bootstrap, endpoint{id: kafka.NoBroker, address: a})
	}
	c.producer.id = kafka.NoProducerID
	c.member.generation = NoGeneration
	return c
}

// Step is the only way to change a client. See core/doc.go.
func (c *Client) Step(now kafka.Now, in Input, out *Effects) {
	c.now = now
	out.Watch.Fatal = c.config.Fatal
	switch in := in.(type) {
	case *Start:
		c.started = true
	case *Tick:
	case *Connected:
		c.connected(in.Conn, out)
	case *Disconnected:
		c.disconnected(in.Conn, out)
	case *Response:
		c.response(in, out)
	case *Outlived:
		c.outlived(in)
	case *Stop:
		c.stop(out)
	default:
		c.command(in, out)
	}
	if c.started && !c.stopped {
		c.advance(out)
	}
}

// command takes an operation of the workload.
func (c *Client) command(in Input, out *Effects) {
	c.open++
	if c.stopped {
		c.refuse(in, out)
		return
	}
	switch in := in.(type) {
	case *Produce:
		c.produce(in, out)
	case *Flush:
		c.flush(in)
	case *Assign:
		c.assign(in, out)
	case *Unassign:
		c.unassign(in, out)
	case *Poll:
		c.poll(in)
	case *Subscribe:
		c.subscribe(in, out)
	case *Leave:
		c.leave(in, out)
	case *Commit:
		c.commit(in, out)
	case *FetchCommitted:
		c.fetchCommitted(in)
	default:
		c.administer(in)
	}
}

// advance does everything whose time has come, and finds out when the next
// thing is due. It is the same after every input, so that nothing depends on
// which input came first.
func (c *Client) advance(out *Effects) {
	c.hasWake = false
	c.checkTimeouts(out)
	c.refreshMetadata(out)
	c.advanceProducer(out)
	c.advanceGroup(out)
	c.advanceConsumer(out)
	c.advanceAdmin(out)
}

// wakeAt asks for a Tick at t, which is ahead.
func (c *Client) wakeAt(t kafka.Instant) {
	must.True(t > c.now.Mono, "a client asks for a tick that is due")
	if !c.hasWake || t < c.wake {
		c.wake, c.hasWake = t, true
	}
}

// due tells whether an instant has come, and asks for a Tick if it has not.
func (c *Client) due(t kafka.Instant) bool {
	if t <= c.now.Mono {
		return true
	}
	c.wakeAt(t)
	return false
}

// Deadline says when the client next wants a Tick; false: only when something
// else happens.
func (c *Client) Deadline() (kafka.Instant, bool) {
	return c.wake, c.hasWake && !c.stopped
}

// Idle tells whether no operation awaits its outcome.
func (c *Client) Idle() bool { return c.open == 0 }

// backoff is how long to wait after so many failures in a row, with jitter of
// a fifth either way.
func (c *Client) backoff(base kafka.Duration, failures int) kafka.Duration {
	d := base << min(failures, 20)
	if d > c.config.Limits.RetryBackoffMax || d < base {
		d = max(base, c.config.Limits.RetryBackoffMax)
	}
	return d - d/5 + kafka.Duration(c.rand.Uint64()%uint64(2*d/5+1))
}

// done begins the answer to an operation; every operation gets one (C4).
func (c *Client) done(op OpID, outcome Outcome, out *Effects) *Done {
	c.open--
	out.Dones = append(out.Dones, Done{
		Op: op, Outcome: outcome,
		Offset: kafka.NoOffset, Timestamp: kafka.NoTimestamp, LogStartOffset: kafka.NoOffset,
		LeaderEpoch: kafka.NoLeaderEpoch, AskedEpoch: kafka.NoLeaderEpoch, Broker: kafka.NoBroker,
		ProducerID: kafka.NoProducerID, ProducerEpoch: kafka.NoProducerEpoch, Sequence: kafka.NoSequence,
		PartitionCount: -1, Generation: NoGeneration,
	})
	return &out.Dones[len(out.Dones)-1]
}

// stop ends everything with what is known of it.
func (c *Client) stop(out *Effects) {
	if c.stopped {
		return
	}
	c.stopped = true
	c.stopProducer(out)
	c.stopGroup(out)
	c.stopConsumer(out)
	c.stopAdmin(out)
	for _, n := range c.conns {
		out.Closes = append(out.Closes, n.id)
	}
	c.conns = nil
	c.hasWake = false
}

// refuse answers a command that came after Stop: nothing was sent.
func (c *Client) refuse(in Input, out *Effects) {
	var op OpID
	switch in := in.(type) {
	case *Produce:
		op = in.Op
	case *Flush:
		op = in.Op
	case *Assign:
		op = in.Op
	case *Unassign:
		op = in.Op
	case *Poll:
		op = in.Op
	case *Subscribe:
		op = in.Op
	case *Leave:
		op = in.Op
	case *Commit:
		op = in.Op
	case *FetchCommitted:
		op = in.Op
	default:
		op = adminOpID(in)
	}
	c.done(op, Fail, out).Reason = ReasonStopped
}
