package checker

import (
	"fmt"
	"slices"

	"trialog/checker/history"
)

// scan is the final scan of a partition: the chain of Scan operations of the
// process that began last.
type scan struct {
	process int32
	ops     []int32
	start   int64  // first offset that it covers
	end     int64  // where the chain ended
	whole   bool   // nothing readable lies before start
	why     string // why it does not count as a complete final scan; "": it does
	// readable is the offset below which nothing must be left: what DeleteRecords
	// or retention may have removed.
	readable int64
}

// findScans finds the final scan of every partition and marks what it returned.
func (t *trial) findScans() {
	t.scans = zeroed(t.scans, len(t.h.Partitions))
	lastFault := int64(-1)
	for i := range t.h.Events {
		if e := &t.h.Events[i]; e.Kind == history.Crash || e.Kind == history.Fault {
			lastFault = e.Pos
		}
	}
	for p := range t.scans {
		s := &t.scans[p]
		s.process, s.why = history.Unset, "there is no final scan of it"
		s.readable = t.readableFrom(partition(p))
		t.processes = t.processes[:0]
		for _, i := range t.opsOf(partition(p)) {
			if o := &t.h.Ops[i]; o.Kind == history.Scan && !slices.Contains(t.processes, o.Process) {
				t.processes = append(t.processes, o.Process)
				s.process = o.Process
			}
		}
		if s.process != history.Unset {
			t.chain(s, partition(p), lastFault)
		}
	}
}

// chain joins the operations of the scanning process. It is complete if it
// reached the end that its last answer told, or the end that was known when it
// began: what lands later, such as a send that was given up, is another scan's.
func (t *trial) chain(s *scan, p history.Partition, lastFault int64) {
	s.why = ""
	var first, last *history.Op
	for _, i := range t.opsOf(p) {
		o := &t.h.Ops[i]
		if o.Kind != history.Scan || o.Process != s.process {
			continue
		}
		if last == nil {
			first = o
			s.start = max(o.At, 0)
			s.end = s.start
			if o.InvokePos < lastFault {
				s.why = "a fault struck after the scan began"
			}
		}
		if o.Outcome != history.OK {
			continue
		}
		if o.At > s.end {
			s.why, s.start, s.ops = fmt.Sprintf("the scan jumped from %d to %d", s.end, o.At), o.At, s.ops[:0]
		}
		s.ops = append(s.ops, i)
		s.end = max(s.end, t.endOf(o))
		last = o
		t.markScanned(o)
	}
	if last == nil {
		s.why = "no poll of the scan succeeded"
		return
	}
	s.whole = s.start <= max(last.LogStartOffset, s.readable, 0)
	switch {
	case s.why != "":
	case !s.whole:
		s.why = fmt.Sprintf("the scan began at %d", s.start)
	case boundOf(last) != history.Unset && s.end >= boundOf(last):
	case s.end < t.knownEnd(p, first.InvokePos):
		s.why = fmt.Sprintf("the scan ended at %d, the log at %d", s.end, max(boundOf(last), t.knownEnd(p, first.InvokePos)))
	}
}

// knownEnd is the largest end of a partition's log that anybody had been told
// by some position, and that is claimed to last: what a fault beyond the claims
// took may have ended higher.
func (t *trial) knownEnd(p history.Partition, position int64) int64 {
	end := int64(0)
	for _, i := range t.opsOf(p) {
		o := &t.h.Ops[i]
		if o.ReturnPos > position {
			continue
		}
		if lasts, _ := t.claims.claimed(history.Durability, p, o.InvokePos); !lasts {
			continue
		}
		end = max(end, o.HighWatermark)
		switch n := o.RecordCount; {
		case o.Reads() && n > 0:
			end = max(end, t.h.Records[o.FirstRecord+n-1].Offset+1)
		case o.Kind == history.Send && o.Outcome == history.OK && o.Offset >= 0:
			if kept, _ := t.claims.durable(o); kept {
				end = max(end, o.Offset+int64(n))
			}
		case o.Kind == history.ListOffsets && o.At == latest && o.Outcome == history.OK:
			end = max(end, o.Offset)
		}
	}
	return end
}

// markScanned marks the records that one operation of the final scan returned.
func (t *trial) markScanned(o *history.Op) {
	for _, r := range t.h.RecordsOf(o) {
		if n := t.values.find(r.Value); n >= 0 && t.h.Ops[t.values.sent[n].op].Partition == o.Partition {
			t.values.sent[n].bits |= sentScanned
		}
	}
}

// boundOf is the end that a read could have reached, as it was told.
func boundOf(o *history.Op) int64 {
	if o.Has(history.ReadCommitted) && o.LastStableOffset != history.Unset {
		return o.LastStableOffset
	}
	return o.HighWatermark
}

// endOf is where a read left its reader.
func (t *trial) endOf(o *history.Op) int64 {
	if o.To != history.Unset {
		return o.To
	}
	if o.RecordCount > 0 {
		return t.h.Records[o.FirstRecord+o.RecordCount-1].Offset + 1
	}
	return max(o.At, 0)
}

// covering returns the operation of the chain that read past an offset.
func (s *scan) covering(t *trial, offset int64) int32 {
	i, _ := slices.BinarySearchFunc(s.ops, offset, func(i int32, offset int64) int {
		if t.endOf(&t.h.Ops[i]) <= offset {
			return -1
		}
		return 1
	})
	if i == len(s.ops) {
		return history.Unset
	}
	return s.ops[i]
}

// readableFrom returns the offset below which records may be gone.
func (t *trial) readableFrom(p history.Partition) int64 {
	from, retention := int64(0), t.claims.partitions[p].topic.Retention
	for _, i := range t.opsOf(p) {
		o := &t.h.Ops[i]
		if retention {
			from = max(from, o.LogStartOffset)
		}
		if o.Kind == history.DeleteRecords && o.Outcome != history.Fail {
			// At -1 asks for the high watermark, whatever it is by then.
			from = max(from, o.At, o.Offset)
			if o.At == history.Unset && o.Offset == history.Unset {
				from = max(from, t.logs[p].offsetEnd())
			}
		}
	}
	for i := range t.h.Events {
		if e := &t.h.Events[i]; retention && e.Kind == history.LogStart && e.Partition == p {
			from = max(from, e.LogStartOffset)
		}
	}
	return from
}

// offsetEnd is one past the largest offset seen, 0 if there is none.
func (l *logIndex) offsetEnd() int64 {
	if len(l.slots) == 0 {
		return 0
	}
	return l.offset(len(l.slots)-1) + 1
}
