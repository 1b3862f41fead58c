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

// beginRetention sets the first look at retention.
func (b *Broker) beginRetention() {
	b.nextRetain = b.now.Mono.Add(min(kafka.Ms(b.cluster.LogRetentionCheckMs), retentionDelay))
}

// policyTime is the time by which ages are judged.
func (b *Broker) policyTime() kafka.TimestampMs {
	policy, stepped := b.policy.Now(b.now, &b.limits.Storage)
	if stepped {
		b.out.Watch.Reached(must.RetentionDoubtedClock)
		b.note(Note{Level: Warn, Text: "the clock has been set forward: retention goes by it only once it has stood so for a while",
			Detail: "believed after " + strconv.FormatInt(int64(b.limits.Storage.ClockGrace/kafka.Second), 10) + " s", Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
	}
	return policy
}

// scanRetention lets leaders look, on a monotonic period, what is too old or too
// much. The time that ages are judged by is kept for the next incarnation.
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

// noteTime keeps the time that ages are judged by for the next incarnation.
func (b *Broker) noteTime(policy kafka.TimestampMs) {
	if !b.noting {
		b.noting = true
		b.emitJob("note time", partition.NoteTime, &partition.NoteTimeArgs{Time: policy})
	}
}
