package checker

import "trialog/checker/history"

// pose builds the problem of one partition from the index. bounded tells
// whether a high watermark in an answer counts as an upper bound. The end that
// ListOffsets is told by the leader of the newest epoch always does (KIP-207).
func (t *trial) pose(p history.Partition, bounded bool, into *problem) {
	into.appends, into.reads = into.appends[:0], into.reads[:0]
	l := &t.logs[p]
	t.poseReads(l, p, bounded, into)
	t.appendsBefore = zeroed(t.appendsBefore, len(l.slots)+1)
	for i := range l.slots {
		t.appendsBefore[i] = int32(len(into.appends))
		t.poseAppend(l, i, into)
	}
	n := int32(len(into.appends))
	t.appendsBefore[len(l.slots)] = n
	kept := 0
	for _, r := range into.reads {
		r.lo = t.appendsBefore[r.lo]
		if r.hi == history.Unset {
			r.hi = n
		} else {
			r.hi = t.appendsBefore[r.hi]
		}
		if r.lo > 0 || r.hi < n {
			into.reads[kept] = r
			kept++
		}
	}
	into.reads = into.reads[:kept]
}

// poseReads enters the answers that bound the log, by slots at first, and marks
// the slots at which they put its end, so that a send whose records such an end
// divides is posed in pieces.
func (t *trial) poseReads(l *logIndex, p history.Partition, bounded bool, into *problem) {
	for _, i := range t.opsOf(p) {
		o := &t.h.Ops[i]
		lo, hi, ok := t.interval(o)
		if !ok {
			continue
		}
		r := readOp{call: o.InvokePos, ret: o.ReturnPos, lo: int32(l.rank(lo)), hi: history.Unset, op: i}
		l.cut(r.lo)
		bounds := bounded || o.Kind == history.ListOffsets && t.claims.partitions[p].current(o)
		if bounds && hi != history.Unset {
			r.hi = int32(l.rank(hi))
			l.cut(r.hi)
		}
		into.reads = append(into.reads, r)
	}
}

func (l *logIndex) cut(i int32) {
	if int(i) < len(l.slots) {
		l.slots[i].bits |= slotCut
	}
}

// poseAppend enters the append whose first record is slot i. Slots that follow
// and hold the next records of the same send belong to it, up to a cut.
func (t *trial) poseAppend(l *logIndex, i int, into *problem) {
	s := &l.slots[i]
	if s.bits&slotSeen == 0 {
		return
	}
	if s.sent < 0 {
		into.appends = append(into.appends, appendOp{always, history.Never, -1, l.offset(i)})
		return
	}
	op := t.values.sent[s.sent].op
	if i > 0 && s.bits&slotCut == 0 && l.slots[i-1].bits&slotSeen != 0 && l.slots[i-1].sent == s.sent-1 && t.values.sent[s.sent-1].op == op && l.offset(i-1) == l.offset(i)-1 {
		return
	}
	o := &t.h.Ops[op]
	a := appendOp{o.InvokePos, history.Never, op, l.offset(i)}
	if o.Outcome == history.OK && o.Offset == l.offset(i)-int64(s.sent-t.firstOf[op]) && t.committedAck(o) {
		a.ret = o.ReturnPos
	}
	into.appends = append(into.appends, a)
}

// committedAck tells whether an acknowledgement means that the record was below
// the high watermark: with acks=1 and several replicas it need not be.
func (t *trial) committedAck(o *history.Op) bool {
	durable, _ := t.claims.durable(o)
	return durable
}

// interval returns the offsets between which the log's committed end lay while
// an operation ran: lo is proved by what it returned, hi by the high watermark
// that its leader told. Unset: no bound.
func (t *trial) interval(o *history.Op) (lo, hi int64, ok bool) {
	lo, hi = 0, history.Unset
	if o.Kind == history.Send || o.ReturnPos == history.Never {
		return lo, hi, false
	}
	follower := o.Has(history.FromFollower) || o.Has(history.MayReadFollower)
	switch {
	case o.Reads():
		if o.RecordCount > 0 {
			lo = t.h.Records[o.FirstRecord+o.RecordCount-1].Offset + 1
		}
		if o.Outcome == history.OK && !follower {
			hi = o.HighWatermark
		}
		return max(lo, o.HighWatermark, o.LastStableOffset), hi, true
	case o.Kind == history.ListOffsets && o.At == latest && o.Outcome == history.OK && o.Offset >= 0:
		if !follower && !o.Has(history.ReadCommitted) {
			hi = o.Offset
		}
		return o.Offset, hi, true
	}
	return 0, history.Unset, false
}

// latest is ListOffsets' timestamp that asks for the end of the log.
const latest = -1
