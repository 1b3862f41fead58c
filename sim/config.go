package sim

import (
	"io"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/client"
	"trialog/core/quorum/model"
	"trialog/sim/choice"
)

// Times of this package are virtual nanoseconds since the start of the run.
const (
	Microsecond int64 = 1_000
	Millisecond       = 1_000 * Microsecond
	Second            = 1_000 * Millisecond
	Minute            = 60 * Second
)

// Config is everything that a run depends on. Two runs of equal configurations
// are equal, bit for bit.
type Config struct {
	Seed uint64
	// Tape overrides single draws; nil for a plain run.
	Tape []choice.Override

	// Even: nothing is drawn. Every choice that Tape does not override is the dull
	// one (choice.NewEven).
	Even bool
	// Explore are the faults that a choice before each event of a broker decides
	// about while faults may strike, the first for the value 1; nil: there is no
	// such choice. Then each delivery may be held past others, too.
	Explore []Strike

	// Brokers is their number; their node IDs are 1..Brokers, their hosts are
	// named "broker1"… and listen on port 9092.
	Brokers int
	// Absent are the nodes of brokers that never start: a run with one broker less, in
	// which the others are who they were.
	Absent []int
	// Voters is how many of them, from the first, vote in the metadata quorum;
	// 0: all, up to five.
	Voters int
	// Membership lets the controller decide who is in the metadata quorum; otherwise
	// that stays, and a broker on an empty disk is taken back under the hand.
	Membership bool
	// Balanced: a run ends once every partition is led by the replica that it prefers.
	Balanced bool
	// Settings are every broker's static settings by Kafka's names.
	Settings map[string]string
	// Racks are the brokers' racks, from the first; nil: they are in none.
	Racks []string
	// Limits are every broker's limits. No ConnectionRequests: broker.DefaultLimits.
	Limits broker.Limits
	// Clients are the client hosts, one application each.
	Clients []ClientSpec

	// Quorum is how the metadata quorum's model behaves.
	Quorum  model.Limits
	Network Network
	Disk    Disk
	Clock   Clock
	Faults  Faults
	Phases  Phases

	// WirePercent is the share of connections whose messages pass as bytes
	// through core/protocol, cut at arbitrary places; the others pass as objects.
	WirePercent uint64
	// BatchSteps is how many Steps at most share one Effects, as under load in
	// the node. 0 or 1: each Step's effects are carried out at once.
	BatchSteps int
	// CheckEvery is the number of a machine's Steps between two full walks over its
	// invariants; 0: 1024. Negative: never.
	CheckEvery int

	// Scrubbed: the run is over once every broker has read its logs over after
	// everything had healed, and no damage is left.
	Scrubbed bool
	// MinISR is the effective min ISR of every topic of a cluster whose replicas are
	// to be compared at every step; 0: they are not.
	MinISR int

	// LogStarts has log starts watched: none may go back, and the observer is told
	// of each that a leader moves.
	LogStarts bool

	// Blind: nobody looks inside. Machines are not asked for their invariants, replicas
	// are not compared, and a false belief is handled as in production; what is left to
	// show a bug is what clients see, and a panic.
	Blind bool

	// Observer is told what happens; nil: nobody.
	Observer Observer
	// Trace, when not nil, receives one line of text an event. It changes nothing.
	Trace io.Writer
	// TraceFrom and TraceTo bound Trace to the events with these numbers; 0, 0: all.
	TraceFrom, TraceTo uint64
	// Record keeps every trace record and every draw that was not dull in the
	// Result, for comparing and for shrinking.
	Record bool
	// Memory, when not nil, is taken from the run before and left to the next. It
	// changes nothing.
	Memory *Memory
	// Panic lets a panic of a machine end the program, with its stack, instead of
	// the run.
	Panic bool
	// Leak is called before every event when not nil. Tests of determinism plant
	// something there that must not be (a clock, a map's order) and look for
	// another hash. What it returns is folded into the next Step's instant as a
	// change of 0 to 7 ns.
	Leak func() uint64
}

// Codecs are what the simulator compresses with: one codec that is good enough,
// under each of Kafka's names.
func Codecs() batch.Codecs {
	return batch.Codecs{batch.Gzip: batch.RunLength{}, batch.Snappy: batch.RunLength{}, batch.LZ4: batch.RunLength{}, batch.Zstd: batch.RunLength{}}
}

// ClientSpec is one client host.
type ClientSpec struct {
	// Name is the host's name, and the client ID when Client has none.
	Name string
	// Client is what the machine is started with. Empty Bootstrap: all brokers.
	// Seed and Fatal are set by the host.
	Client client.Config
	// App runs on the host. It must not be shared between hosts.
	App App
}

// Phases are the parts of a run, in virtual nanoseconds. Faults strike only in
// the second.
type Phases struct {
	Warmup int64 // the cluster forms; no faults
	Faults int64 // faults strike
	Heal   int64 // every fault has ended, every node is up again
	// Extra is how much longer the run may go on after Heal until every App says
	// that it is Idle.
	Extra int64
}

// Network is how messages travel.
type Network struct {
	DelayMin, DelayJitter int64  // one way, per message
	SpikePpm              uint64 // messages that take up to SpikeMax
	SpikeMax              int64
	Connect               int64 // to open a connection, besides a round trip
	// Timeout is how long a driver waits for the answer of a peer, or for a
	// silent connection, before it gives the connection up.
	Timeout int64
}

// Disk is how disks behave when nothing is wrong.
type Disk struct {
	WriteMin, WriteJitter int64
	SyncMin, SyncJitter   int64
	ReadMin, ReadJitter   int64
	JobMin, JobJitter     int64
	// SegmentBytes is the size at which a file of the journal is full.
	SegmentBytes int64
	// Capacity is the disk's size in bytes; 0: 1 GiB.
	Capacity int64
}

// Clock bounds how far the nodes' clocks are off at the start.
type Clock struct {
	OffsetMaxMs int64 // wall clocks, either way
	DriftMaxPpm int64 // both clocks, either way
}
