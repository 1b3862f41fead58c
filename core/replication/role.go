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
	r.expanding = r.expanding[:0]
	r.keepFollowers(now, again)
	if again {
		r.advance(out)
		return
	}
	if !r.Leads() {
		r.wakeFetches(out)
	}
	r.epoch, r.leader, r.role = in.Epoch, r.self, RoleStarting
	r.epochStart = r.Log.LogEndOffset
	out.Progress = true
	if mode := modeOf(in.Mode); mode != r.Log.Mode {
		r.Log.SetMode(mode, r.entry(out))
		r.finishEntry(out)
	}
	if !r.Log.BecomeLeader(in.Epoch, r.entry(out)) {
		out.Appends = out.Appends[:len(out.Appends)-1]
		r.epochStarted(in.Epoch, out) // recovery has found its start on disk
		return
	}
	r.finishEntry(out)
}

// epochStarted lets the leader answer.
func (r *Replica) epochStarted(epoch kafka.LeaderEpoch, out *Effects) {
	if r.role != RoleStarting || epoch != r.epoch {
		return
	}
	r.role = RoleLeader
	out.Progress = true
	r.advance(out)
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
}

// retire takes the role away.
func (r *Replica) retire(code kafka.ErrorCode, out *Effects) { r.leave(RoleNone, code, out) }

// leave ends a leadership, if there is one, and takes another role.
func (r *Replica) leave(role Role, code kafka.ErrorCode, out *Effects) {
	r.role = role
	r.isr, r.expanding, r.followers = r.isr[:0], r.expanding[:0], r.followers[:0]
	r.refuseProduces(code, out)
	r.wakeFetches(out)
	out.Progress = true
}

// mayTake tells whether a role may be taken: not on a fenced log, not under an
// epoch older than the log's or the role's, and not by old news.
func (r *Replica) mayTake(epoch kafka.LeaderEpoch, partitionEpoch kafka.PartitionEpoch) bool {
	if r.Log.Fenced != "" || r.Log.Deleted() || epoch < r.Log.LatestEpoch() || epoch < r.epoch {
		return false
	}
	return r.role == RoleNone || partitionEpoch > r.partitionEpoch
}

// keepFollowers makes the list of followers that of the replicas. Within an
// epoch what is known of them stays.
func (r *Replica) keepFollowers(now kafka.Now, again bool) {
	if !again {
		r.followers = r.followers[:0]
	}
	r.followers = slices.DeleteFunc(r.followers, func(f FollowerProgress) bool {
		return !slices.Contains(r.replicas, f.Broker)
	})
	for _, id := range r.replicas {
		if id == r.self || r.follower(id) != nil {
			continue
		}
		r.followers = append(r.followers, FollowerProgress{
			Broker: id, BrokerEpoch: kafka.NoBrokerEpoch,
			FetchOffset: kafka.NoOffset, DurableEndOffset: kafka.NoOffset, LastCaughtUp: now.Mono,
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
