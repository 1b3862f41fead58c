package replication

import (
	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
)

// fetched takes what a follower received. Where the histories part, the log is
// cut before anything else happens, the high watermark included (KAFKA-14704).
func (r *Replica) fetched(now kafka.Now, in *Fetched, out *Effects) {
	if !r.takes(in) {
		return
	}
	if in.Diverging.Set {
		r.truncate(in, out)
		return
	}
	for rest := batch.View(in.Records); rest.Whole(); rest = rest[rest.Size():] {
		one := rest[:rest.Size():rest.Size()]
		if one.LastOffset() < r.Log.LogEndOffset {
			continue // below what was asked for: a batch is sent whole
		}
		if !out.Watch.Believe(r.continues(one), must.FetchedContinuesLog) {
			break
		}
		r.Log.AppendVerbatim(now, one, &r.storage, r.entry(out))
		r.finishEntry(out)
	}
	if hw := min(in.HighWatermark, r.Log.LogEndOffset); hw > r.Log.HighWatermark {
		r.moveHighWatermark(hw, out)
		r.wakeFetches(out)
	}
	if start := min(in.LogStartOffset, r.Log.HighWatermark); start > r.Log.NextLogStart() {
		r.setLogStart(start, out)
	}
}

// continues tells whether a batch may stand at the log's end.
func (r *Replica) continues(v batch.View) bool {
	return v.Intact() && v.LastOffsetDelta() >= 0 && v.LeaderEpoch() <= r.epoch && r.Log.Continues(v)
}

// BeginsAnew tells whether what a follower received cannot stand in its log, which
// is empty and ends within the first batch, and where that one begins: a new log
// is to begin there.
func (r *Replica) BeginsAnew(in *Fetched) (base kafka.Offset, anew bool) {
	v := batch.View(in.Records)
	if !r.takes(in) || in.Diverging.Set || !v.Whole() || !v[:v.Size()].Intact() || !r.Log.Straddled(v) {
		return 0, false
	}
	return v.BaseOffset(), true
}

// takes tells whether an answer is to what the replica wants.
func (r *Replica) takes(in *Fetched) bool {
	return r.Fetches() && in.Epoch == r.epoch && in.FetchOffset == r.Log.LogEndOffset
}

// Fetches tells whether the replica follows somebody and can take what it gets.
func (r *Replica) Fetches() bool {
	return r.role == RoleFollower && r.leader != kafka.NoBroker && r.Log.Appendable()
}

// Wanted is what the replica asks its leader for: the first offset that it does
// not have, the epoch of the record before it, and, in synced mode, how much of
// its log is durable.
func (r *Replica) Wanted() (offset kafka.Offset, last kafka.LeaderEpoch, durable kafka.Offset) {
	offset, last = r.Log.LogEndOffset, kafka.NoLeaderEpoch
	if offset > r.Log.LogStartOffset {
		last = r.Log.EpochAt(offset - 1)
	}
	if durable = kafka.NoOffset; r.Log.Mode == partition.Synced {
		durable = r.Log.DurableEndOffset
	}
	return offset, last, durable
}

// Unsynced tells whether some of the log is not durable yet, which the leader
// wants to know of.
func (r *Replica) Unsynced() bool {
	return r.Log.Mode == partition.Synced && r.Log.DurableEndOffset < r.Log.LogEndOffset
}

// Unwritten tells whether some of the log is not in the page cache yet. In
// replicated mode what is asked for next says that everything before it is.
func (r *Replica) Unwritten() bool {
	return r.Log.Mode == partition.Replicated && r.Log.WrittenEndOffset < r.Log.LogEndOffset
}

// truncate cuts the log to where it last agreed with the leader's. Epochs that
// begin there go with it, also when no record does.
func (r *Replica) truncate(in *Fetched, out *Effects) {
	end := in.Diverging.EndOffset
	if _, own := r.Log.EndOffsetForEpoch(in.Diverging.Epoch); own != kafka.NoOffset {
		end = min(end, own)
	}
	end = max(min(end, r.Log.LogEndOffset), r.Log.NextLogStart())
	if end < r.Log.HighWatermark {
		out.Watch.Reached(must.TruncatedBelowHighWatermark)
	}
	if end < r.Log.LogEndOffset {
		out.Watch.Reached(must.FollowerTruncated)
	}
	r.Log.TruncateTo(end, r.entry(out))
	r.finishEntry(out)
	out.Progress = true
}
