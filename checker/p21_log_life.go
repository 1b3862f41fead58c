package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeLogLife: a record that is gone because the log start has passed it was due
// to go: somebody had asked for it, it was older than retention.ms by true time,
// or as much as retention.bytes was left behind it; or compaction may have taken it
// before, so that it was not the log start that took it. And a log start that a client
// was told does not go back, as far as that is promised: with one replica, since
// the next leader of several may not have heard of it yet.
func judgeLogLife(t *trial, f *finding) {
	f.outside = "no topic is told to delete anything"
	for p := range t.claims.partitions {
		if t.claims.partitions[p].topic.Retention {
			f.outside = ""
			t.judgeDeletions(f, partition(p))
			t.judgeLogStarts(f, partition(p))
		}
	}
	f.marked()
}

// judgeDeletions looks at every move of a partition's log start, and at the
// records that each was the first to pass.
func (t *trial) judgeDeletions(f *finding, p history.Partition) {
	passed := int64(0)
	c := t.compactedLog(f, p)
	for i := range t.h.Events {
		e := &t.h.Events[i]
		if e.Kind != history.LogStart || e.Partition != p || e.LogStartOffset <= passed {
			continue
		}
		l := &t.logs[p]
		for k := l.rank(passed); k < l.rank(e.LogStartOffset); k++ {
			if s := &l.slots[k]; s.bits&slotSeen != 0 && s.sent >= 0 {
				t.judgeDeletion(f, p, e, int32(i), l.offset(k), s, c != nil && c.mayBeGone(k, e))
			}
		}
		passed = e.LogStartOffset
	}
}

// judgeDeletion judges a move of the log start over a record, which may be gone for
// another reason.
func (t *trial) judgeDeletion(f *finding, p history.Partition, e *history.Event, event int32, offset int64, s *slot, gone bool) {
	topic := &t.claims.partitions[p].topic
	op := t.values.sent[s.sent].op
	o := &t.h.Ops[op]
	if f.claims(p, o.InvokePos) {
		f.risk("records that the log start passed", 1)
	}
	age := (e.Time - o.InvokeTime) / 1e6
	if !topic.AppendTime && o.At > 0 {
		age += o.At
	}
	allowed := topic.SkewMs * int64(1+t.starts(e))
	switch {
	case topic.RetentionMs > 0 && age > topic.RetentionMs-allowed,
		topic.RetentionBytes > 0 && int64(e.Count) >= topic.RetentionBytes,
		gone,
		topic.RetentionMs == 0 && topic.RetentionBytes == 0,
		topic.AppendTime && t.othersClockStepped(e),
		t.askedToDelete(p, offset, e.Pos):
		return
	}
	if a := f.found("deleted-early", p, o.InvokePos); a != nil {
		a.Offset, a.Value, a.HasValue = offset, s.value, true
		a.Ops, a.Events = opIDs(op), append(a.Events, event)
		a.Text = fmt.Sprintf("node %d moved the log start to %d with %d bytes left, when the record at %d was %d ms old", e.Node, e.LogStartOffset, e.Count, offset, age)
	}
}

// othersClockStepped tells whether the clock of another node than an event's was
// wrong before it: what that one stamped while it led is as old as its clock said.
func (t *trial) othersClockStepped(e *history.Event) bool {
	for i := range t.h.Events {
		if s := &t.h.Events[i]; s.Pos < e.Pos && s.Kind == history.Fault && s.Node != e.Node &&
			(s.Fault == history.FaultClockStep || s.Fault == history.FaultClockDrift || s.Fault == history.FaultClockFreeze) {
			return true
		}
	}
	return false
}

// starts is how often the node of an event was started before it.
func (t *trial) starts(e *history.Event) int {
	n := 0
	for i := range t.h.Events {
		if s := &t.h.Events[i]; s.Pos < e.Pos && s.Kind == history.Start && s.Node == e.Node {
			n++
		}
	}
	return n
}

// askedToDelete tells whether somebody had asked, before a position, for the
// deletion of what lies at an offset.
func (t *trial) askedToDelete(p history.Partition, offset, position int64) bool {
	for _, i := range t.opsOf(p) {
		o := &t.h.Ops[i]
		if o.InvokePos > position {
			return false
		}
		if o.Kind == history.DeleteRecords && o.Outcome != history.Fail && (o.At == history.Unset || o.At > offset) {
			return true
		}
	}
	return false
}

// judgeLogStarts looks whether an answer tells a smaller log start, or returns an
// older record, than one that came before its question had told.
func (t *trial) judgeLogStarts(f *finding, p history.Partition) {
	if t.claims.partitions[p].topic.Replicas > 1 {
		return
	}
	told, by := int64(0), int32(-1)
	floors := make(map[int32][2]int64)
	for _, code := range t.timeline {
		i := code - 1
		if code < 0 {
			i = -code - 1
		}
		o := &t.h.Ops[i]
		if o.Partition != p || o.Kind == history.Scan || !o.Reads() && o.Kind != history.Send && o.Kind != history.DeleteRecords {
			continue
		}
		if code > 0 {
			floors[i] = [2]int64{told, int64(by)}
			continue
		}
		floor := floors[i]
		delete(floors, i)
		if o.Outcome != history.OK {
			continue
		}
		start := o.LogStartOffset
		if o.Kind == history.DeleteRecords {
			start = o.Offset
		}
		if start == history.Unset {
			continue
		}
		if start < floor[0] {
			if a := f.found("log-start-went-back", p, t.h.Ops[floor[1]].InvokePos); a != nil {
				a.Offset, a.Ops = start, opIDs(int32(floor[1]), i)
				a.Text = fmt.Sprintf("the log start was %d, and then %d", floor[0], start)
			}
		}
		if start > told {
			told, by = start, i
		}
	}
}
