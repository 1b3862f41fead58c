package scenarios

import "trialog/checker/history"

// Class groups properties that one kind of mistake breaks, so that a detection
// can be told from a coincidence.
type Class string

// The classes.
const (
	ClassDurability  Class = "durability"        // something acknowledged is gone
	ClassConsistency Class = "consistency"       // two readers, or a reader and a writer, were told different things
	ClassDuplicates  Class = "duplicates"        // something is there twice
	ClassOrder       Class = "order"             // something is in the wrong order
	ClassGroups      Class = "groups"            // a consumer group lost its place, or had two owners
	ClassCrash       Class = "crash-consistency" // recovery found what it must not, or lost what it had to keep
	ClassInvariant   Class = "invariant"         // a machine broke one of its own rules
	ClassProgress    Class = "progress"          // after everything healed, something stands still
	ClassHarness     Class = "harness"           // the trial itself could not be carried out
)

// Classes lists the classes.
func Classes() []Class {
	return []Class{ClassDurability, ClassConsistency, ClassDuplicates, ClassOrder, ClassGroups, ClassCrash, ClassInvariant, ClassProgress, ClassHarness}
}

// ClassOf is the class that a violation of the property belongs to.
func ClassOf(p history.Property) Class {
	switch p {
	case history.Durability, history.TailDurability, history.LogLife, history.Compaction:
		return ClassDurability
	case history.OffsetConsistency, history.NoPhantom, history.LogLinearizable, history.TopicLives, history.OffsetByTime:
		return ClassConsistency
	case history.NoDuplicate:
		return ClassDuplicates
	case history.ProducerOrder, history.AppendRealtime, history.SessionMonotonicReads:
		return ClassOrder
	case history.GroupAtLeastOnce, history.GroupExclusivity, history.CommitLinearizable:
		return ClassGroups
	case history.CrashConsistency:
		return ClassCrash
	default:
		return ClassHarness
	}
}
