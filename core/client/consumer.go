package client

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// consumer is what the client reads.
type consumer struct {
	assigned   []*assigned     // in the order of assignment
	sessions   []*fetchSession // one for each broker that was asked
	polls      []poll          // the first is being served
	serial     uint64          // of the newest fetch
	generation uint64          // of the newest assignment
	retryAt    kafka.Instant
	failures   int
}

// poll is a Poll that awaits its answer.
type poll struct {
	op    OpID
	began bool
	wait  kafka.Duration
	until kafka.Instant
	since uint64 // fetches above it were sent for this poll or later ones
	max   int32
}

type assignedState uint8

const (
	finding assignedState = iota // its position is being looked up
	reading
	stopped  // an error ended it, until it is assigned again
	unplaced // given by the group; the application has not seen that yet
	placing  // the group's committed offset is being looked up
)

// assigned is a partition that is read.
type assigned struct {
	topic      *topic
	index      kafka.PartitionIndex
	generation uint64 // answers to fetches of another one are stale
	state      assignedState
	position   kafka.Offset
	epoch      kafka.LeaderEpoch // of the last batch read; NoLeaderEpoch after a jump
	underway   bool
	retryAt    kafka.Instant
	failures   int
	// near is the replica that the leader has sent us to (KIP-392), until nearUntil;
	// NoBroker: the leader itself.
	near      kafka.BrokerID
	nearUntil kafka.Instant
	// resetting: the position is looked up because it was out of range.
	resetting bool
	// fromNothing: that is because the group has committed nothing.
	fromNothing bool
	toldBy      kafka.BrokerID // who said so
	// arrived holds what a poll will return; nothing is fetched meanwhile.
	arrived arrival
}

// arrival is one partition's share of one fetch, not or not wholly returned.
type arrival struct {
	present bool
	serial  uint64 // of its fetch
	told    bool   // its bounds have been returned once
	behind  bool   // a follower gave it
	broker  kafka.BrokerID
	records []byte
	aborted []protocol.AbortedTransaction
	share   Fetched // all but records and positions
}

// sentFetch is one partition of a fetch under way.
type sentFetch struct {
	reader     *assigned
	generation uint64
	position   kafka.Offset
}

func (c *Client) assign(in *Assign, out *Effects) {
	c.forget(in.Topic, in.Partition)
	c.consumer.generation++
	a := &assigned{
		topic: c.topicNamed(in.Topic), index: in.Partition, generation: c.consumer.generation,
		position: kafka.NoOffset, epoch: kafka.NoLeaderEpoch, near: kafka.NoBroker,
	}
	c.consumer.assigned = append(c.consumer.assigned, a)
	switch in.From.Kind {
	case AtOffset:
		a.state, a.position = reading, in.From.Offset
		d := c.done(in.Op, OK, out)
		d.Topic, d.Partition, d.Offset = in.Topic, in.Partition, a.position
	case AtEarliest:
		c.find(a, in.Op, true, timestampEarliest)
	case AtLatest:
		c.find(a, in.Op, true, timestampLatest)
	case AtTimestamp:
		c.find(a, in.Op, true, in.From.Timestamp)
	}
}

func (c *Client) unassign(in *Unassign, out *Effects) {
	c.forget(in.Topic, in.Partition)
	d := c.done(in.Op, OK, out)
	d.Topic, d.Partition = in.Topic, in.Partition
}

// forget ends an assignment. A lookup of its position goes on for the sake of
// its operation's answer.
func (c *Client) forget(name string, index kafka.PartitionIndex) {
	for i, a := range c.consumer.assigned {
		if a.topic.name == name && a.index == index {
			a.generation = 0
			c.consumer.assigned = append(c.consumer.assigned[:i], c.consumer.assigned[i+1:]...)
			return
		}
	}
}

// find looks a position up. Without an operation it is a reset.
func (c *Client) find(a *assigned, op OpID, hasOp bool, timestamp kafka.TimestampMs) {
	a.state = finding
	o := c.newAdminOp(adminListOffsets, op, a.topic.name)
	o.index, o.timestamp, o.reader, o.generation, o.silent = a.index, timestamp, a, a.generation, !hasOp
}

// found takes the answer of a lookup.
func (c *Client) found(o *adminOp, offset kafka.Offset, code kafka.ErrorCode, reason Reason, out *Effects) {
	a := o.reader
	if a.generation != o.generation || o.generation == 0 {
		return
	}
	from := a.position
	switch {
	case a.resetting && mayBeFound(code, reason):
		c.find(a, 0, false, o.timestamp) // a reset goes on until there is a position
		return
	case code != kafka.None || reason != ReasonNone:
		a.state = stopped
		if a.resetting {
			c.arrive(a, Fetched{Err: code, Reason: reason})
		}
	default:
		a.state, a.position, a.epoch = reading, offset, kafka.NoLeaderEpoch
		if a.fromNothing {
			c.groupFound(a)
		} else if a.resetting {
			c.arrive(a, Fetched{Err: kafka.ErrOffsetOutOfRange, Reset: true})
			a.arrived.share.From = from
			out.Watch.Reached(must.ConsumerReset)
		}
	}
	a.resetting = false
}

// mayBeFound tells whether a lookup failed that may do better another time.
func mayBeFound(code kafka.ErrorCode, reason Reason) bool {
	return reason != ReasonStopped && reason != ReasonVersion && (code.Retriable() || code == kafka.None && reason != ReasonNone)
}

// arrive keeps a share without records for the next poll.
func (c *Client) arrive(a *assigned, share Fetched) {
	share.HighWatermark, share.LastStableOffset, share.LogStartOffset = kafka.NoOffset, kafka.NoOffset, kafka.NoOffset
	if share.Diverged == 0 {
		share.Diverged = kafka.NoOffset
	}
	share.From = a.position
	a.arrived = arrival{present: true, serial: c.consumer.serial, broker: kafka.NoBroker, share: share, aborted: a.arrived.aborted[:0]}
}

// lose ends a partition with an error that the next poll reports.
func (c *Client) lose(a *assigned, code kafka.ErrorCode) {
	a.state = stopped
	c.arrive(a, Fetched{Err: code})
}

func (c *Client) poll(in *Poll) {
	c.groupPolled()
	c.consumer.polls = append(c.consumer.polls, poll{op: in.Op, wait: in.Wait, max: in.MaxRecords})
}

// advanceConsumer serves the oldest poll: with what has arrived, or else by
// fetching.
func (c *Client) advanceConsumer(out *Effects) {
	s := &c.consumer
	for len(s.polls) > 0 {
		p := &s.polls[0]
		if !p.began {
			p.began, p.since, p.until = true, s.serial, c.now.Mono.Add(p.wait)
		}
		if len(c.member.told) == 0 && !c.anyArrived() {
			c.fetch(p, out)
			if !c.due(p.until) {
				return
			}
		}
		c.deliver(p, out)
		s.polls = append(s.polls[:0], s.polls[1:]...)
	}
}

func (c *Client) anyArrived() bool {
	for _, a := range c.consumer.assigned {
		if a.arrived.present {
			return true
		}
	}
	return false
}

// stopConsumer ends every poll; reads leave no trace.
func (c *Client) stopConsumer(out *Effects) {
	for i := range c.consumer.polls {
		c.done(c.consumer.polls[i].op, Fail, out).Reason = ReasonStopped
	}
	c.consumer.polls = nil
}
