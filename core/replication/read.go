package replication

import (
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// Reader says who wants to read what.
type Reader struct {
	Replica            kafka.BrokerID    // NoBroker: a consumer
	CurrentLeaderEpoch kafka.LeaderEpoch // what the reader takes for ours; NoLeaderEpoch: not checked
	Offset             kafka.Offset      // the first offset wanted
	LastFetchedEpoch   kafka.LeaderEpoch // of the record before Offset; NoLeaderEpoch: no divergence check
	ReadCommitted      bool
	MayFollow          bool // a follower may answer (KIP-392)
}

// Readable is what a reader may see.
type Readable struct {
	Err kafka.ErrorCode
	// Wait: nothing may be said before the epoch's start is durable.
	Wait           bool
	LogStartOffset kafka.Offset
	HighWatermark  kafka.Offset
	// LastStableOffset is the high watermark while no transaction is open.
	LastStableOffset kafka.Offset
	// EndOffset bounds the records: the high watermark, the last stable offset, or
	// what can be read at all, as the reader is a consumer, one that reads committed, or a follower.
	EndOffset kafka.Offset
	// Diverging says where the reader's history parts from ours (KIP-595).
	Diverging protocol.EpochEndOffset
}

// Read says what a reader may see. It changes nothing.
func (r *Replica) Read(in *Reader) Readable {
	if in.MayFollow && r.role == RoleFollower {
		return r.readBehind(in)
	}
	if code := r.checkEpoch(in.CurrentLeaderEpoch); code != kafka.None {
		return Readable{Err: code}
	}
	hw := r.Log.HighWatermark
	v := Readable{
		LogStartOffset: r.Log.LogStartOffset, HighWatermark: hw,
		LastStableOffset: r.Log.LastStableOffset(hw),
	}
	switch {
	case in.Replica != kafka.NoBroker:
		v.EndOffset = r.Log.WrittenEndOffset
	case in.ReadCommitted:
		v.EndOffset = v.LastStableOffset
	default:
		v.EndOffset = hw
	}
	if r.role == RoleStarting {
		v.Wait = true
		return v
	}
	var inRange bool
	start := r.Beginning(in.Replica != kafka.NoBroker)
	if v.Diverging, inRange = r.compare(in.Offset, in.LastFetchedEpoch, start); !inRange {
		return Readable{Err: kafka.ErrOffsetOutOfRange, LogStartOffset: start}
	}
	return v
}

// Beginning is the first offset for a reader: the log start, or, for a follower
// that begins anew, the beginning of the first segment, since the log start may
// lie within a batch, of which a log cannot begin with the rest.
func (r *Replica) Beginning(follower bool) kafka.Offset {
	if follower {
		return r.Log.FirstOffset()
	}
	return r.Log.LogStartOffset
}

// compare looks whether a reader's history, up to offset and with a record of
// epoch last before it, is the beginning of ours. Only the log's ends make an
// offset out of range, never the high watermark: the answer makes a consumer
// reset and lose its place. A history that parts from ours below our end does
// so whatever its own end. start is its Beginning.
func (r *Replica) compare(offset kafka.Offset, last kafka.LeaderEpoch, start kafka.Offset) (diverging protocol.EpochEndOffset, inRange bool) {
	if offset < start {
		return diverging, false
	}
	if last != kafka.NoLeaderEpoch {
		epoch, end := r.Log.EndOffsetForEpoch(last)
		if end == kafka.NoOffset {
			return diverging, false
		}
		if epoch < last || end < offset {
			return protocol.EpochEndOffset{Set: true, Epoch: epoch, EndOffset: end}, true
		}
	}
	return diverging, offset <= r.Log.LogEndOffset
}

// checkEpoch is what every request to a leader passes first: the log must
// serve, the epochs must agree, and we must lead.
func (r *Replica) checkEpoch(current kafka.LeaderEpoch) kafka.ErrorCode {
	switch {
	case r.Log.Fenced != "":
		return kafka.ErrKafkaStorageError
	case r.role == RoleNone:
		return kafka.ErrNotLeaderOrFollower
	case current != kafka.NoLeaderEpoch && current < r.epoch:
		return kafka.ErrFencedLeaderEpoch
	case current != kafka.NoLeaderEpoch && current > r.epoch:
		return kafka.ErrUnknownLeaderEpoch
	case !r.Leads():
		return kafka.ErrNotLeaderOrFollower
	}
	return kafka.None
}
