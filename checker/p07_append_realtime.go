package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeAppendRealtime: a send that was acknowledged before another was called
// has the smaller offset, whoever the producers are. One sweep over the
// timeline keeps, for each partition, the largest offset acknowledged so far.
func judgeAppendRealtime(t *trial, f *finding) {
	type front struct {
		offset int64
		op     int32
	}
	fronts := make([]front, len(t.h.Partitions))
	for p := range fronts {
		fronts[p] = front{history.Unset, history.Unset}
	}
	for _, code := range t.timeline {
		i := max(code, -code) - 1
		o := &t.h.Ops[i]
		if o.Kind != history.Send || o.RecordCount == 0 {
			continue
		}
		at := &fronts[o.Partition]
		if code < 0 {
			end := o.Offset + int64(o.RecordCount) - 1
			if o.Outcome == history.OK && o.Offset >= 0 && (end > at.offset || t.begunAnew(at.op, i)) {
				*at = front{end, i}
			}
			continue
		}
		low, _ := offsetsOf(t.values.sent[t.firstOf[i]:][:o.RecordCount])
		if low == history.Unset || at.op < 0 {
			continue
		}
		position := t.h.Ops[at.op].InvokePos
		switch {
		case low < at.offset: // at the same offset: that is property 1
			if a := f.found("realtime-nonmonotonic-send", o.Partition, position); a != nil {
				a.Offset, a.Value, a.HasValue = low, t.valueOf(t.firstOf[i]), true
				a.Ops = opIDs(at.op, i)
				a.Text = fmt.Sprintf("sent after offset %d had been acknowledged, yet at offset %d", at.offset, low)
			}
		case f.claims(o.Partition, position):
			f.risk("sends after an acknowledgement", 1)
		}
	}
}

// begunAnew tells whether the claims on a partition began anew between two
// operations on it, so that the first says nothing against the second.
func (t *trial) begunAnew(before, i int32) bool {
	if before < 0 {
		return false
	}
	voided := t.claims.partitions[t.h.Ops[i].Partition].voided
	return t.h.Ops[before].InvokePos <= voided && voided < t.h.Ops[i].InvokePos
}
