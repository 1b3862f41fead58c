package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeCrashConsistency: what a restarted node found in a log is a prefix of
// what had been appended and contains all that the crash had to spare. It may
// refuse to serve the log instead, but only if a disk fault gave it a reason.
func judgeCrashConsistency(t *trial, f *finding) {
	for i := range t.h.Events {
		e := &t.h.Events[i]
		if e.Kind != history.Recovered {
			continue
		}
		name, text := recoveryFault(t.h, i)
		if name == "" {
			if f.claims(e.Partition, e.Pos) && !e.Fenced {
				f.context("logs recovered", 1)
				if e.RequiredEndOffset > max(e.LogStartOffset, 0) {
					f.risk("logs recovered with something to spare", 1)
				}
			} else if e.Fenced {
				// Its bytes were at risk, and it did what it must.
				f.risk("logs fenced after a disk fault", 1)
			}
			continue
		}
		if a := f.found(name, e.Partition, e.Pos); a != nil {
			a.Offset, a.Text = e.FoundEndOffset, text
			if c := crashBefore(t.h, i); c >= 0 {
				a.Events = append(a.Events, c)
			}
			a.Events = append(a.Events, int32(i))
		}
	}
}

// recoveryFault names what is wrong with a recovery; "" if nothing is.
func recoveryFault(h *history.History, i int) (name, text string) {
	e := &h.Events[i]
	switch {
	case e.Fenced && !diskFault(h.Events[:i], e.Node):
		return "fenced-without-damage", "the log was fenced, and no disk fault had struck the node"
	case e.Fenced:
		return "", ""
	case e.FoundEndOffset < e.RequiredEndOffset:
		return "lost-synced", fmt.Sprintf("the crash had to spare offsets below %d, and the log ends at %d", e.RequiredEndOffset, e.FoundEndOffset)
	case e.AppendedEndOffset != history.Unset && e.FoundEndOffset > e.AppendedEndOffset:
		return "recovered-beyond-end", fmt.Sprintf("the log ends at %d, and nothing was ever appended beyond %d", e.FoundEndOffset, e.AppendedEndOffset)
	case e.FoundHash != e.WantHash:
		return "not-a-prefix", fmt.Sprintf("the bytes below offset %d are not those that were appended", e.FoundEndOffset)
	}
	return "", ""
}

// crashBefore finds the crash that a recovery answers.
func crashBefore(h *history.History, i int) int32 {
	for j := i - 1; j >= 0; j-- {
		if e := &h.Events[j]; e.Kind == history.Crash && e.Node == h.Events[i].Node {
			return int32(j)
		}
	}
	return -1
}
