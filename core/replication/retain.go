package replication

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// retain lets a leader move the log start by the topic's retention. Followers
// take it over from the leader's answers and decide nothing of their own: their
// clocks, and the borders of their segments, are others.
func (r *Replica) retain(policy kafka.TimestampMs, out *Effects) {
	if r.role != RoleLeader || !r.Log.Serving() {
		return
	}
	if start := r.Log.Expired(policy, &r.storage); start > r.Log.NextLogStart() {
		out.Watch.Reached(must.RetentionMovedLogStart)
		r.setLogStart(start, out)
	}
}

// deleteRecords moves the log start for somebody who asked for it.
func (r *Replica) deleteRecords(to kafka.Offset, out *Effects) {
	if r.role == RoleLeader && r.Log.Serving() && to > r.Log.NextLogStart() && to <= r.Log.HighWatermark {
		r.setLogStart(to, out)
	}
}

func (r *Replica) setLogStart(start kafka.Offset, out *Effects) {
	r.Log.SetLogStart(start, r.entry(out))
	r.finishEntry(out)
	out.Appends[len(out.Appends)-1].End = start
}

// logStarted lets the log start be where a durable entry says.
func (r *Replica) logStarted(start kafka.Offset, out *Effects) {
	before := r.Log.LogStartOffset
	r.Log.LogStarted(start)
	if r.Log.LogStartOffset > before {
		out.Progress = true
		r.wakeFollows(out) // they are to follow
	}
}

// Deletable decides up to where DeleteRecords(asked) deletes, NoOffset as asked
// standing for the high watermark, or why it does not.
func (r *Replica) Deletable(asked kafka.Offset) (kafka.Offset, kafka.ErrorCode) {
	code := r.checkEpoch(kafka.NoLeaderEpoch)
	switch {
	case code != kafka.None:
		return kafka.NoOffset, code
	case r.role == RoleStarting:
		return kafka.NoOffset, kafka.ErrNotLeaderOrFollower
	case !r.settings.CleanupDelete:
		return kafka.NoOffset, kafka.ErrPolicyViolation
	case asked == kafka.NoOffset:
		return r.Log.HighWatermark, kafka.None
	case asked < 0 || asked > r.Log.HighWatermark:
		return kafka.NoOffset, kafka.ErrOffsetOutOfRange
	}
	return asked, kafka.None
}

// LowWatermark is the smallest log start of the replicas that live, as a leader
// knows it; NoOffset while one of them has not told.
func (r *Replica) LowWatermark(lives func(kafka.BrokerID) bool) kafka.Offset {
	low := r.Log.LogStartOffset
	for i := range r.followers {
		if f := &r.followers[i]; lives(f.Broker) {
			low = min(low, f.LogStartOffset)
		}
	}
	return low
}
