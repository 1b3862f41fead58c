package client

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// number gives a batch its producer's identity and sequence, and encodes it.
// The bytes of an earlier numbering may be anywhere by now: new ones are made.
func (c *Client) number(b *outBatch, out *Effects) {
	must.True(mayRenumber(b), "client C2")
	p := b.partition
	p.enter()
	b.closed, b.numbered = true, true
	b.producer = batch.Plain()
	if c.config.Producer.Idempotent {
		if !p.identified {
			p.identified = true
			p.id, p.epoch = c.producer.id, c.producer.epoch
		}
		b.producer = batch.Producer{ID: p.id, Epoch: p.epoch, BaseSequence: p.next}
		p.next = batch.NextSequence(p.next, b.count)
	}
	b.records = c.slab.keep(c.build(b, out))
}

// enter begins the sequences anew in a topic that has the name of one that is no
// more, since its log knows nothing of them, once no batch of that one is left.
func (p *producerPartition) enter() {
	id := p.topic.id
	if p.life == id || id == (kafka.TopicID{}) || p.underway > 0 || p.broken {
		return
	}
	for _, b := range p.queue {
		if b.numbered {
			return
		}
	}
	if slices.Contains(p.topic.past, p.life) {
		p.next, p.acked, p.confirmed = 0, 0, false
	}
	p.life = id
}

func (c *Client) build(b *outBatch, out *Effects) []byte {
	id := c.config.Producer.Compression
	if id != batch.Uncompressed && c.config.Codecs[id] != nil {
		if v, err := b.builder.BuildPacked(b.producer, id, c.config.Codecs[id]); err == nil {
			out.Watch.Reached(must.CompressedSent)
			return v
		}
	}
	return b.builder.BuildFor(b.producer)
}

// acknowledge notes that a batch's sequences are in the log, and with them all
// before: a broker takes a sequence only behind its predecessor.
func (p *producerPartition) acknowledge(b *outBatch) {
	if b.producer.ID != p.id || b.producer.Epoch != p.epoch {
		return
	}
	p.confirmed = true
	end := batch.NextSequence(b.producer.BaseSequence, b.count)
	if ahead := (int64(end) - int64(p.acked)) & 0x7fffffff; ahead < 1<<30 {
		p.acked = end
	}
}

// brokenAt handles a broker's refusal of the first batch that awaits its
// outcome because a sequence before it is missing: what came before it is
// gone, or was never appended. From there on batches lose their numbers, and
// those that may have been appended under them end as unclear.
func (c *Client) brokenAt(p *producerPartition, out *Effects) {
	p.broken = true
	for i := 0; i < len(p.queue); {
		b := p.queue[i]
		switch {
		case !b.numbered || b.underway:
			i++
		case mayRenumber(b):
			b.numbered, b.records = false, nil
			i++
		default:
			c.finish(b, outcomeOf(b), out)
		}
	}
}

// mend puts the sequences of a partition in order once nothing numbered is
// left: they are intact, or a new epoch starts them at 0. The new epoch also
// keeps out what is still on its way under the old one.
func (c *Client) mend(p *producerPartition, out *Effects) {
	if p.underway > 0 {
		return
	}
	for _, b := range p.queue {
		if b.numbered {
			return
		}
	}
	if sequencesIntact(p) {
		p.broken = false
		return
	}
	s := &c.producer
	if p.id == s.id && p.epoch == s.epoch && s.epoch == 1<<15-1 {
		s.id = kafka.NoProducerID // no epoch is left: another producer ID
	}
	if !c.haveProducerID(out) {
		return
	}
	if p.id == s.id && p.epoch == s.epoch {
		s.epoch++
	}
	p.id, p.epoch, p.next, p.acked = s.id, s.epoch, 0, 0
	p.broken, p.confirmed = false, false
	out.Watch.Reached(must.SequencesRestarted)
}

// haveProducerID tells whether the producer has its ID, and asks for it if not.
func (c *Client) haveProducerID(out *Effects) bool {
	s := &c.producer
	if !c.config.Producer.Idempotent || s.id != kafka.NoProducerID {
		return true
	}
	if s.idUnderway || !c.due(s.idRetryAt) {
		return false
	}
	n := c.anyConn(out)
	if n == nil {
		return false
	}
	version, ok := n.version(protocol.KeyInitProducerID)
	if !ok {
		c.hangUp(n, ReasonVersion, out)
		return false
	}
	q := kmsg.NewPtrInitProducerIDRequest()
	q.TransactionTimeoutMillis = 1<<31 - 1
	c.send(n, protocol.KeyInitProducerID, version, q, out)
	s.idUnderway = true
	return false
}

func (c *Client) producerIDAnswered(body protocol.Body) {
	a, ok := body.(*kmsg.InitProducerIDResponse)
	if !ok || kafka.ErrorCode(a.ErrorCode) != kafka.None {
		c.producerIDFailed()
		return
	}
	s := &c.producer
	s.idUnderway, s.idFailures = false, 0
	s.id, s.epoch = kafka.ProducerID(a.ProducerID), kafka.ProducerEpoch(a.ProducerEpoch)
	must.True(s.id >= 0, "a producer ID is not negative")
}

func (c *Client) producerIDFailed() {
	s := &c.producer
	s.idUnderway = false
	s.idRetryAt = c.now.Mono.Add(c.backoff(c.config.Limits.RetryBackoff, s.idFailures))
	s.idFailures++
}

// slab hands out memory that is never written to again, a large piece at a time.
type slab struct{ rest []byte }

const slabBytes = 64 << 10

// keep returns a copy of b.
func (s *slab) keep(b []byte) []byte {
	if len(b) > slabBytes/4 {
		return append([]byte(nil), b...)
	}
	if len(b) > len(s.rest) {
		s.rest = make([]byte, slabBytes)
	}
	kept := s.rest[:len(b):len(b)]
	s.rest = s.rest[len(b):]
	copy(kept, b)
	return kept
}
