package client

import (
	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/must"
)

// producer is what the client writes.
type producer struct {
	partitions []*producerPartition // in the order of first use
	turn       int                  // whose batch goes first into the next request
	free       []*outBatch
	number     uint64 // of the newest batch
	flushes    []flush
	dead       kafka.ErrorCode // not None: fenced, nothing can be written any more

	// Idempotence: one producer ID, whose epoch is the newest in use.
	id         kafka.ProducerID
	epoch      kafka.ProducerEpoch
	idUnderway bool
	idRetryAt  kafka.Instant
	idFailures int
}

// flush waits for the batches up to a number.
type flush struct {
	op   OpID
	upTo uint64
}

// producerPartition is what is being written to one partition.
type producerPartition struct {
	topic    *topic
	index    kafka.PartitionIndex
	queue    []*outBatch // unfinished, in the order of the commands
	underway int         // batches on the wire, abandoned ones included
	retryAt  kafka.Instant
	failures int

	// life is the topic that the newest batch was numbered for.
	life kafka.TopicID
	// Sequences, when idempotent. next is what the next new batch gets; acked
	// follows the last sequence that is known to be in the log.
	identified bool
	id         kafka.ProducerID
	epoch      kafka.ProducerEpoch
	next       kafka.Sequence
	acked      kafka.Sequence
	// confirmed: a batch under this ID and epoch has been acknowledged, so that
	// the leader has a state to compare sequences with.
	confirmed bool
	// broken: a sequence was handed out whose batch ended in any other way than
	// by being acknowledged. No new batch is numbered until it is clear whether
	// the sequences are intact.
	broken bool
}

// outBatch is a batch from its first record to its outcome.
type outBatch struct {
	partition *producerPartition
	number    uint64
	builder   batch.Builder
	ops       []batchOp
	records   []byte // encoded, once numbered; never written to again
	count     int32
	lingers   kafka.Instant // until then it waits for company
	deadline  kafka.Instant // of delivery
	closed    bool          // takes no more records
	numbered  bool
	producer  batch.Producer

	attempts  int32
	underway  bool
	maybe     bool // some attempt may have been appended
	abandoned bool // its outcome has been told, its answer has not come
	err       kafka.ErrorCode
	reason    Reason
}

// batchOp is one operation's records in a batch.
type batchOp struct {
	op    OpID
	first int32 // its first record's place in the batch
}

// produce takes records for a partition into its newest batch, or a new one.
func (c *Client) produce(in *Produce, out *Effects) {
	must.True(len(in.Records) > 0, "an operation produces at least one record")
	if c.producer.dead != kafka.None {
		d := c.done(in.Op, Fail, out)
		d.Topic, d.Partition, d.Err, d.Dead = in.Topic, in.Partition, c.producer.dead, true
		return
	}
	p := c.producing(in.Topic, in.Partition)
	size := 0
	for i := range in.Records {
		size += len(in.Records[i].Key) + len(in.Records[i].Value) + len(in.Records[i].Header) + recordOverhead
	}
	b := p.last()
	limits := &c.config.Limits
	if b == nil || b.closed || b.builder.Size()+size > int(limits.BatchBytes) || b.count+int32(len(in.Records)) > limits.BatchRecords {
		if b != nil {
			b.closed = true
		}
		b = c.newBatch(p)
	}
	b.ops = append(b.ops, batchOp{op: in.Op, first: b.count})
	for i := range in.Records {
		r := &in.Records[i]
		timestamp := r.Timestamp
		if timestamp == kafka.NoTimestamp {
			timestamp = c.now.Wall
		}
		if r.Header == nil {
			b.builder.Append(timestamp, r.Key, r.Value)
		} else {
			b.builder.Append(timestamp, r.Key, r.Value, batch.Header{Key: headerKey, Value: r.Header})
		}
		b.count++
	}
	if b.builder.Size() >= int(limits.BatchBytes) || b.count >= limits.BatchRecords {
		b.closed = true
	}
}

// headerKey is the key of the header that a record may have.
var headerKey = []byte("id")

// recordOverhead is about what a record takes beside its key and value.
const recordOverhead = 12

// producing returns the state of a partition that is written to.
func (c *Client) producing(name string, index kafka.PartitionIndex) *producerPartition {
	for _, p := range c.producer.partitions {
		if p.index == index && p.topic.name == name {
			return p
		}
	}
	p := &producerPartition{topic: c.topicNamed(name), index: index}
	c.producer.partitions = append(c.producer.partitions, p)
	return p
}

func (p *producerPartition) last() *outBatch {
	if len(p.queue) == 0 {
		return nil
	}
	return p.queue[len(p.queue)-1]
}

func (c *Client) newBatch(p *producerPartition) *outBatch {
	var b *outBatch
	if last := len(c.producer.free) - 1; last >= 0 {
		b = c.producer.free[last]
		c.producer.free = c.producer.free[:last]
	} else {
		b = new(outBatch)
	}
	c.producer.number++
	*b = outBatch{
		partition: p, number: c.producer.number, builder: b.builder, ops: b.ops[:0],
		lingers:  c.now.Mono.Add(c.config.Limits.Linger),
		deadline: c.now.Mono.Add(c.config.Limits.DeliveryTimeout),
	}
	b.builder.Reset()
	p.queue = append(p.queue, b)
	return b
}

func (c *Client) flush(in *Flush) {
	c.producer.flushes = append(c.producer.flushes, flush{op: in.Op, upTo: c.producer.number})
}

// flushing tells whether somebody waits for a batch.
func (p *producer) flushing(b *outBatch) bool {
	return len(p.flushes) > 0 && b.number <= p.flushes[len(p.flushes)-1].upTo
}

// advanceProducer expires, mends sequences, sends, and answers flushes.
func (c *Client) advanceProducer(out *Effects) {
	for _, p := range c.producer.partitions {
		c.expire(p, out)
		if p.broken {
			c.mend(p, out)
		}
	}
	c.sendBatches(out)
	for len(c.producer.flushes) > 0 && c.oldestBatch() > c.producer.flushes[0].upTo {
		c.done(c.producer.flushes[0].op, OK, out)
		c.producer.flushes = append(c.producer.flushes[:0], c.producer.flushes[1:]...)
	}
}

// oldestBatch is the number of the oldest unfinished batch.
func (c *Client) oldestBatch() uint64 {
	oldest := c.producer.number + 1
	for _, p := range c.producer.partitions {
		if len(p.queue) > 0 {
			oldest = min(oldest, p.queue[0].number)
		}
	}
	return oldest
}

// expire ends batches whose delivery took too long.
func (c *Client) expire(p *producerPartition, out *Effects) {
	for len(p.queue) > 0 && c.due(p.queue[0].deadline) {
		b := p.queue[0]
		if b.reason == ReasonNone && b.err == kafka.None {
			b.reason = ReasonTimeout
			if b.attempts == 0 {
				b.err = p.topic.err
			}
		}
		c.finish(b, outcomeOf(b), out)
	}
}

// finish tells the outcome of a batch and takes it out of its queue. If it is
// still on the wire, its answer will say more about the sequences.
func (c *Client) finish(b *outBatch, outcome Outcome, out *Effects) {
	c.tell(b, outcome, nil, kafka.NoBroker, out)
	p := b.partition
	if b.numbered && c.config.Producer.Idempotent {
		p.broken = true
	}
	p.remove(b)
	if outcome == Info {
		out.Watch.Reached(must.ProduceUnclear)
	}
	if b.underway {
		b.abandoned = true
		return
	}
	c.producer.free = append(c.producer.free, b)
}

func (p *producerPartition) remove(b *outBatch) {
	for i := range p.queue {
		if p.queue[i] == b {
			p.queue = append(p.queue[:i], p.queue[i+1:]...)
			return
		}
	}
}

// stopProducer ends every batch with what is known of it.
func (c *Client) stopProducer(out *Effects) {
	for _, p := range c.producer.partitions {
		for len(p.queue) > 0 {
			b := p.queue[0]
			if b.reason == ReasonNone && b.err == kafka.None {
				b.reason = ReasonStopped
			}
			c.finish(b, outcomeOf(b), out)
		}
	}
	for _, f := range c.producer.flushes {
		c.done(f.op, OK, out)
	}
	c.producer.flushes = nil
}

// topicReborn ends what was meant for the topic that had the name before.
func (c *Client) topicReborn(t *topic) {
	for _, p := range c.producer.partitions {
		if p.topic != t {
			continue
		}
		for _, b := range p.queue {
			b.err, b.deadline = kafka.ErrUnknownTopicID, c.now.Mono
		}
	}
	for _, a := range c.consumer.assigned {
		if a.topic == t {
			c.lose(a, kafka.ErrUnknownTopicID)
		}
	}
}
