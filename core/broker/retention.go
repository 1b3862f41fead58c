package broker

import (
	"strconv"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
)

// retentionDelay is the longest wait before the first look at retention: a
// broker that has just started has more urgent things to do.
const retentionDelay = 30 * kafka.Second

// beginRetention sets the first look at retention. Where the disk does not say
// what time it was, and there are topics, their records may have come from a life
// before this disk: the wall clock has to stand for a while before any is too old.
func (b *Broker) beginRetention() {
	b.nextRetain = b.now.Mono.Add(min(kafka.Ms(b.cluster.LogRetentionCheckMs), retentionDelay))
	if b.state.Image().TopicCount() > 0 && b.policy.Doubt(b.now) {
		b.noteDoubt("nothing on this disk says what time it is: retention goes by the clock only once it has stood for a while")
	}
	b.noteTime(b.policyTime())
}

// policyTime is the time to judge ages by.
func (b *Broker) policyTime() kafka.TimestampMs {
	policy, stepped := b.policy.Now(b.now, &b.limits.Storage)
	if stepped {
		b.noteDoubt("the clock has been set forward: retention goes by it only once it has stood so for a while")
	}
	return policy
}

func (b *Broker) noteDoubt(text string) {
	b.out.Watch.Reached(must.RetentionDoubtedClock)
	b.note(Note{Level: Warn, Text: text,
		Detail: "believed after " + strconv.FormatInt(int64(b.limits.Storage.ClockGrace/kafka.Second), 10) + " s", Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
}

// noteTime keeps the time that ages are judged by for the next incarnation.
func (b *Broker) noteTime(policy kafka.TimestampMs) {
	if !b.noting {
		b.noting = true
		b.emitJob("note time", partition.NoteTime, &partition.NoteTimeArgs{Time: policy})
	}
}

// scanRetention lets leaders look, on a monotonic period, what is too old or too
// much.
func (b *Broker) scanRetention() {
	if b.phase != PhaseServing || b.now.Mono < b.nextRetain {
		return
	}
	b.nextRetain = b.now.Mono.Add(kafka.Ms(b.cluster.LogRetentionCheckMs))
	policy := b.policyTime()
	b.in.retain.Policy = policy
	for _, h := range b.hosts {
		if !h.retired {
			b.stepReplica(h, &b.in.retain)
		}
	}
	b.noteTime(policy)
}
