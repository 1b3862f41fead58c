package must

// The probes, grouped by package. Add a constant and its name together; the
// names are what the soak's report prints.
const (
	DuplicateAnsweredFromCache Probe = iota // partition: a retried batch met its original
	DuplicateWaited                         // replication: a duplicate waited for its original's durability
	SequenceWrapped                         // partition: a sequence passed the largest int32
	TornTailCut                             // partition: recovery cut a torn journal tail
	DamageFenced                            // partition: recovery fenced a log for damage below the durable mark
	RedoneFromJournal                       // partition: recovery rewrote segment bytes from the journal

	ProbeCount // must stay last
)

var probeNames = [ProbeCount]string{
	DuplicateAnsweredFromCache: "duplicate-answered-from-cache",
	DuplicateWaited:            "duplicate-waited",
	SequenceWrapped:            "sequence-wrapped",
	TornTailCut:                "torn-tail-cut",
	DamageFenced:               "damage-fenced",
	RedoneFromJournal:          "redone-from-journal",
}

// String names the probe.
func (p Probe) String() string { return probeNames[p] }
