package broker

import (
	"strconv"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/partition"
	"trialog/core/replication"
)

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
func (b *Broker) Phase() Phase { return b.phase }

// Ready tells whether clients are served: recovered, registered, unfenced once.
func (b *Broker) Ready() bool { return b.phase == PhaseServing }

// Healthy tells whether the incarnation can still do its work; false once it has halted.
func (b *Broker) Healthy() bool { return b.phase != PhaseHalted }

// ClusterID names the cluster once known, empty before.
func (b *Broker) ClusterID() string {
	if id := b.state.Image().ClusterID(); id != (kafka.UUID{}) {
		return id.String()
	}
	return ""
}

// DirectoryID names the data directory once recovery has read it.
func (b *Broker) DirectoryID() kafka.DirectoryID { return b.directory }

// Image is the metadata that the broker acts on. It is immutable.
func (b *Broker) Image() *metadata.Image { return b.state.Image() }

// IsController tells whether this broker's controller decides now.
func (b *Broker) IsController() bool { return b.controller != nil && b.controller.Active() }

// PartitionView is one replica as a checker or an operator sees it.
type PartitionView struct {
	Topic          kafka.TopicID
	Name           string
	Partition      kafka.PartitionIndex
	Log            kafka.LogID
	Leader         bool // leads, the epoch's start durable or not
	LeaderEpoch    kafka.LeaderEpoch
	LogStartOffset kafka.Offset
	HighWatermark  kafka.Offset
	LogEndOffset   kafka.Offset
	// LargestEndOffset is the largest LogEndOffset since recovery: what a truncation
	// that is not durable yet cut off may come back.
	LargestEndOffset kafka.Offset
	WrittenOffset    kafka.Offset // offsets below it can be read
	SyncedOffset     kafka.Offset // offsets below it are durable
	Synced           bool         // durability mode
	Compacted        bool         // records may go that are followed by a newer one of their key
	Created          bool         // that there is such a log is durable
	Fenced           bool
	Damaged          bool // some of it cannot be read, and is not served
	Replaced         bool // begun in the place of a damaged one
	Retired          bool // taken away: it ends once nobody reads it
	Bytes            int64
	Segments         int
	FollowerLag      int64 // records that the follower furthest behind lacks; 0 where this broker does not lead

	log     *partition.Log
	replica *replication.Replica
}

// Kept tells whether all that has counted here is durable, and whatever counts
// from now on will be.
func (v *PartitionView) Kept() bool {
	return v.Synced && !v.Fenced && v.SyncedOffset >= v.HighWatermark
}

// Partitions calls yield for every replica this broker holds, by rising LogID,
// until it returns false. The view is reused.
func (b *Broker) Partitions(yield func(*PartitionView) bool) {
	for _, h := range b.hosts {
		if !yield(b.viewOf(h)) {
			return
		}
	}
}

// Changed calls yield for every replica that the last Step may have changed,
// until it returns false. The view is reused.
func (b *Broker) Changed(yield func(*PartitionView) bool) {
	for _, h := range b.settled {
		if !h.gone && !yield(b.viewOf(h)) {
			return
		}
	}
}

func (b *Broker) viewOf(h *host) *PartitionView {
	l := h.replica.Log
	b.view = PartitionView{
		Topic: h.tp.Topic, Name: h.topic, Partition: h.tp.Partition, Log: l.Log,
		Leader: h.replica.Leads(), LeaderEpoch: h.replica.Epoch(),
		LogStartOffset: l.LogStartOffset, HighWatermark: l.HighWatermark, LogEndOffset: l.LogEndOffset, LargestEndOffset: max(l.LargestEndOffset, l.LogEndOffset),
		WrittenOffset: l.WrittenEndOffset, SyncedOffset: l.DurableEndOffset,
		Created: l.FirstLSN <= b.journal.Durable(), Synced: l.Mode == partition.Synced, Compacted: h.replica.Storage().Compacted, Fenced: l.Fenced != "", Damaged: h.damage.found, Replaced: h.replaces, Retired: h.retired,
		Bytes: l.Size(), Segments: l.Segments(), FollowerLag: h.replica.FollowerLag(), log: l, replica: h.replica,
	}
	return &b.view
}

// Each calls yield as Partitions does, and returns false if yield did.
func (b *Broker) Each(yield func(*PartitionView) bool) bool {
	for _, h := range b.hosts {
		if !yield(b.viewOf(h)) {
			return false
		}
	}
	return true
}

// Joins tells whether the replica leads and has asked a broker into the ISR.
func (v *PartitionView) Joins(id kafka.BrokerID) bool { return v.replica.Joins(id) }

// BytesFrom is what Bytes will be once the log start is at an offset.
func (v *PartitionView) BytesFrom(start kafka.Offset) int64 { return v.log.SizeFrom(start) }

// EpochAt is the leader epoch of the record at an offset as the log's cache of
// epochs has it.
func (v *PartitionView) EpochAt(offset kafka.Offset) kafka.LeaderEpoch { return v.log.EpochAt(offset) }

// Written tells whether the log serves and nothing of it waits to be written: of one
// that is synced not to the journal either.
func (v *PartitionView) Written() bool {
	return v.log.Appendable() && v.log.WrittenEndOffset == v.log.LogEndOffset && (!v.Synced || v.log.DurableEndOffset == v.log.LogEndOffset)
}

// Settled tells whether all of the log has reached the disk and no change of it
// is under way, so that a recovery would find it as it is.
func (v *PartitionView) Settled() bool {
	return v.log.Appendable() && v.log.NextLogStart() == v.log.LogStartOffset && v.log.DurableEndOffset == v.log.LogEndOffset && v.log.WrittenEndOffset == v.log.LogEndOffset
}

// Unlike is partition.Log.Unlike.
func (v *PartitionView) Unlike(rebuilt *partition.Log, now kafka.Now) string {
	return v.log.Unlike(rebuilt, now)
}

// RecordsPath is the file that holds the records of the log's i-th segment.
func (v *PartitionView) RecordsPath(i int) string { return v.log.RecordsPath(i) }

// Rewritten is partition.Log.Rewritten.
func (v *PartitionView) Rewritten() kafka.Offset { return v.log.Rewritten() }

// Cleaned is partition.Log.Cleaned.
func (v *PartitionView) Cleaned() kafka.Offset { return v.log.Cleaned() }

// SegmentBase is the base offset of the log's i-th segment.
func (v *PartitionView) SegmentBase(i int) kafka.Offset { return v.log.SegmentBase(i) }

// Tidy tells whether the broker serves and none of its files waits for its removal
// (partition.Journal.Tidy).
func (b *Broker) Tidy() bool {
	return b.journal != nil && b.journal.Tidy(func(yield func(*partition.Log) bool) {
		for _, h := range b.hosts {
			if !yield(h.replica.Log) {
				return
			}
		}
	})
}

// AtRest is partition.Journal.AtRest.
func (b *Broker) AtRest() bool { return b.journal != nil && b.journal.AtRest() }

// Counters are totals since the incarnation began, and gauges. The driver
// turns them into metrics.
type Counters struct {
	Requests               uint64 // taken in
	Replies                uint64 // handed to the driver, acks=0 included
	Malformed              uint64 // requests that could not be read
	Errors                 uint64 // parts of replies whose code is not NONE
	ProduceBatches         uint64 // appended
	ProduceRecords         uint64
	ProduceBytes           uint64
	ProduceRefused         uint64 // batches refused
	ProduceRefusedFull     uint64 // of them, because the disk was full or nearly
	Duplicates             uint64 // batches answered from producer state
	FetchBytes             uint64
	FetchReads             uint64 // disk reads emitted
	FetchLooks             uint64 // partitions that fetches looked at
	FetchSessionsEvicted   uint64 // to make room for others
	Jobs                   uint64 // upkeep jobs emitted
	Proposals              uint64
	Rebalances             uint64 // of groups coordinated here
	LeaderChanges          uint64 // of partitions, as the image showed them
	UncleanElections       uint64 // likewise
	ISRShrinks             uint64 // of partitions led here
	ISRExpands             uint64 // likewise
	SegmentsRemoved        uint64 // of which nothing was to be kept
	ScrubbedBytes          uint64
	ScrubRounds            uint64 // over all logs
	ScrubFindings          uint64 // batches and checkpoints that were not what they must be
	ReplicasBegunAnew      uint64 // as their logs were damaged
	ReplicasHealed         uint64 // of those: in sync again
	CleanerPasses          uint64 // over compacted logs, to their end
	CleanerReadBytes       uint64
	CleanerWrittenBytes    uint64
	CleanerRecordsRemoved  uint64
	Redone                 uint64 // batches that recovery wrote again
	WaitingProduces        int64  // requests, now
	WaitingFetches         int64  // requests, now
	FetchSessions          int64  // now
	FetchSessionPartitions int64  // of all sessions, now
	Connections            int64  // now
	Logs                   int64  // now
	DamagedLogs            int64  // of which something cannot be read, now
	UncleanableLogs        int64  // that the cleaner leaves alone until the next start, now
	JournalBytes           int64  // in all generations, now
	JournalPending         int64  // emitted and not yet durable, now
	DiskFree               int64  // as last reported
	NextLSN                kafka.LSN
	DurableLSN             kafka.LSN
}

// Counters returns the totals and gauges.
func (b *Broker) Counters() Counters {
	c := b.counters
	c.Logs, c.DiskFree = int64(len(b.hosts)), b.diskFree
	c.FetchSessions, c.FetchSessionPartitions = int64(len(b.fetchSessions.all)), int64(b.fetchSessions.partitions)
	for _, h := range b.hosts {
		if h.damage.found {
			c.DamagedLogs++
		}
		if h.replica.Log.Uncleanable() != "" {
			c.UncleanableLogs++
		}
	}
	if b.journal != nil {
		c.JournalBytes, c.JournalPending = b.journal.Bytes(), b.journal.Pending()
		c.NextLSN, c.DurableLSN = b.journal.NextLSN(), b.journal.Durable()
	}
	return c
}

// recoveryDetail says for people what recovery met.
func recoveryDetail(r *partition.RecoverResult) string {
	s := strconv.Itoa(len(r.Logs)) + " logs"
	if r.Redone > 0 {
		s += ", " + strconv.Itoa(r.Redone) + " batches redone from the journal"
	}
	if r.Large > 0 {
		s += ", " + strconv.Itoa(r.Large) + " large ones found in their segments"
	}
	if r.Cut > 0 {
		s += ", " + strconv.Itoa(r.Cut) + " logs cut behind their last counted byte"
	}
	if r.TornTail {
		s += ", a torn journal tail cut"
	}
	if r.Fenced > 0 {
		s += ", " + strconv.Itoa(r.Fenced) + " logs fenced for damage"
	}
	if r.Unattributed > 0 {
		s += ", " + strconv.Itoa(r.Unattributed) + " damaged journal entries of unknown logs"
	}
	return s
}

// countRecovery takes what recovery met into counters and probes.
func (b *Broker) countRecovery(r *partition.RecoverResult) {
	b.counters.Redone = uint64(r.Redone)
	b.probeRecovery(r)
}
