package replication

import (
	"trialog/core/batch"
	"trialog/core/kafka"
)

// followerFetched takes a follower's progress from its fetch. A fetch of
// another epoch, or of an older incarnation of the follower, counts for nothing:
// it may since have lost what it had (KAFKA-7395, KIP-903).
func (r *Replica) followerFetched(now kafka.Now, in *FollowerFetched, out *Effects) {
	if r.role != RoleLeader || in.Epoch != r.epoch {
		return
	}
	f := r.follower(in.Broker)
	if f == nil || in.BrokerEpoch < f.BrokerEpoch {
		return
	}
	if in.BrokerEpoch > f.BrokerEpoch {
		f.FetchOffset, f.DurableEndOffset = kafka.NoOffset, kafka.NoOffset
	}
	f.BrokerEpoch = in.BrokerEpoch
	f.FetchOffset = min(in.FetchOffset, r.Log.LogEndOffset)
	if in.DurableEndOffset != kafka.NoOffset {
		f.DurableEndOffset = min(in.DurableEndOffset, r.Log.LogEndOffset)
	}
	if f.FetchOffset >= r.Log.LogEndOffset {
		f.LastCaughtUp = now.Mono
	}
	r.advance(out)
}

// fetched takes what a follower received. Where the histories part, the log is
// cut before anything else happens, the high watermark included (KAFKA-14704).
func (r *Replica) fetched(now kafka.Now, in *Fetched, out *Effects) {
	if r.role != RoleFollower || in.Epoch != r.epoch || !r.Log.Serving() {
		return
	}
	if in.Diverging.Set {
		r.truncate(in, out)
		return
	}
	for rest := batch.View(in.Records); rest.Whole(); rest = rest[rest.Size():] {
		one := rest[:rest.Size():rest.Size()]
		if one.BaseOffset() < r.Log.LogEndOffset {
			continue // it has been taken from an earlier answer
		}
		r.Log.AppendVerbatim(now, one, &r.storage, r.entry(out))
		r.finishEntry(out)
	}
	if hw := min(in.HighWatermark, r.Log.LogEndOffset); hw > r.Log.HighWatermark {
		r.moveHighWatermark(hw, out)
		r.wakeFetches(out)
	}
}

// truncate cuts the log to where it last agreed with the leader's.
func (r *Replica) truncate(in *Fetched, out *Effects) {
	end := in.Diverging.EndOffset
	if _, own := r.Log.EndOffsetForEpoch(in.Diverging.Epoch); own != kafka.NoOffset {
		end = min(end, own)
	}
	if end >= r.Log.LogEndOffset {
		return
	}
	r.Log.TruncateTo(max(end, r.Log.LogStartOffset), r.entry(out))
	r.finishEntry(out)
	out.Progress = true
}
