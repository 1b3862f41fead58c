package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeNoPhantom: every record read was sent before, to that partition, and
// its send has not definitely failed. (A read of a failed send is Adya's G1a;
// Kafka's aborted transactions join it there.)
func judgeNoPhantom(t *trial, f *finding) {
	for i := range t.strangers {
		s := &t.strangers[i]
		o := &t.h.Ops[s.op]
		a := f.found(s.why, o.Partition, t.since(s.op))
		if a == nil {
			continue
		}
		a.Offset, a.Value, a.HasValue = s.offset, s.value, true
		a.Ops = opIDs(s.op)
		if s.sent < 0 {
			a.Text = fmt.Sprintf("%v was read at offset %d, and nobody sent it", s.value, s.offset)
			continue
		}
		send := t.values.sent[s.sent].op
		a.Ops = opIDs(s.op, send)
		switch s.why {
		case "misrouted-read":
			a.Text = fmt.Sprintf("%v was sent to %s", s.value, t.h.PartitionName(t.h.Ops[send].Partition))
		case "read-before-send":
			a.Text = fmt.Sprintf("%v was read before it was sent", s.value)
		default:
			a.Text = fmt.Sprintf("%v was read, yet its send had definitely failed", s.value)
		}
	}
	read := int64(0)
	for i := range t.h.Ops {
		if o := &t.h.Ops[i]; o.Reads() {
			read += int64(o.RecordCount)
		}
	}
	if read > 0 && f.claims(history.NoPartition, 0) {
		f.risk("records read", read)
	}
}
