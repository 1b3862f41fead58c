package history

import "strconv"

// Property is a number of the catalogue of properties. Verdicts, claims and
// risk marks name properties by it.
type Property uint8

// The properties that have a judge.
const (
	AnyProperty           Property = 0
	OffsetConsistency     Property = 1
	NoPhantom             Property = 2
	Durability            Property = 3
	TailDurability        Property = 4
	NoDuplicate           Property = 5
	ProducerOrder         Property = 6
	AppendRealtime        Property = 7
	LogLinearizable       Property = 8
	SessionMonotonicReads Property = 9
	GroupAtLeastOnce      Property = 10
	GroupExclusivity      Property = 11
	CommitLinearizable    Property = 12
	LogLife               Property = 21
	CrashConsistency      Property = 22
	Compaction            Property = 23
	TopicLives            Property = 24
	OffsetByTime          Property = 25
)

// Definition is a property's entry in the catalogue.
type Definition struct {
	Property Property
	Name     string
	Says     string // what holds, in one sentence
}

// Catalogue lists the properties that have a judge, by number.
func Catalogue() []Definition { return catalogue[:] }

var catalogue = [...]Definition{
	{OffsetConsistency, "offset-consistency", "No two records were seen at one offset of a partition."},
	{NoPhantom, "no-phantom", "Every record read was sent before, to that partition, and its send did not definitely fail."},
	{Durability, "durability", "What was acknowledged or read is in the final scan, as far as the scan goes."},
	{TailDurability, "tail-durability", "The final scan goes as far as what was acknowledged."},
	{NoDuplicate, "no-duplicate", "A record of an idempotent producer lies at one offset."},
	{ProducerOrder, "producer-order", "The records of one producer lie in a partition in the order of their sends."},
	{AppendRealtime, "append-realtime", "A send that was acknowledged before another began has the smaller offset."},
	{LogLinearizable, "log-linearizable", "Appends and reads of a partition, high watermarks included, fit one order of instants, each between call and return."},
	{SessionMonotonicReads, "session-monotonic-reads", "A consumer neither skips a record nor goes back unless it is told to; a group's member begins where the group has committed."},
	{GroupAtLeastOnce, "group-at-least-once", "What a member of a group commits lies behind no record that no member had read."},
	{GroupExclusivity, "group-exclusivity", "In one generation a partition has one owner, and a commit of a generation that is over is refused."},
	{CommitLinearizable, "offset-commit-linearizable", "A group's offset in a partition is what was committed last: commits and their reading fit one order of instants, each between call and return."},
	{LogLife, "log-life", "What was deleted was due to go, by true time or size or somebody's request, and no log start goes back."},
	{CrashConsistency, "crash-consistency", "A restarted node has a prefix of what was appended, with all that the crash had to spare."},
	{Compaction, "compaction", "A read of a compacted topic lacks only records that a newer one of their key had followed, and tombstones whose time was over."},
	{TopicLives, "topic-lives", "Of a topic that was deleted nothing is seen in the one that has its name next: no record, no offset, no committed offset, nothing that it knew of a producer."},
	{OffsetByTime, "offset-by-time", "Who asks where a time begins is told of no record behind the first that is as young."},
}

// String names a property as reports do.
func (p Property) String() string {
	for i := range catalogue {
		if catalogue[i].Property == p {
			return catalogue[i].Name
		}
	}
	return "property-" + strconv.Itoa(int(p))
}

// ParseProperty finds a property by number ("3") or name ("durability").
func ParseProperty(s string) (Property, bool) {
	for i := range catalogue {
		if catalogue[i].Name == s || strconv.Itoa(int(catalogue[i].Property)) == s {
			return catalogue[i].Property, true
		}
	}
	return AnyProperty, false
}
