package history

// EventKind says what happened beside the clients' operations.
type EventKind uint8

// The kinds of events.
const (
	// Fault: a fault struck (Fault, Node, Peer).
	Fault EventKind = iota + 1
	// Heal: a lasting fault ended; with FaultNone, all of them.
	Heal
	// Crash: a node stopped: FaultKill (the process; the operating system keeps
	// what was written), FaultPower (what was not synced is lost), or Clean.
	Crash
	// Start: a node runs again; it may still be recovering.
	Start
	// Recovered: a restarted node has recovered one log: what it had to keep
	// and what it found.
	Recovered
	// Leader: a partition got the leader Node in LeaderEpoch.
	Leader
	// ISR: a partition's in-sync set has Count members; Note lists them.
	ISR
	// Truncated: a replica cut its log to FoundEndOffset.
	Truncated
	// LogStart: a partition's leader Node has moved its log start to
	// LogStartOffset, by retention or because it was asked to, and has Count bytes left.
	LogStart
	// Replicated: every replica of the partition is in sync again, on disks
	// that hold what they acknowledged: lost copies no longer count.
	Replicated
	// Risk: the driver saw that Count records of Property's kind were at risk.
	Risk
	// Void: the driver knows that Property (0: any) is beyond what is claimed
	// from here on, for the partition (NoPartition: all). Note says why.
	Void
	// Phase: a part of the run begins (Note is one of the Phase constants).
	Phase
	// Note: text for people.
	Note
	// Replica: the driver looked at the copy of Partition on Node: its log ends
	// at FoundEndOffset and starts at LogStartOffset, its high watermark is
	// HighWatermark, its epoch LeaderEpoch; Leading, if it leads. Written when
	// one of these has changed since the last look; no judge reads it.
	Replica
	// ModeChanged: Partition, of one replica, acknowledges in the mode Note from
	// here on. With ModeSynced all that it acknowledged before is durable, too.
	ModeChanged
	eventKinds
)

// Phases of a run, in this order.
const (
	PhaseWorkload = "workload"
	PhaseHeal     = "heal"
	PhaseScan     = "scan"
	PhaseEnd      = "end"
)

// FaultKind names a fault.
type FaultKind uint8

// The faults.
const (
	FaultNone        FaultKind = iota
	FaultKill                  // the process dies; the operating system keeps what was written
	FaultPower                 // the machine dies; what was not synced is lost or torn
	FaultPause                 // the process stops for a while
	FaultLink                  // a link drops everything
	FaultDrop                  // single messages or connections are lost
	FaultDelay                 // messages are late
	FaultDuplicate             // messages arrive twice
	FaultReorder               // messages of different connections overtake
	FaultReset                 // a connection is reset
	FaultHalfOpen              // one direction of a connection is dead
	FaultDiskError             // one call fails with EIO
	FaultDiskDead              // every call fails from now on
	FaultDiskFull              // ENOSPC
	FaultDiskShort             // short write
	FaultDiskStall             // calls take very long
	FaultDiskFlip              // a bit of durable data flips
	FaultDiskWiped             // a data directory comes back empty
	FaultClockStep             // a wall clock steps
	FaultClockDrift            // a clock runs fast or slow
	FaultClockFreeze           // a clock stands still for a while
	faultKinds
)

// LosesDisk tells whether the fault takes durable copies away, so that it
// counts against the number of lost disks that a guarantee survives.
func (f FaultKind) LosesDisk() bool {
	return f == FaultDiskDead || f == FaultDiskFlip || f == FaultDiskWiped
}

// Event is something that happened beside the clients' operations.
type Event struct {
	Pos  int64
	Time int64 // nanoseconds

	// Recovered: the crash had to spare the bytes of offsets below
	// RequiredEndOffset (power cut: what was synced when the power went;
	// killed process: what was written). AppendedEndOffset is the largest end
	// that the log ever had before the crash. FoundEndOffset is where the
	// recovered log ends (Truncated: the new end), LogStartOffset where it
	// starts. FoundHash is a hash of the batches found, WantHash the same hash
	// of what had been appended at the same offsets; both 0: not computed.
	RequiredEndOffset int64
	AppendedEndOffset int64
	FoundEndOffset    int64
	LogStartOffset    int64
	FoundHash         uint64
	WantHash          uint64
	HighWatermark     int64 // Replica
	Until             int64 // Fault: the time at which it ends by itself; 0: not told

	Note string

	Node        int32
	Peer        int32
	Partition   Partition
	LeaderEpoch int32
	Count       int32
	Kind        EventKind
	Fault       FaultKind
	Property    Property
	Fenced      bool // Recovered: refused service instead of serving what it found
	Clean       bool // Crash, Start: with a clean mark
	Leading     bool // Replica: leads the partition
}

// NewEvent returns an event with every field that is not told Unset.
func NewEvent(kind EventKind, node int32) Event {
	return Event{
		Kind: kind, Node: node, Peer: Unset, Partition: NoPartition, LeaderEpoch: Unset,
		RequiredEndOffset: Unset, AppendedEndOffset: Unset, FoundEndOffset: Unset, LogStartOffset: Unset,
		HighWatermark: Unset,
	}
}
