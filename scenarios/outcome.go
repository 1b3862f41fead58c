package scenarios

import (
	"strings"

	"trialog/checker"
	"trialog/checker/history"
)

// Tally is a named count.
type Tally struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// Outcome is what one seed of one scenario gave on one arm.
type Outcome struct {
	Scenario  string `json:"scenario"`
	Seed      uint64 `json:"seed"`
	Arm       string `json:"arm"`
	TraceHash string `json:"trace_hash,omitempty"`

	// Unsupported names the faults of the scenario that the arm cannot inject.
	// A seed whose every fault is among them was not run.
	Unsupported []string `json:"unsupported,omitempty"`
	NotRun      bool     `json:"not_run,omitempty"`

	Judgements []Judgement `json:"judgements,omitempty"`
	// Failure is what makes the seed red; nil: nothing does.
	Failure *Failure `json:"failure,omitempty"`
	// Caught says that a control showed its anomaly.
	Caught bool `json:"caught,omitempty"`
	// Lacking names the needs that the seed did not meet.
	Lacking []string `json:"lacking,omitempty"`

	Operations  int64 `json:"operations"`   // of clients, all kinds, that were answered OK
	Acked       int64 `json:"acked"`        // sends acknowledged
	AckedValues int64 `json:"acked_values"` // records in them
	Read        int64 `json:"read"`         // records read before the final scan
	FaultsFired int64 `json:"faults_fired"`
	Restarts    int64 `json:"restarts"`
	LaterSends  int64 `json:"later_sends,omitempty"` // acknowledged by a topic that another one had the name of before
	LogStarts   int64 `json:"log_starts,omitempty"`  // moves of a log start
	Commits     int64 `json:"commits,omitempty"`     // offsets that members committed
	Events      int64 `json:"events,omitempty"`      // of the simulator
	Span        int64 `json:"span_ns"`               // virtual or real nanoseconds
	CPU         int64 `json:"cpu_ns"`                // of the arm's thread, judge included
	Judging     int64 `json:"judging_ns"`            // of it, the judge

	Faults []Tally `json:"faults,omitempty"`
	// Moved counts, by kind, the faults of nodes that moved a leader. Real clusters only.
	Moved  []Tally `json:"moved,omitempty"`
	Probes []Tally `json:"probes,omitempty"`
	// Rounds is how often a process was ended on purpose. ReadyMs are the times from
	// the start of a new one until it said that it serves, RestartMs those until it
	// had acknowledged a record. Real processes only.
	Rounds    int64   `json:"rounds,omitempty"`
	ReadyMs   []int64 `json:"ready_ms,omitempty"`
	RestartMs []int64 `json:"restart_ms,omitempty"`
	// HistoryFile is where the history was kept; empty: it was not.
	HistoryFile string `json:"history_file,omitempty"`
}

// Judgement is the verdict on one property.
type Judgement struct {
	Number int     `json:"number"`
	Name   string  `json:"name"`
	Status string  `json:"status"`
	Reason string  `json:"reason,omitempty"`
	Found  []Tally `json:"found,omitempty"`
	Risk   []Tally `json:"risk,omitempty"`
}

// Failure says why a seed is red.
type Failure struct {
	Property string `json:"property"` // its name; "invariant", "progress" or "harness" if no judge found it
	Class    Class  `json:"class"`
	Anomaly  string `json:"anomaly"`
	Text     string `json:"text"`
	// Shown are the two or three operations or events that show it.
	Shown []string `json:"shown,omitempty"`
	// History tells that the clients' history alone shows it, without a look inside.
	History bool `json:"history"`
	// Role is what the node of a broken invariant was: leader, follower, client.
	Role string `json:"role,omitempty"`
}

// Signature names how a seed failed, so that two seeds can be told to have failed
// alike: property and anomaly, or the number of the invariant and the role of
// the replica. It is empty when the seed is green, and names the anomaly of a
// control that was caught.
func (o *Outcome) Signature() string {
	f := o.Failure
	switch {
	case f == nil:
		return ""
	case f.Class != ClassInvariant:
		return f.Property + ": " + f.Anomaly
	}
	text := f.Property + ": " + invariantOf(f.Text)
	if f.Role != "" {
		text += " (" + f.Role + ")"
	}
	return text
}

const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// invariantOf is the number that the text of a broken invariant begins with, or
// its first line without the numbers of the moment.
func invariantOf(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	if number, _, ok := strings.Cut(line, ":"); ok && strings.TrimLeft(strings.TrimLeft(number, letters), digits) == "" && strings.ContainsAny(number, digits) {
		return number
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(digits, r) {
			return -1
		}
		return r
	}, line)
}

// Judge puts a report of the checker into the outcome: judgements, what makes
// the seed red, and whether a control was caught.
func (o *Outcome) Judge(s *Scenario, report *checker.Report) {
	for i := range report.Verdicts {
		v := &report.Verdicts[i]
		o.Judgements = append(o.Judgements, Judgement{
			Number: int(v.Property), Name: v.Property.String(), Status: v.Status.String(), Reason: v.Reason,
			Found: tallies(v.Found), Risk: tallies(v.Risk),
		})
		o.Caught = o.Caught || s.Expect.Control() && found(v, s.Expect.Anomaly)
	}
	if v := worst(s, report); v != nil {
		o.fail(failureOf(report.History, v))
	}
}

// Break makes the seed red for a reason that no judge of a property found. The
// first failure of a seed stays, unless it only says that something was not judged:
// why the run stood still says more than that it left no scan.
func (o *Outcome) Break(property string, class Class, text string, shown ...string) {
	o.fail(&Failure{Property: property, Class: class, Anomaly: property, Text: text, Shown: shown})
}

// undecided is the anomaly of a property that nobody could judge.
const undecided = "undecided"

func (o *Outcome) fail(f *Failure) {
	if o.Failure == nil || o.Failure.Anomaly == undecided {
		o.Failure = f
	}
}

// Red tells whether the seed fails its run.
func (o *Outcome) Red() bool { return o.Failure != nil }

// worst is the verdict that makes the seed red. A control is not red for the
// anomaly that it must show, nor for missing it in one seed.
func worst(s *Scenario, report *checker.Report) *checker.Verdict {
	if !s.Expect.Control() {
		return report.Worst()
	}
	for i := range report.Verdicts {
		v := &report.Verdicts[i]
		if v.Status == checker.Violated && !found(v, s.Expect.Anomaly) || v.Status == checker.Unknown && !v.Missing {
			return v
		}
	}
	return nil
}

func found(v *checker.Verdict, anomaly string) bool {
	for _, c := range v.Found {
		if c.Name == anomaly && c.N > 0 {
			return true
		}
	}
	return false
}

func failureOf(h *history.History, v *checker.Verdict) *Failure {
	f := &Failure{Property: v.Property.String(), Class: ClassOf(v.Property), Text: v.Reason, History: v.Property != history.CrashConsistency}
	if v.Status == checker.Unknown {
		f.Anomaly = undecided
		return f
	}
	for i := range v.Anomalies {
		a := &v.Anomalies[i]
		if !a.Claimed && i+1 < len(v.Anomalies) {
			continue
		}
		f.Anomaly, f.Text, f.Shown = a.Name, a.Text, show(h, a)
		break
	}
	return f
}

// shown bounds the operations and events that a failure prints.
const shown = 3

// show puts the operations and events that show an anomaly into words.
func show(h *history.History, a *checker.Anomaly) []string {
	var lines []string
	for _, id := range a.Ops[:min(len(a.Ops), shown)] {
		lines = append(lines, checker.Describe(h, id))
	}
	for _, e := range a.Events[:min(len(a.Events), shown-len(lines))] {
		lines = append(lines, checker.DescribeEvent(h, int(e)))
	}
	return lines
}

func tallies(counts []checker.Count) []Tally {
	list := make([]Tally, 0, len(counts))
	for _, c := range counts {
		list = append(list, Tally{c.Name, c.N})
	}
	return list
}
