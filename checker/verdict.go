package checker

import (
	"time"

	"trialog/checker/history"
)

// Status is the outcome of one property's judgement.
type Status uint8

// The verdicts. Only Holds passes where a guarantee is claimed.
const (
	// Holds: claimed, something was at risk, nothing was found.
	Holds Status = iota + 1
	// Violated: claimed, and the evidence shows that it does not hold.
	Violated
	// Vacuous: nothing was at risk, so that nothing was shown. Judged over the
	// seeds of a run, not by a single seed.
	Vacuous
	// Unknown: the judge could not decide: it ran out of time, or the history
	// lacks what it needs (such as a final scan that reaches the end).
	Unknown
	// NotClaimed: settings and faults are beyond what is promised. Anomalies
	// that were found are listed all the same.
	NotClaimed
)

var statusNames = [...]string{"", "HOLDS", "VIOLATED", "VACUOUS", "UNKNOWN", "NOT-CLAIMED"}

// String names the status as reports do.
func (s Status) String() string { return statusNames[s] }

// Anomaly is one thing found.
type Anomaly struct {
	// Name: lost-write, unseen, duplicate, … as Jepsen names them where it does.
	Name      string
	Partition history.Partition
	Offset    int64 // history.Unset: of no offset
	Value     history.Value
	HasValue  bool
	// Ops are the operations that show it, in the order of their calls; Events
	// are indexes into History.Events.
	Ops    []history.OpID
	Events []int32
	// Text says what is wrong with these operations, in one sentence.
	Text string
	// Claimed tells whether the guarantee was claimed where this happened.
	Claimed bool
}

// Verdict is what is found on one property.
type Verdict struct {
	Property history.Property
	Status   Status
	// Reason says why the status is Vacuous, Unknown or NotClaimed.
	Reason string
	// Anomalies holds the first ones found (claimed ones first), at most
	// Options.Anomalies of them; Found counts all, by name.
	Anomalies []Anomaly
	Found     []Count
	// Risk counts what was at risk.
	Risk []Count
	// Expected: the header declared the anomaly found here, or, if Missing,
	// declared one that was not found.
	Expected bool
	Missing  bool
}

// Count is a named number.
type Count struct {
	Name string
	N    int64
}

// Report is the judgement of one history: verdicts in the order of the
// properties' numbers.
type Report struct {
	History  *history.History
	Verdicts []Verdict
	Elapsed  time.Duration

	options Options
}

// Options tune a check. The zero value is the usual check.
type Options struct {
	// Anomalies bounds those listed per property (0: 8). All are counted.
	Anomalies int
	// Windows bounds the windows cross-checked with Porcupine per partition
	// (0: 1; negative: none), WindowOps and WindowClients their size (0: 300
	// operations, 5 clients).
	Windows       int
	WindowOps     int
	WindowClients int
	// WindowSteps bounds Porcupine's work on a window, in steps of its model (0:
	// 300,000); a window that takes more is halved.
	WindowSteps int
	// WindowTime ends a window that hangs (0: 1 min). What it ends is UNKNOWN, whatever
	// a smaller window would tell: a verdict does not depend on the machine unsaid.
	WindowTime time.Duration
	// Porcupine answers for it, from another process for example (nil: AnswerHere).
	Porcupine func(*Question) Answer
	// Properties restricts the check (nil: all).
	Properties []history.Property
}
