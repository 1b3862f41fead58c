package replication

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
)

// Role is what a replica does now.
type Role uint8

// The roles.
const (
	RoleNone     Role = iota // no role yet, or taken away
	RoleStarting             // leader of an epoch whose start is not durable yet
	RoleLeader
	RoleFollower
)

// String names the role.
func (r Role) String() string {
	return [...]string{"none", "starting", "leader", "follower"}[r]
}

// FollowerProgress is what a leader knows of one follower.
type FollowerProgress struct {
	Broker           kafka.BrokerID
	BrokerEpoch      kafka.BrokerEpoch // of the fetch that told the rest
	FetchOffset      kafka.Offset      // everything below it is in the follower's log
	DurableEndOffset kafka.Offset      // everything below it is durable there
	LogStartOffset   kafka.Offset      // where its log starts
	LastCaughtUp     kafka.Instant     // when it last had everything
	Eligible         bool              // it may be in the ISR, as of its last fetch

	// mark is an end of the leader's log, and when it was that: once the follower
	// has it, it has been caught up then.
	mark   kafka.Offset
	markAt kafka.Instant
}

// Replica is the machine of one replica. One broker owns it.
type Replica struct {
	// Log is this replica's log. The replica changes it; the broker reads it and
	// runs its jobs.
	Log *partition.Log

	self     kafka.BrokerID
	settings kafka.TopicConfig
	storage  partition.Config
	lagMax   kafka.Duration

	role           Role
	epoch          kafka.LeaderEpoch
	partitionEpoch kafka.PartitionEpoch
	leader         kafka.BrokerID
	epochStart     kafka.Offset // the log's end when this leadership began
	replicas       []kafka.BrokerID
	isr            []kafka.BrokerID
	expanding      []kafka.BrokerID // asked into the ISR, not yet confirmed (maximal ISR)
	proposal       proposal
	followers      []FollowerProgress

	produces []waitingProduce // by rising end
	fetches  []Ticket         // of consumers
	// follows are fetches of followers; woken is the written end of which they have
	// been told.
	follows []Ticket
	woken   kafka.Offset
	shown   kafka.Offset // how far a follower could be read when the first of fetches began to wait
}

// New makes a replica without a role for a log.
func New(self kafka.BrokerID, log *partition.Log) *Replica {
	return &Replica{
		Log: log, self: self, storage: partition.DefaultConfig(),
		epoch: kafka.NoLeaderEpoch, leader: kafka.NoBroker,
	}
}

// Role tells what the replica does now.
func (r *Replica) Role() Role { return r.role }

// Leads tells whether the replica leads, its epoch's start durable or not.
func (r *Replica) Leads() bool { return r.role == RoleLeader || r.role == RoleStarting }

// Epoch is the leader epoch of the role, NoLeaderEpoch without one.
func (r *Replica) Epoch() kafka.LeaderEpoch { return r.epoch }

// Leader is who leads in Epoch, as far as the replica was told.
func (r *Replica) Leader() kafka.BrokerID { return r.leader }

// Settings are the topic's settings in force.
func (r *Replica) Settings() *kafka.TopicConfig { return &r.settings }

// HighWatermark is one past the last record that counts.
func (r *Replica) HighWatermark() kafka.Offset { return r.Log.HighWatermark }

// Waiting is how many produces and fetches wait.
func (r *Replica) Waiting() (produces, fetches int) {
	return len(r.produces), len(r.fetches) + len(r.follows)
}

// minISR is the effective min.insync.replicas: never more than there are replicas.
func (r *Replica) minISR() int {
	return min(int(r.settings.MinInSyncReplicas), len(r.replicas))
}

// follower returns what is known of a follower, making room for a new one.
func (r *Replica) follower(id kafka.BrokerID) *FollowerProgress {
	for i := range r.followers {
		if r.followers[i].Broker == id {
			return &r.followers[i]
		}
	}
	return nil
}

// moveHighWatermark is the only writer of the high watermark.
func (r *Replica) moveHighWatermark(to kafka.Offset, out *Effects) {
	must.True(to >= r.Log.HighWatermark, "R2 the high watermark never goes back")
	must.True(to <= r.Log.LogEndOffset, "R1 the high watermark stays within the log")
	if to == r.Log.HighWatermark {
		return
	}
	r.Log.HighWatermark = to
	out.Progress = true
}
