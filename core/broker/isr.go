package broker

import (
	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/replication"
)

// isrRequests are the ISR changes that partitions led here ask for. They go to
// the controller together, one request at a time.
type isrRequests struct {
	waiting []*host
	sent    []sentProposal // under way; empty: none
	retryAt kafka.Instant  // not before
	checkAt kafka.Instant  // when to look for followers that are behind
}

type sentProposal struct {
	host  *host
	epoch kafka.PartitionEpoch
}

// proposeISR has the controller asked for what a replica proposes.
func (b *Broker) proposeISR(h *host) {
	if !h.proposing {
		h.proposing = true
		b.isr.waiting = append(b.isr.waiting, h)
	}
}

// ready tells whether a request may go out.
func (q *isrRequests) ready(now kafka.Instant) bool {
	return len(q.waiting) > 0 && len(q.sent) == 0 && now >= q.retryAt
}

// sendISR asks the controller for everything that waits.
func (b *Broker) sendISR() {
	q := &b.isr
	c := &controller.AlterPartition{Broker: b.config.NodeID, Epoch: b.session.epoch}
	for _, h := range q.waiting {
		h.proposing = false
		p, ok := h.replica.Proposal()
		if !ok || h.retired || b.session.drained {
			continue
		}
		n := controller.NewISR{
			Partition: h.tp, LeaderEpoch: p.Epoch, PartitionEpoch: p.PartitionEpoch, Recovery: metadata.Recovered,
			ISR: make([]controller.ISRMember, len(p.ISR)),
		}
		for i, m := range p.ISR {
			n.ISR[i] = controller.ISRMember(m)
			if m.Broker == b.config.NodeID {
				n.ISR[i].Epoch = b.session.epoch
			}
		}
		c.Partitions = append(c.Partitions, n)
		q.sent = append(q.sent, sentProposal{h, p.PartitionEpoch})
	}
	clear(q.waiting)
	q.waiting = q.waiting[:0]
	if len(q.sent) > 0 {
		b.ask(pendingCommand{kind: commandISR}, c)
	}
}

// isrAnswered tells every replica what became of its proposal.
func (b *Broker) isrAnswered(code kafka.ErrorCode, result *controller.AlterPartitionResult) {
	q := &b.isr
	sent := q.sent
	q.sent = nil // what follows may ask again
	at := 0
	for _, s := range sent {
		in := &replication.Altered{PartitionEpoch: s.epoch, Outcome: outcomeOf(code)}
		if code == kafka.None && result != nil {
			in.Outcome, at = outcomeIn(result, s.host.tp, at)
		}
		if in.Outcome != replication.Taken {
			q.retryAt = b.now.Mono.Add(b.limits.ISRBackoff)
		}
		if !s.host.gone {
			b.stepReplica(s.host, in)
		}
	}
	clear(sent)
	if q.sent == nil {
		q.sent = sent[:0]
	}
}

// outcomeIn finds a partition's outcome in an answer, and where to look for the next
// one's: an answer keeps the order of the questions, of which there may be thousands.
func outcomeIn(result *controller.AlterPartitionResult, tp kafka.TopicPartition, from int) (o replication.Outcome, next int) {
	for n := range result.Partitions {
		at := (from + n) % len(result.Partitions)
		if p := &result.Partitions[at]; p.Partition == tp {
			return outcomeOf(p.Error), at + 1
		}
	}
	return replication.Unknown, from
}

// outcomeOf says what an error code tells of a proposal. What the controller
// has judged and refused had no effect; of anything else nobody knows.
func outcomeOf(code kafka.ErrorCode) replication.Outcome {
	switch code {
	case kafka.None:
		return replication.Taken
	case kafka.ErrNotController, kafka.ErrThrottlingQuotaExceeded:
		return replication.Again
	case kafka.ErrFencedLeaderEpoch, kafka.ErrInvalidUpdateVersion, kafka.ErrInvalidRequest, kafka.ErrIneligibleReplica,
		kafka.ErrOperationNotAttempted, kafka.ErrUnknownTopicID, kafka.ErrUnknownTopicOrPartition, kafka.ErrStaleBrokerEpoch:
		return replication.Refused
	default:
		return replication.Unknown
	}
}

// isrDue looks for followers that have been behind for too long.
func (b *Broker) isrDue() {
	if !b.session.registered || b.session.drained || b.now.Mono < b.isr.checkAt {
		return
	}
	b.isr.checkAt = b.now.Mono.Add(max(kafka.Ms(b.cluster.ReplicaLagTimeMaxMs)/2, kafka.Millisecond))
	for _, h := range b.hosts {
		if h.replica.Leads() {
			b.stepReplica(h, &b.in.checkISR)
		}
	}
}

// isrDeadline is when isrDue, or a proposal that waits, has something to do.
func (b *Broker) isrDeadline() kafka.Instant {
	if !b.session.registered || b.session.drained {
		return never
	}
	at := b.isr.checkAt
	if len(b.isr.waiting) > 0 && len(b.isr.sent) == 0 {
		at = min(at, b.isr.retryAt)
	}
	return at
}
