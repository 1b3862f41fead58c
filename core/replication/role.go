package replication

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/partition"
)

// lead makes the replica leader of an epoch, or takes over a change within it.
// Until the entry that starts the epoch is durable the role is RoleStarting:
// batches are taken, nobody is answered (KAFKA-7415).
func (r *Replica) lead(now kafka.Now, in *Lead, out *Effects) {
	if !r.mayTake(in.Epoch, in.PartitionEpoch) {
		return
	}
	again := r.Leads() && in.Epoch == r.epoch
	r.partitionEpoch = in.PartitionEpoch
	r.replicas = append(r.replicas[:0], in.Replicas...)
	r.isr = append(r.isr[:0], in.ISR...)
	// What was asked under an older partition epoch can have no effect any more,
	// or is in this ISR.
	r.expanding, r.proposal.open, r.proposal.unclear = r.expanding[:0], false, false
	r.keepFollowers(now, again)
	if again {
		r.advance(now, out)
		return
	}
	if !r.Leads() {
		r.wakeFetches(out)
	}
	r.epoch, r.leader, r.role = in.Epoch, r.self, RoleStarting
	r.epochStart = r.Log.LogEndOffset
	out.Progress = true
	r.setMode(in.Mode, out)
	if !r.Log.BecomeLeader(in.Epoch, r.entry(out)) {
		out.Appends = out.Appends[:len(out.Appends)-1]
		r.epochStarted(now, in.Epoch, out) // recovery has found its start on disk
		return
	}
	r.finishEntry(out)
}

// epochStarted lets the leader answer.
func (r *Replica) epochStarted(now kafka.Now, epoch kafka.LeaderEpoch, out *Effects) {
	if r.role != RoleStarting || epoch != r.epoch {
		return
	}
	r.role = RoleLeader
	out.Progress = true
	r.advance(now, out)
	r.wakeFetches(out)
}

// follow makes the replica a follower. What waited is for the new leader to settle.
func (r *Replica) follow(in *Follow, out *Effects) {
	if !r.mayTake(in.Epoch, in.PartitionEpoch) {
		return
	}
	changed := r.role != RoleFollower || in.Epoch != r.epoch || in.Leader != r.leader
	r.epoch, r.partitionEpoch, r.leader = in.Epoch, in.PartitionEpoch, in.Leader
	if !changed {
		return
	}
	r.leave(RoleFollower, kafka.ErrNotLeaderOrFollower, out)
	r.setMode(in.Mode, out)
}

// setMode gives the log the partition's durability mode. It takes no appends
// under the new one before all of it is durable.
func (r *Replica) setMode(m kafka.DurabilityMode, out *Effects) {
	if mode := modeOf(m); mode != r.Log.Mode {
		r.Log.SetMode(mode, r.entry(out))
		r.finishEntry(out)
	}
}

// retire takes the role away.
func (r *Replica) retire(code kafka.ErrorCode, out *Effects) { r.leave(RoleNone, code, out) }

// leave ends a leadership, if there is one, and takes another role.
func (r *Replica) leave(role Role, code kafka.ErrorCode, out *Effects) {
	r.role = role
	r.isr, r.expanding, r.followers = r.isr[:0], r.expanding[:0], r.followers[:0]
	r.proposal.open, r.proposal.unclear = false, false
	r.refuseProduces(code, out)
	r.wakeFetches(out)
	out.Progress = true
}

// mayTake tells whether a role may be taken: not on a fenced log or while it is
// being cut, not under an epoch older than the log's or the role's, and not by
// old news.
func (r *Replica) mayTake(epoch kafka.LeaderEpoch, partitionEpoch kafka.PartitionEpoch) bool {
	if !r.Log.Serving() || epoch < r.Log.LatestEpoch() || epoch < r.epoch {
		return false
	}
	return r.role == RoleNone || partitionEpoch > r.partitionEpoch
}

// keepFollowers makes the list of followers that of the replicas. Within an
// epoch what is known of them stays, save that one outside the ISR has to fetch
// again before it is waited for.
func (r *Replica) keepFollowers(now kafka.Now, again bool) {
	if !again {
		r.followers = r.followers[:0]
	}
	r.followers = slices.DeleteFunc(r.followers, func(f FollowerProgress) bool {
		return !slices.Contains(r.replicas, f.Broker)
	})
	for _, id := range r.replicas {
		if f := r.follower(id); f != nil {
			f.Eligible = f.Eligible && slices.Contains(r.isr, id)
			continue
		}
		if id == r.self {
			continue
		}
		r.followers = append(r.followers, FollowerProgress{
			Broker: id, BrokerEpoch: kafka.NoBrokerEpoch,
			FetchOffset: kafka.NoOffset, DurableEndOffset: kafka.NoOffset, LogStartOffset: kafka.NoOffset, LastCaughtUp: now.Mono, mark: kafka.NoOffset,
		})
	}
}

// modeOf translates the partition record's mode to the log's.
func modeOf(m kafka.DurabilityMode) partition.Mode {
	if m == kafka.ModeReplicated {
		return partition.Replicated
	}
	return partition.Synced
}
