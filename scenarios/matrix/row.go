package matrix

import (
	"trialog/checker/history"
	"trialog/scenarios"
)

// Row is one cell of the matrix.
type Row struct {
	// ID names the row for good.
	ID string
	// Part is the heading that it stands under.
	Part Part
	// Holds: the guarantee is claimed. Otherwise Anomaly must be shown.
	Holds    bool
	Property history.Property
	// Guarantee says in one sentence what is claimed, or what is not.
	Guarantee string
	// Settings and Under are the conditions, in Kafka's names and in words.
	Settings, Under string
	// Scenarios try it; each injects at least one of Faults.
	Scenarios []string
	Faults    []scenarios.Kind
	// Mutants are known bugs that a trial of this row must be able to find.
	Mutants []string
	// Anomaly, of a row that is not claimed, must be found by its scenarios.
	Anomaly string
	// Note says what a reader should know beside it.
	Note string
}

// Part is a heading of the matrix.
type Part string

// The parts, in order.
const (
	OneBroker Part = "One broker, topics of one replica"
	Cluster   Part = "Three brokers, three replicas"
	Sizes     Part = "Two and five brokers, every partition on each"
	NotOurs   Part = "Not claimed, and shown"
)

// Parts lists the headings in order.
func Parts() []Part { return []Part{OneBroker, Cluster, Sizes, NotOurs} }

// Rows returns the whole matrix.
func Rows() []Row {
	return append(append(append(single(), append(cluster(), sizes()...)...), groups()...), controls()...)
}

// The settings that rows share.
const (
	anySettings  = "any"
	acknowledged = "acks=1 or all, flush.messages=1"
	idempotent   = "enable.idempotence=true"
	ordered      = "enable.idempotence=true, or max.in.flight.requests.per.connection=1"
	assigned     = "assigned partitions"
	syncedAll    = "acks=all, min.insync.replicas=2, flush.messages=1, unclean.leader.election.enable=false"
	unsyncedAll  = "acks=all, min.insync.replicas=2, flush.messages=" + scenarios.NoLimit + ", unclean.leader.election.enable=false"
)

// The sentences that rows share.
const (
	saysKept       = "what was acknowledged is read by the final scan"
	saysOneRecord  = "no two records are seen at one offset"
	saysSent       = "no record is read that nobody sent, or whose send definitely failed"
	saysOnce       = "a record of an idempotent producer lies at one offset"
	saysOrder      = "one producer's records lie in the order of their sends"
	saysRealtime   = "a send acknowledged before another began has the smaller offset"
	saysLinear     = "appends and reads of a partition are linearizable"
	saysSession    = "a consumer neither skips nor goes back unless it is told to"
	saysPrefix     = "a restarted log holds a prefix of what was appended, with all that the crash had to spare"
	saysLife       = "what was deleted was due to go, by true age, by size or on request, and no log start goes back"
	saysCompacted  = "a read of a compacted topic lacks only what a newer record of its key has followed, and tombstones older than `delete.retention.ms`"
	saysTime       = "who asks where a time begins is told of no record behind the first that is as young"
	saysAgain      = "of a topic that was deleted nothing is seen in the one that has its name next"
	saysComesBack  = "after the faults the final scan goes as far as what was acknowledged"
	manyKills      = "any number of process kills"
	manyCuts       = "any number of power cuts, at any call to the file system, inside recovery too"
	brokenLinks    = "connections that break, go silent and lag, lost answers, requests that cannot be read"
	movingClocks   = "clocks that step both ways, drift and freeze; record timestamps of other days"
	failingDisk    = "failed writes, reads and fsyncs, short writes, stalls, a full disk"
	cutLinksInside = "links between brokers and to clients cut one way or both, brokers isolated"
)

// holds is short for a row that is claimed.
func holds(id string, part Part, p history.Property, guarantee, settings, under string, list []string, faults []scenarios.Kind, mutants ...string) Row {
	return Row{
		ID: id, Part: part, Holds: true, Property: p, Guarantee: guarantee, Settings: settings, Under: under,
		Scenarios: list, Faults: faults, Mutants: mutants,
	}
}

func (r Row) note(text string) Row {
	r.Note = text
	return r
}

func of(names ...string) []string { return names }

func struck(kinds ...scenarios.Kind) []scenarios.Kind { return kinds }
