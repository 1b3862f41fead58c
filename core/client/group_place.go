package client

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// place makes a reader of a partition that the group has given. Its position
// is looked up once the application has been told and has called a poll, so
// that what it finds is true at an instant after that call.
func (c *Client) place(o ownedPartition) {
	c.forget(o.topic, o.index)
	c.consumer.generation++
	c.consumer.assigned = append(c.consumer.assigned, &assigned{
		topic: c.topicNamed(o.topic), index: o.index, generation: c.consumer.generation, state: unplaced,
		position: kafka.NoOffset, epoch: kafka.NoLeaderEpoch,
	})
}

// groupPolled notes that a poll has been called.
func (c *Client) groupPolled() {
	g := &c.member
	g.polled = c.now.Mono
	if len(g.told) > 0 {
		return
	}
	g.seen = true
	var o *offsetOp
	for _, a := range c.consumer.assigned {
		if a.state != unplaced {
			continue
		}
		if o == nil {
			o = c.newOffsetOp(c.config.Consumer.Group.ID, nil)
			o.silent = true
		}
		a.state = placing
		o.list = append(o.list, GroupOffset{Topic: a.topic.name, Partition: a.index, Offset: kafka.NoOffset})
		o.readers = append(o.readers, sentFetch{reader: a, generation: a.generation})
	}
}

// placed takes committed offsets as positions.
func (c *Client) placed(o *offsetOp, why Reason, out *Effects) {
	for i := range o.readers {
		r, e := &o.readers[i], &o.list[i]
		a := r.reader
		if a.generation != r.generation || a.state != placing {
			continue
		}
		switch {
		case e.Outcome != OK:
			a.state = stopped
			c.arrive(a, Fetched{Err: e.Err, Reason: why})
		case e.Offset != kafka.NoOffset:
			c.readFrom(a, e, o.broker)
		default:
			c.reset(a)
			a.fromNothing, a.toldBy = a.resetting, o.broker
			out.Watch.Reached(must.NothingCommitted)
		}
	}
}

func (c *Client) readFrom(a *assigned, e *GroupOffset, from kafka.BrokerID) {
	a.state, a.position, a.epoch = reading, e.Offset, e.LeaderEpoch
	c.member.tell(Placed, ownedPartition{a.topic.name, a.index})
	t := &c.member.told[len(c.member.told)-1]
	t.Offset, t.Committed, t.Tag, t.Broker = e.Offset, true, e.Tag, from
}

// groupFound tells where a reset has put a partition without a committed offset.
func (c *Client) groupFound(a *assigned) {
	a.fromNothing = false
	c.member.tell(Placed, ownedPartition{a.topic.name, a.index})
	t := &c.member.told[len(c.member.told)-1]
	t.Offset, t.Broker = a.position, a.toldBy
}
