package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeOffsetConsistency: at most one record was ever seen at an offset, by
// acknowledgements and by reads of every outcome.
func judgeOffsetConsistency(t *trial, f *finding) {
	for i := range t.conflicts {
		c := &t.conflicts[i]
		position := min(t.since(c.first), t.since(c.second))
		claimed, reason := t.claims.claimed(f.v.Property, c.partition, position)
		for _, op := range [2]int32{c.first, c.second} {
			if o := &t.h.Ops[op]; claimed && o.Kind == history.Send {
				// An offset that was told with an acknowledgement of no durability may be
				// given again.
				claimed, reason = t.claims.durable(o)
			}
		}
		if a := f.foundAs("inconsistent-offsets", c.partition, claimed, reason); a != nil {
			a.Offset, a.Value, a.HasValue = c.offset, c.one, true
			a.Ops = opIDs(c.first, c.second)
			a.Text = fmt.Sprintf("offset %d holds %v and %v", c.offset, c.one, c.other)
		}
	}
	for p := range t.logs {
		slots := t.logs[p].slots
		twice := int64(0)
		for i := range slots {
			if slots[i].bits&slotAgain != 0 {
				twice++
			}
		}
		if twice > 0 && f.claims(partition(p), endOfTime) {
			f.risk("offsets seen by two operations", twice)
		}
	}
}
