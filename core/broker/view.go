package broker

import "trialog/core/kafka"

// Phase says how far an incarnation has come.
type Phase uint8

// The phases, in order.
const (
	PhaseNew         Phase = iota // waits for Start
	PhaseRecovering               // the recovery job runs
	PhaseRegistering              // the metadata log is replayed, the registration under way
	PhaseServing                  // requests are served
	PhaseStopping                 // a controlled shutdown runs
	PhaseHalted                   // Halt was emitted
)

// String names the phase.
func (p Phase) String() string {
	return [...]string{"new", "recovering", "registering", "serving", "stopping", "halted"}[p]
}

// Phase tells how far the incarnation has come.
func (b *Broker) Phase() Phase { return PhaseNew }

// Ready tells whether clients are served: recovered, registered, roles applied.
func (b *Broker) Ready() bool { return b.Phase() == PhaseServing }

// Healthy tells whether the incarnation can still do its work; false once it has halted.
func (b *Broker) Healthy() bool { return b.Phase() != PhaseHalted }

// ClusterID names the cluster once known, empty before.
func (b *Broker) ClusterID() string { return "" }

// DirectoryID names the data directory once recovery has read it.
func (b *Broker) DirectoryID() kafka.DirectoryID { return kafka.DirectoryID{} }

// PartitionView is one partition as a checker or an operator sees it.
type PartitionView struct {
	Topic          kafka.TopicID
	Name           string
	Partition      kafka.PartitionIndex
	Log            kafka.LogID
	Leader         bool
	LeaderEpoch    kafka.LeaderEpoch
	LogStartOffset kafka.Offset
	HighWatermark  kafka.Offset
	LogEndOffset   kafka.Offset
	SyncedOffset   kafka.Offset // offsets below it are durable
	Synced         bool         // durability mode
	Fenced         bool
}

// Partitions calls yield for every replica this broker holds, by rising LogID,
// until it returns false.
func (b *Broker) Partitions(yield func(*PartitionView) bool) {}

// Counters are totals since the incarnation began, and gauges. The driver
// turns them into metrics.
type Counters struct {
	Requests        uint64 // requests taken in
	Replies         uint64
	Errors          uint64 // replies whose top-level or any partition's code is not NONE
	ProduceBatches  uint64 // batches appended
	ProduceBytes    uint64
	ProduceRefused  uint64 // batches refused
	Duplicates      uint64 // batches answered from producer state
	FetchBytes      uint64
	FetchReads      uint64 // disk reads emitted
	Checkpoints     uint64
	Rolls           uint64
	Proposals       uint64
	WaitingProduces int64 // now
	WaitingFetches  int64 // now
	Connections     int64 // now
	Logs            int64 // now
	FencedLogs      int64 // now
	JournalBytes    int64 // journaled and not yet covered by checkpoints, now
	LastLSN         kafka.LSN
	DurableLSN      kafka.LSN
}

// Counters returns the totals.
func (b *Broker) Counters() Counters { return Counters{} }
