package sim

import (
	"trialog/core/must"
	"trialog/sim/choice"
)

// Result is what a run tells at its end.
type Result struct {
	Seed uint64
	// TraceHash covers every event: time, node, kind, effect digest; and, at the
	// end, the number of draws of every stream.
	TraceHash [16]byte
	Events    uint64 // events carried out
	Steps     uint64 // Steps of machines
	Draws     uint64
	Virtual   int64 // virtual nanoseconds
	Messages  uint64
	Bytes     uint64 // on the wire, where messages passed as bytes

	// Broken is the invariant or belief that did not hold; empty: none.
	Broken     string
	BrokenAt   int64
	BrokenNode int
	// Stuck says that the run ended with an App that was not idle, a replica that was
	// not in sync, a metadata quorum whose members were not those decided, or a
	// partition that was not given back to the leader it prefers (Config.Balanced).
	Stuck bool
	// ServingAtEnd is how many brokers served clients at the end.
	ServingAtEnd int

	Faults   [FaultKindCount]int // how often each kind struck
	Probes   [must.ProbeCount]uint64
	Beliefs  [must.BeliefCount]uint64
	Restarts int
	Jobs     int
	Reads    uint64
	Appends  uint64
	Syncs    uint64
	// LostBytes is how many unsynced bytes power cuts took.
	LostBytes int64

	// Unused are the overrides of Config.Tape that no draw consumed.
	Unused []choice.Override
	// Choices are, with Config.Record, the draws that were not dull.
	Choices []choice.Override
	// Records are, with Config.Record, the trace.
	Records []Record
	// Checkpoints are the hash after every 1024 events.
	Checkpoints []uint64
}

// Record is one event of the trace.
type Record struct {
	At     int64
	Digest uint64 // of the event and of its effects
	Node   uint16
	Kind   EventKind
}
