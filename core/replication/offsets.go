package replication

import "trialog/core/kafka"

// The special timestamps of ListOffsets.
const (
	TimestampLatest                kafka.TimestampMs = -1
	TimestampEarliest              kafka.TimestampMs = -2
	TimestampMax                   kafka.TimestampMs = -3
	TimestampEarliestLocal         kafka.TimestampMs = -4
	TimestampLatestTiered          kafka.TimestampMs = -5
	TimestampEarliestPendingUpload kafka.TimestampMs = -6
)

// ListedOffset answers ListOffsets for one partition. Offset and Timestamp are
// -1 when there is nothing to find.
type ListedOffset struct {
	Err       kafka.ErrorCode
	Offset    kafka.Offset
	Timestamp kafka.TimestampMs
	Epoch     kafka.LeaderEpoch
	// Search asks for a look into the segments: for the first record at or above
	// the timestamp, below EndOffset; for TimestampMax, for the record that has
	// the largest.
	Search    bool
	EndOffset kafka.Offset
}

// ListOffset answers what needs no disk. Reader.Offset and LastFetchedEpoch do
// not matter.
func (r *Replica) ListOffset(in *Reader, timestamp kafka.TimestampMs) ListedOffset {
	none := ListedOffset{Offset: kafka.NoOffset, Timestamp: kafka.NoTimestamp, Epoch: kafka.NoLeaderEpoch}
	if none.Err = r.checkEpoch(in.CurrentLeaderEpoch); none.Err != kafka.None {
		return none
	}
	if r.role == RoleStarting {
		none.Err = kafka.ErrOffsetNotAvailable
		return none
	}
	end := r.Log.HighWatermark
	switch {
	case in.Replica != kafka.NoBroker:
		end = r.Log.LogEndOffset
	case r.Log.HighWatermark < r.epochStart && needsWatermark(timestamp):
		// A leader that does not know yet how far its predecessor's records count
		// would let the end go back (KIP-207).
		none.Err = kafka.ErrOffsetNotAvailable
		return none
	case in.ReadCommitted:
		end = r.Log.LastStableOffset(end)
	}
	found := none
	switch timestamp {
	case TimestampLatest:
		found.Offset, found.Epoch = end, r.epochAt(end)
	case TimestampEarliest:
		found.Offset, found.Epoch = r.Log.LogStartOffset, r.epochAt(r.Log.LogStartOffset)
	case TimestampEarliestLocal:
		found.Offset, found.Epoch = r.Log.LocalLogStartOffset, r.epochAt(r.Log.LocalLogStartOffset)
	case TimestampLatestTiered, TimestampEarliestPendingUpload:
		// nothing is tiered
	default:
		found.Search, found.EndOffset = true, end
	}
	return found
}

// needsWatermark tells which answers depend on how far records count.
func needsWatermark(timestamp kafka.TimestampMs) bool {
	return timestamp == TimestampLatest || timestamp == TimestampMax || timestamp >= 0
}

// epochAt is the epoch of the record at an offset; at the log's end, the
// leader's own, under which the next one will be written.
func (r *Replica) epochAt(offset kafka.Offset) kafka.LeaderEpoch { return r.Log.EpochAt(offset) }

// EpochEnd answers OffsetForLeaderEpoch: the largest epoch at or below the one
// asked, and one past its last offset; NoLeaderEpoch and NoOffset when unknown.
func (r *Replica) EpochEnd(current, asked kafka.LeaderEpoch) (kafka.LeaderEpoch, kafka.Offset, kafka.ErrorCode) {
	if code := r.checkEpoch(current); code != kafka.None {
		return kafka.NoLeaderEpoch, kafka.NoOffset, code
	}
	if r.role == RoleStarting {
		return kafka.NoLeaderEpoch, kafka.NoOffset, kafka.ErrNotLeaderOrFollower
	}
	epoch, end := r.Log.EndOffsetForEpoch(asked)
	return epoch, end, kafka.None
}
