package replication

import (
	"slices"

	"trialog/core/kafka"
)

// Reads from followers (KIP-392). A follower shows what its leader has told to be
// committed, as far as its own log can be read: the end moves a round trip later
// than the leader's and never goes beyond it.

// readBehind is Read where the replica follows.
//
// A reader may be ahead of this replica's log, which is then behind or has just
// been made anew: the leader has what it asks for. OFFSET_OUT_OF_RANGE sends a
// client that was sent here back to the leader; whoever names no leader epoch has
// come by itself and would lose its place, so it is told to look for the leader.
func (r *Replica) readBehind(in *Reader) Readable {
	if code := r.checkEpoch(in.CurrentLeaderEpoch); code != kafka.None && code != kafka.ErrNotLeaderOrFollower {
		return Readable{Err: code}
	}
	hw := r.Log.HighWatermark
	v := Readable{
		LogStartOffset: r.Log.LogStartOffset, HighWatermark: hw,
		LastStableOffset: r.Log.LastStableOffset(hw), EndOffset: r.readableBehind(),
	}
	if in.ReadCommitted {
		v.EndOffset = min(v.EndOffset, v.LastStableOffset)
	}
	inRange := in.Offset >= r.Log.LogStartOffset && in.Offset <= r.Log.LogEndOffset
	if inRange && in.Offset <= hw {
		// Beyond the high watermark the tail may be another history's than the
		// reader's, and need not stay.
		v.Diverging, inRange = r.compare(in.Offset, in.LastFetchedEpoch, r.Log.LogStartOffset)
	}
	switch {
	case inRange:
		return v
	case in.CurrentLeaderEpoch == kafka.NoLeaderEpoch:
		return Readable{Err: kafka.ErrNotLeaderOrFollower}
	}
	return Readable{Err: kafka.ErrOffsetOutOfRange, LogStartOffset: v.LogStartOffset}
}

// readableBehind is one past the last record that a follower may show.
func (r *Replica) readableBehind() kafka.Offset {
	return min(r.Log.HighWatermark, r.Log.WrittenEndOffset)
}

// wakeBehind lets readers of a follower look again when there is more to show.
func (r *Replica) wakeBehind(out *Effects) {
	if r.role == RoleFollower && len(r.fetches) > 0 && r.readableBehind() > r.shown {
		r.wakeFetches(out)
	}
}

// FollowerLag is how many records the follower lacks that is furthest behind, as far
// as it has told; 0 where this replica does not lead.
func (r *Replica) FollowerLag() int64 {
	var most int64
	for i := range r.followers {
		most = max(most, int64(r.Log.LogEndOffset-max(r.followers[i].FetchOffset, r.Log.LogStartOffset)))
	}
	return most
}

// Offers tells whether a leader may send a reader that wants an offset to one of
// its followers, and how far that one has come: it is in sync and has told that it
// has everything before.
func (r *Replica) Offers(id kafka.BrokerID, offset kafka.Offset) (end kafka.Offset, ok bool) {
	if r.role != RoleLeader || !slices.Contains(r.isr, id) {
		return 0, false
	}
	for i := range r.followers {
		if f := &r.followers[i]; f.Broker == id {
			return f.FetchOffset, f.Eligible && f.FetchOffset >= offset
		}
	}
	return 0, false
}
