package replication

import "trialog/core/kafka"

// Sight is what readers may see of a replica, and what it takes from them: while
// it stays the same, asking once more for the same gives the same. What brokers
// say of themselves beside (whether they may be in ISRs) is not in it.
type Sight struct {
	Counted        Counted
	written, first kafka.Offset // what followers may read
	// Whether a follower may be asked into the ISR.
	partitionEpoch kafka.PartitionEpoch
	asking         bool
}

// Counted is the part of a Sight that consumers see.
type Counted struct {
	role                                                   Role
	epoch                                                  kafka.LeaderEpoch
	incarnation                                            uint32
	fenced                                                 bool
	highWatermark, lastStableOffset, logStart, firstUnseen kafka.Offset
}

// Sight returns what there is to see now.
func (r *Replica) Sight() Sight {
	return Sight{
		Counted: Counted{
			role: r.role, epoch: r.epoch, incarnation: r.Log.Incarnation, fenced: r.Log.Fenced != "",
			highWatermark: r.Log.HighWatermark, lastStableOffset: r.Log.LastStableOffset(r.Log.HighWatermark),
			logStart: r.Log.LogStartOffset, firstUnseen: r.readableBehind(),
		},
		written: r.Log.WrittenEndOffset, first: r.Log.FirstOffset(),
		partitionEpoch: r.partitionEpoch, asking: r.proposal.open,
	}
}

// followerStayed notes that a follower, which had everything when it last said how
// far it is, has said so again: a fetch in a session repeats what it leaves out.
func (r *Replica) followerStayed(in *FollowerStayed) {
	if r.role != RoleLeader || in.Epoch != r.epoch {
		return
	}
	f := r.follower(in.Broker)
	if f == nil || f.BrokerEpoch != in.BrokerEpoch || f.FetchOffset != in.FetchOffset || r.countedBy(f) < r.Log.LogEndOffset {
		return
	}
	if in.At > f.LastCaughtUp {
		f.LastCaughtUp = in.At
		f.mark, f.markAt = r.Log.LogEndOffset, in.At
	}
}
