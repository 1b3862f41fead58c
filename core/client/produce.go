package client

import (
	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// maxNumbered is how many batches of an idempotent producer a broker remembers
// per partition, and so how many may be on their way.
const maxNumbered = 5

// sendBatches fills produce requests, at most one batch of a partition in each.
func (c *Client) sendBatches(out *Effects) {
	s := &c.producer
	for from := 0; from < len(s.partitions); from++ {
		p := s.partitions[(s.turn+from)%len(s.partitions)]
		for c.sendable(p) != nil && c.haveProducerID(out) {
			lead, ok := c.leaderOf(p.topic, p.index)
			if !ok {
				break
			}
			n := c.connTo(lead.leader, roleProduce, out)
			if n == nil || len(n.underway) >= int(c.config.Limits.InFlight) {
				break
			}
			c.sendProduce(n, from, out)
		}
	}
	if len(s.partitions) > 0 {
		s.turn = (s.turn + 1) % len(s.partitions)
	}
}

// sendable returns the batch of a partition that may be sent now, or nil. One
// that is sent again goes alone, so that it cannot be overtaken again.
func (c *Client) sendable(p *producerPartition) *outBatch {
	if len(p.queue) == 0 || !c.due(p.retryAt) {
		return nil
	}
	for _, b := range p.queue {
		if b.underway || p.broken && !b.numbered {
			continue
		}
		idempotent := c.config.Producer.Idempotent
		switch {
		case idempotent && b.attempts > 0 && p.underway > 0:
			return nil
		case idempotent && p.underway >= maxNumbered:
			return nil
		case idempotent && !p.confirmed && !c.config.Producer.Hasty && p.underway > 0:
			return nil
		case b.closed || b != p.last() || b.attempts > 0 || c.producer.flushing(b) || c.due(b.lingers):
			return b
		}
		return nil
	}
	return nil
}

// sendProduce sends one request with what the partitions of a broker have,
// beginning at the from-th in turn.
func (c *Client) sendProduce(n *conn, from int, out *Effects) {
	s := &c.producer
	version, ok := n.version(protocol.KeyProduce)
	if !ok {
		c.refuseVersion(n, out)
		return
	}
	q := out.produceRequest()
	q.Acks = c.config.Producer.Acks
	q.TimeoutMs = int32(c.config.Limits.ProduceWait / kafka.Millisecond)
	if version >= protocol.ProduceTopicIDs && !c.idsKnown() {
		version = protocol.ProduceTopicIDs - 1
	}
	r := c.send(n, protocol.KeyProduce, version, q, out)
	size := 0
	for ; from < len(s.partitions); from++ {
		p := s.partitions[(s.turn+from)%len(s.partitions)]
		b := c.sendable(p)
		if lead, ok := c.leaderOf(p.topic, p.index); b == nil || !ok || lead.leader != n.broker {
			continue
		}
		if size > 0 && size+b.builder.Size() > int(c.config.Limits.MaxRequestBytes) {
			continue
		}
		if !b.numbered {
			c.number(b, out)
		}
		if p.underway > 0 && !p.confirmed && c.config.Producer.Idempotent {
			out.Watch.Reached(must.SentAheadOfFirst)
		}
		size += len(b.records)
		b.underway = true
		b.attempts++
		p.underway++
		r.batches = append(r.batches, b)
		q.Partitions = append(q.Partitions, protocol.ProducePartition{
			Topic: p.topic.name, TopicID: p.topic.id, Partition: p.index, Records: b.records,
		})
	}
	must.True(len(r.batches) > 0, "a produce request carries a batch")
	if q.Acks == 0 {
		c.unacknowledged(n, out)
	}
}

// idsKnown tells whether every topic written to has a known ID.
func (c *Client) idsKnown() bool {
	for _, p := range c.producer.partitions {
		if p.topic.id == (kafka.TopicID{}) {
			return false
		}
	}
	return true
}

// unacknowledged ends batches that no broker will ever answer for: sent is all
// that acks=0 promises.
func (c *Client) unacknowledged(n *conn, out *Effects) {
	r := n.unawaited()
	for _, b := range r.batches {
		b.underway = false
		b.partition.underway--
		c.tell(b, OK, nil, n.broker, out)
		b.partition.remove(b)
		c.producer.free = append(c.producer.free, b)
	}
	c.release(r)
}

// refuseVersion ends what can never be sent to a broker.
func (c *Client) refuseVersion(n *conn, out *Effects) {
	for _, p := range c.producer.partitions {
		lead, ok := c.leaderOf(p.topic, p.index)
		if b := c.sendable(p); ok && lead.leader == n.broker && b != nil {
			b.reason = ReasonVersion
			c.finish(b, outcomeOf(b), out)
		}
	}
}

// produced takes the answer to a produce request.
func (c *Client) produced(n *conn, r *request, body protocol.Body, out *Effects) {
	a, ok := body.(*protocol.ProduceResponse)
	if !ok {
		c.produceUnanswered(r, ReasonMalformed, out)
		return
	}
	c.throttle(n, a.ThrottleMs)
	for i, b := range r.batches {
		answer := answerTo(b, i, r.version, a)
		if answer == nil {
			c.settle(b, unansweredVerdict(), nil, n.broker, ReasonMalformed, out)
			continue
		}
		c.hint(b.partition.topic, b.partition.index, answer.CurrentLeader, a.Nodes, out)
		c.settle(b, judge(answer.Err), answer, n.broker, ReasonNone, out)
	}
}

// answerTo finds a batch's partition in a response, most likely where it stood
// in the request.
func answerTo(b *outBatch, at int, version int16, a *protocol.ProduceResponse) *protocol.ProducePartitionResponse {
	is := func(r *protocol.ProducePartitionResponse) bool {
		if r.Partition != b.partition.index {
			return false
		}
		if version >= protocol.ProduceTopicIDs {
			return r.TopicID == b.partition.topic.id
		}
		return r.Topic == b.partition.topic.name
	}
	if at < len(a.Partitions) && is(&a.Partitions[at]) {
		return &a.Partitions[at]
	}
	for i := range a.Partitions {
		if is(&a.Partitions[i]) {
			return &a.Partitions[i]
		}
	}
	return nil
}

func (c *Client) produceUnanswered(r *request, why Reason, out *Effects) {
	for _, b := range r.batches {
		c.settle(b, unansweredVerdict(), nil, kafka.NoBroker, why, out)
	}
}

// settle acts on what became of one attempt.
func (c *Client) settle(b *outBatch, v verdict, answer *protocol.ProducePartitionResponse, broker kafka.BrokerID, why Reason, out *Effects) {
	p := b.partition
	b.underway = false
	p.underway--
	if v.effect == appended {
		p.acknowledge(b)
		p.failures = 0
	}
	if b.abandoned {
		if v.effect == appended {
			out.Watch.Reached(must.AcknowledgedTooLate)
		}
		c.producer.free = append(c.producer.free, b)
		return
	}
	if v.effect == appended {
		c.tell(b, OK, answer, broker, out)
		p.remove(b)
		c.producer.free = append(c.producer.free, b)
		return
	}
	b.maybe = b.maybe || v.effect == unclear
	b.err, b.reason = kafka.None, why
	if answer != nil {
		b.err = answer.Err
	}
	c.metadata.stale = c.metadata.stale || v.refresh
	if v.fatal {
		c.producer.dead = b.err
	}
	if v.gap && c.config.Producer.Idempotent && p.first() == b {
		c.brokenAt(p, out)
	} else if !v.retry || b.attempts > c.config.Producer.Retries {
		c.finish(b, outcomeOf(b), out)
	}
	p.retryAt = c.now.Mono.Add(c.backoff(c.config.Limits.RetryBackoff, p.failures))
	if p.underway == 0 { // one failure for all that were sent together
		p.failures++
	}
}

// first is the first batch of a partition whose sequence awaits an answer.
func (p *producerPartition) first() *outBatch {
	for _, b := range p.queue {
		if b.numbered {
			return b
		}
	}
	return nil
}

// tell answers the operations of a batch.
func (c *Client) tell(b *outBatch, outcome Outcome, answer *protocol.ProducePartitionResponse, broker kafka.BrokerID, out *Effects) {
	for _, o := range b.ops {
		d := c.done(o.op, outcome, out)
		d.Topic, d.Partition, d.Broker, d.Attempts = b.partition.topic.name, b.partition.index, broker, b.attempts
		if b.numbered && b.producer.ID != kafka.NoProducerID {
			d.ProducerID, d.ProducerEpoch = b.producer.ID, b.producer.Epoch
			d.Sequence = batch.NextSequence(b.producer.BaseSequence, o.first)
		}
		if outcome != OK {
			d.Err, d.Reason, d.Dead = b.err, b.reason, c.producer.dead != kafka.None
			continue
		}
		if answer != nil {
			d.Timestamp, d.LogStartOffset = answer.LogAppendTime, answer.LogStartOffset
			if answer.BaseOffset >= 0 {
				d.Offset = answer.BaseOffset + kafka.Offset(o.first)
			}
		}
	}
}
