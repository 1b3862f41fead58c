package replication

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/partition"
)

// counted is one past the last record of the leader's own log that counts for
// acks and the high watermark. This is where a durability mode means something.
func (r *Replica) counted() kafka.Offset {
	if r.Log.Mode == partition.Synced {
		return r.Log.DurableEndOffset
	}
	return r.Log.WrittenEndOffset
}

// countedBy is the same for a follower. One that does not tell what is durable
// counts for nothing in synced mode.
func (r *Replica) countedBy(f *FollowerProgress) kafka.Offset {
	if r.Log.Mode == partition.Synced {
		return f.DurableEndOffset
	}
	return f.FetchOffset
}

// advance moves the high watermark to the smallest counted end over the
// maximal ISR, and answers what waited for it. It does not move in an epoch
// whose start is not durable, nor below min ISR (KIP-966).
func (r *Replica) advance(now kafka.Now, out *Effects) {
	if r.role != RoleLeader {
		r.wakeBehind(out)
		return
	}
	if r.woken < r.Log.WrittenEndOffset && len(r.follows) > 0 {
		r.wakeFollows(out)
	}
	if len(r.isr) >= r.minISR() {
		end := r.counted()
		for i := range r.followers {
			f := &r.followers[i]
			if r.inMaximalISR(f.Broker) || r.joins(now, f) {
				end = min(end, r.countedBy(f))
			}
		}
		if end > r.Log.HighWatermark {
			r.moveHighWatermark(end, out)
		}
	}
	r.answerProduces(out)
	if out.Progress {
		r.wakeFetches(out)
	}
}

// joins tells whether a follower outside the ISR is about to join it. The high
// watermark waits for it, or would run away from it under load for ever.
func (r *Replica) joins(now kafka.Now, f *FollowerProgress) bool {
	return f.Eligible && now.Mono.Sub(f.LastCaughtUp) <= r.lagMax
}

// inMaximalISR tells whether a replica is in the ISR or asked into it (KIP-497).
func (r *Replica) inMaximalISR(id kafka.BrokerID) bool {
	return slices.Contains(r.isr, id) || slices.Contains(r.expanding, id)
}

// Sole tells whether a leader knows that nobody else can have been elected: there
// is no other in sync, or asked into the ISR, and none that has left it is
// eligible, as the ISR is as large as it must be (KIP-966).
func (r *Replica) Sole() bool {
	return r.role == RoleLeader && len(r.isr) == 1 && len(r.expanding) == 0 && r.minISR() <= 1
}
