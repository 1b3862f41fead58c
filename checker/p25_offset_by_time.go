package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeOffsetByTime: who asks where a time begins is told of no record behind the
// first that is as young as that: whoever reads on from there would never see it.
// Judged are records that were acknowledged before the question, and whose time is
// that of a producer's clock that went right (Send.At 0) or was set (At above it),
// where nothing deletes, cleans or stamps records.
func judgeOffsetByTime(t *trial, f *finding) {
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		if !t.asksForTime(o) {
			continue
		}
		sent := t.firstAsYoung(o)
		if sent < 0 {
			continue
		}
		first := t.h.Ops[sent].Offset
		if f.claims(o.Partition, t.h.Ops[sent].InvokePos) {
			f.risk("times that somebody asked for", 1)
		}
		if o.Offset <= first {
			continue
		}
		if a := f.found("time-found-too-late", o.Partition, t.h.Ops[sent].InvokePos); a != nil {
			a.Offset, a.Ops = o.Offset, opIDs(sent, int32(i))
			a.Text = fmt.Sprintf("time %d is said to begin at offset %d, and the record at %d is of %d", o.At, o.Offset, first, t.timeOf(&t.h.Ops[sent]))
		}
	}
}

// asksForTime tells whether an operation found the offset of a time, in a log that
// has kept everything.
func (t *trial) asksForTime(o *history.Op) bool {
	if o.Kind != history.ListOffsets || o.At < 0 || o.Outcome != history.OK || o.Offset < 0 || t.h.Header.EpochMs == 0 {
		return false
	}
	topic := &t.claims.partitions[o.Partition].topic
	return !topic.AppendTime && !topic.Retention && !topic.Compacted
}

// firstAsYoung is the send whose record is the first, of those acknowledged before
// the question, that is as young as it asks for; -1: there is none.
func (t *trial) firstAsYoung(o *history.Op) int32 {
	first, sent := int64(0), int32(-1)
	for _, n := range t.opsOf(o.Partition) {
		s := &t.h.Ops[n]
		if s.Kind != history.Send || s.Outcome != history.OK || s.Offset < 0 || s.ReturnPos > o.InvokePos || s.At < 0 {
			continue
		}
		if durable, _ := t.claims.durable(s); durable && t.timeOf(s) >= o.At && (sent < 0 || s.Offset < first) {
			first, sent = s.Offset, n
		}
	}
	return sent
}

// timed tells whether somebody asked for the offset of a time that there was.
func (t *trial) timed() bool {
	for i := range t.h.Ops {
		if o := &t.h.Ops[i]; t.asksForTime(o) && t.firstAsYoung(o) >= 0 {
			return true
		}
	}
	return false
}

// timeOf is the CreateTime of a send's records, in milliseconds since 1970.
func (t *trial) timeOf(s *history.Op) int64 { return t.h.Header.EpochMs + s.InvokeTime/1e6 - s.At }
