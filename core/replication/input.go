package replication

import (
	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// Input is what a broker tells a replica. The sum is closed; values are passed
// by pointer and not kept, except record bytes.
//
//sumtype:decl
type Input interface{ replicationInput() }

// Ticket correlates a produce or a waiting fetch with its answer: a request of
// the broker, and the place of the partition in it.
type Ticket struct {
	Request uint64
	Place   int32
}

// Lead makes the replica the leader of an epoch, or changes the ISR within it.
type Lead struct {
	Epoch          kafka.LeaderEpoch
	PartitionEpoch kafka.PartitionEpoch
	Replicas       []kafka.BrokerID
	ISR            []kafka.BrokerID
	Mode           kafka.DurabilityMode
}

// Follow makes the replica a follower of an epoch.
type Follow struct {
	Epoch          kafka.LeaderEpoch
	PartitionEpoch kafka.PartitionEpoch
	Leader         kafka.BrokerID // NoBroker: nobody leads
	Mode           kafka.DurabilityMode
}

// Retire takes the role away: the replica is deleted, or the broker stops.
type Retire struct{ Err kafka.ErrorCode }

// Configure gives the settings, at the beginning and when they change.
type Configure struct {
	Settings kafka.TopicConfig
	// LagMax is how long a follower may stay behind before it leaves the ISR
	// (replica.lag.time.max.ms).
	LagMax kafka.Duration
}

// Produce asks a leader to append one batch.
type Produce struct {
	Ticket  Ticket
	Acks    int16 // -1, 0 or 1
	Batch   batch.View
	Checked *batch.Checked
}

// Written says that the log up to End, in the given incarnation of the log, is in the
// page cache.
type Written struct {
	Incarnation uint32
	End         kafka.Offset
}

// Synced says that the log up to End, in the given incarnation of the log, is durable.
type Synced struct {
	Incarnation uint32
	End         kafka.Offset
}

// EpochStarted says that the entry that starts an epoch is durable.
type EpochStarted struct{ Epoch kafka.LeaderEpoch }

// FollowerFetched is a follower's progress as its fetch tells it.
type FollowerFetched struct {
	Broker           kafka.BrokerID
	BrokerEpoch      kafka.BrokerEpoch
	Eligible         bool // it is neither fenced nor about to stop: it may be in ISRs
	Epoch            kafka.LeaderEpoch
	FetchOffset      kafka.Offset
	LastFetchedEpoch kafka.LeaderEpoch // of the record before FetchOffset; NoLeaderEpoch: it has none
	DurableEndOffset kafka.Offset      // NoOffset: not told
	LogStartOffset   kafka.Offset      // NoOffset: not told
}

// FollowerStayed says that a follower was, at some instant, still where it had said
// to be: its fetch in a session left the partition out.
type FollowerStayed struct {
	Broker      kafka.BrokerID
	BrokerEpoch kafka.BrokerEpoch
	Epoch       kafka.LeaderEpoch
	FetchOffset kafka.Offset
	At          kafka.Instant
}

// CheckISR looks, now and then, whether a follower has been behind for too long.
type CheckISR struct{}

// Altered says what became of a Proposal.
type Altered struct {
	PartitionEpoch kafka.PartitionEpoch // of the Proposal
	Outcome        Outcome
}

// Outcome is what became of a Proposal.
type Outcome uint8

// The outcomes.
const (
	Taken   Outcome = iota // the controller has it, or has it already: the next image says so
	Refused                // it had no effect when it was refused
	Again                  // it had no effect, and is to be asked again
	Unknown                // it may have been taken, or be taken yet
)

// Fetched is what a follower received from its leader: whole batches, to be
// appended verbatim, or where the histories part.
type Fetched struct {
	Epoch          kafka.LeaderEpoch
	FetchOffset    kafka.Offset // that was asked for
	HighWatermark  kafka.Offset
	LogStartOffset kafka.Offset
	Diverging      protocol.EpochEndOffset
	Records        []byte // whole batches
}

// Advance looks how far the log counts now, after any number of Written and
// Synced, and answers what waited for it.
type Advance struct{}

// Wait makes a fetch wait until more can be read.
type Wait struct {
	Ticket   Ticket
	Follower bool // it reads what is written, not only what counts
}

// Unwait takes a waiting fetch back.
type Unwait struct{ Ticket Ticket }

// Retain has a leader move its log start by the topic's retention.
type Retain struct {
	Policy kafka.TimestampMs // the time to judge ages by
}

// DeleteRecords has a leader move its log start to where Deletable said.
type DeleteRecords struct{ To kafka.Offset }

// LogStarted says that the entry which moves the log start is durable.
type LogStarted struct{ Start kafka.Offset }

// ExpireProducers forgets producers that have been idle for too long.
type ExpireProducers struct{}

func (*Lead) replicationInput()            {}
func (*Follow) replicationInput()          {}
func (*Retire) replicationInput()          {}
func (*Configure) replicationInput()       {}
func (*Produce) replicationInput()         {}
func (*Written) replicationInput()         {}
func (*Synced) replicationInput()          {}
func (*EpochStarted) replicationInput()    {}
func (*FollowerFetched) replicationInput() {}
func (*FollowerStayed) replicationInput()  {}
func (*CheckISR) replicationInput()        {}
func (*Altered) replicationInput()         {}
func (*Fetched) replicationInput()         {}
func (*Advance) replicationInput()         {}
func (*Wait) replicationInput()            {}
func (*Unwait) replicationInput()          {}
func (*ExpireProducers) replicationInput() {}
func (*Retain) replicationInput()          {}
func (*DeleteRecords) replicationInput()   {}
func (*LogStarted) replicationInput()      {}
