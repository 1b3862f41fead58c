package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/must"
)

// producerIDs hands out IDs from blocks that the controller gives (KIP-730).
// What is left of a block when the incarnation ends is never used.
type producerIDs struct {
	next, end kafka.ProducerID // what is left: [next, end)
	asking    bool
	waiting   []token
}

// beginInitProducerID gives an idempotent producer an ID.
//
// There are no transactions yet. A transactional ID is refused with
// TRANSACTIONAL_ID_AUTHORIZATION_FAILED, the one code that Java's client,
// librdkafka and franz-go all take as fatal; others are retried for ever.
func (b *Broker) beginInitProducerID(r *request) {
	body := r.body.(*kmsg.InitProducerIDRequest)
	if body.TransactionalID != nil {
		b.answerInitProducerID(r, kafka.ErrTransactionalIDAuthorizationFailed, kafka.NoProducerID)
		return
	}
	b.producers.waiting = append(b.producers.waiting, r.token)
	b.handOutProducerIDs()
}

// handOutProducerIDs answers who waits, and asks for another block when there
// are no IDs left for them.
func (b *Broker) handOutProducerIDs() {
	p := &b.producers
	for len(p.waiting) > 0 && p.next < p.end {
		r := b.requests.get(p.waiting[0])
		p.waiting = p.waiting[:copy(p.waiting, p.waiting[1:])]
		if r == nil || r.state != requestRunning {
			continue
		}
		id := p.next
		p.next++
		b.answerInitProducerID(r, kafka.None, id)
	}
	if len(p.waiting) > 0 && !p.asking {
		p.asking = true
		b.ask(pendingCommand{kind: commandProducerID}, &controller.AllocateProducerIDs{Broker: b.config.NodeID, Epoch: b.session.epoch})
	}
}

// producerIDsDone takes a block, or tells those who wait to come again.
func (b *Broker) producerIDsDone(code kafka.ErrorCode, block *controller.AllocateProducerIDsResult) {
	p := &b.producers
	p.asking = false
	if code == kafka.None {
		must.True(block.Start >= p.end, "B15 producer IDs rise from block to block")
		p.next, p.end = block.Start, block.Start+kafka.ProducerID(block.Count)
		b.handOutProducerIDs()
		return
	}
	for _, t := range p.waiting {
		if r := b.requests.get(t); r != nil && r.state == requestRunning {
			b.answerInitProducerID(r, kafka.ErrCoordinatorLoadInProgress, kafka.NoProducerID)
		}
	}
	p.waiting = p.waiting[:0]
}

func (b *Broker) answerInitProducerID(r *request, code kafka.ErrorCode, id kafka.ProducerID) {
	resp := kmsg.NewPtrInitProducerIDResponse()
	resp.ErrorCode, resp.ProducerID, resp.ProducerEpoch = int16(code), int64(id), 0
	if code != kafka.None {
		b.counters.Errors++
		resp.ProducerEpoch = int16(kafka.NoProducerEpoch)
	}
	b.finish(r, resp)
}
