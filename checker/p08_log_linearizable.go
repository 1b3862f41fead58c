package checker

import (
	"fmt"
	"time"

	"trialog/checker/history"
)

// judgeLogLinearizable: the appends and reads of a partition fit one order of
// instants, each between its call and its return, in which every read sees the
// log as it is at that instant. The judge is solve, over the whole history;
// Porcupine, which knows nothing of solve, repeats it over windows, and the two
// must agree.
//
// With several replicas a deposed leader may answer reads until it learns of
// its successor: Kafka has no read leases. High watermarks then count as upper
// bounds for information only, unless the header claims this property, save where
// ListOffsets was answered in the newest leader epoch: a leader that does not know
// yet how far its predecessors' records count must not answer (KIP-207).
func judgeLogLinearizable(t *trial, f *finding) {
	inconsistent := make([]*conflict, len(t.logs))
	for i := range t.conflicts {
		if c := &t.conflicts[i]; inconsistent[c.partition] == nil {
			inconsistent[c.partition] = c
		}
	}
	for p := range t.logs {
		switch c := inconsistent[p]; {
		case len(t.logs[p].slots) == 0:
		case c != nil:
			if f.claims(partition(p), min(t.since(c.first), t.since(c.second))) {
				f.unknown(t.h.PartitionName(partition(p)) + ": its offsets are inconsistent")
			}
		default:
			t.judgeLog(f, partition(p))
		}
	}
}

func (t *trial) judgeLog(f *finding, p history.Partition) {
	explicit, _, said := t.claims.override(history.LogLinearizable)
	bounded := t.claims.partitions[p].topic.Replicas == 1 || said && explicit
	if !bounded {
		t.pose(p, true, &t.posed)
		if inv := t.linear.solve(&t.posed); inv.found {
			f.evidence(p, inv, false, "several replicas, and reads have no lease")
		}
	}
	t.pose(p, bounded, &t.posed)
	inv := t.linear.solve(&t.posed)
	t.crossCheck(f, p, inv)
	if !inv.found {
		if f.claims(p, endOfTime) && len(t.posed.appends) > 0 {
			f.context("appends in order", int64(len(t.posed.appends)))
			f.risk("reads with a bound", int64(len(t.posed.reads)))
		}
		return
	}
	claimed, reason := t.claims.claimed(history.LogLinearizable, p, t.earliest(inv))
	f.evidence(p, inv, claimed, reason)
	if voided := t.claims.partitions[p].voided; !claimed && voided < endOfTime {
		rest := t.posed.restrict(func(op int32, call int64) bool { return call > voided && t.since(op) > voided })
		if inv := t.linear.solve(&rest); inv.found {
			f.evidence(p, inv, true, "")
		}
	}
}

// earliest is the first call of what an inversion rests on.
func (t *trial) earliest(inv inversion) int64 {
	position := int64(endOfTime)
	for _, op := range [...]int32{inv.early, inv.late, inv.between} {
		if op >= 0 {
			position = min(position, t.since(op))
		}
	}
	return position
}

func (f *finding) evidence(p history.Partition, inv inversion, claimed bool, reason string) {
	a := f.foundAs(inv.name, p, claimed, reason)
	if a == nil {
		return
	}
	a.Offset, a.Ops = inv.offset, opIDs(inv.early, inv.late, inv.between)
	switch early, late := inv.early, inv.late; inv.name {
	case "read-above-high-watermark":
		a.Text = fmt.Sprintf("operation %d returned offset %d, at or above the high watermark that it was told", early, inv.offset)
	case "early-read":
		a.Text = fmt.Sprintf("operation %d returned before %d was called, and saw the log up to offset %d, behind its record", early, late, inv.offset)
	case "high-watermark-went-back":
		a.Text = fmt.Sprintf("operation %d saw the log up to offset %d; %d, called later, was told an end before that", early, inv.offset, late)
	case "stale-read":
		a.Text = fmt.Sprintf("operation %d was acknowledged at offset %d; %d, called later, was told an end at or before that", early, inv.offset, late)
	default:
		a.Text = fmt.Sprintf("operation %d was acknowledged at offset %d; %d, sent later, lies before it", early, inv.offset, late)
	}
}

// crossCheck repeats the judgement over windows with both judges.
func (t *trial) crossCheck(f *finding, p history.Partition, inv inversion) {
	windows := t.options.Windows
	if inv.found {
		windows = min(windows, 1)
	}
	for n := range windows {
		size := t.options.WindowOps
		w := t.window(&t.posed, p, t.centre(p, n), inv, size)
		theirs := t.options.ask(w.question())
		for theirs.Tired && smaller(&size) {
			w = t.window(&t.posed, p, t.centre(p, n), inv, size)
			theirs = t.options.ask(w.question())
		}
		mine := t.linear.solve(&w)
		switch {
		case theirs.Result == Undecided:
			f.unknown(t.h.PartitionName(p) + ": " + theirs.undecided("a window", t.options.WindowSteps))
		case (theirs.Result == Illegal) != mine.found || inv.found && !mine.found:
			if a := f.foundAs("judges-disagree", p, true, ""); a != nil {
				a.Ops = opIDs(mine.early, mine.late, inv.early, inv.late)
				a.Text = fmt.Sprintf("over a window of %d operations Porcupine says %s, the linear check found a violation: %t",
					len(w.appends)+len(w.reads), theirs.Result, mine.found)
			}
		default:
			f.context("windows that Porcupine agrees on", 1)
		}
	}
}

// defaultWindowSteps and defaultWindowTime bound what Porcupine does with one window.
const (
	defaultWindowSteps = 300_000
	defaultWindowTime  = time.Minute
)
