package checker

import "fmt"

// judgeOffsetConsistency: at most one record was ever seen at an offset, by
// acknowledgements and by reads of every outcome.
func judgeOffsetConsistency(t *trial, f *finding) {
	for i := range t.conflicts {
		c := &t.conflicts[i]
		position := min(t.since(c.first), t.since(c.second))
		if a := f.found("inconsistent-offsets", c.partition, position); a != nil {
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
