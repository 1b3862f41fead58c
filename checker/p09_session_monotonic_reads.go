package checker

import (
	"fmt"

	"trialog/checker/history"
)

// readerAt is one consumer's position in one partition.
type readerAt struct {
	process   int32
	partition history.Partition
}

type session struct {
	next int64 // offset that the consumer reads next
	op   int32 // operation that moved it there; one that found nothing more does not
}

// judgeSessionMonotonicReads: a consumer neither skips a record that somebody
// read nor goes back, unless it seeks, is assigned anew, or what it skips was
// deleted. A member of a group begins at an offset that somebody had begun to
// commit, and not beyond the largest. Offsets at which nobody ever read a record may be control records
// and are not skips. What the final scan skips is property 3's.
func judgeSessionMonotonicReads(t *trial, f *finding) {
	r := reading{t: t, f: f, sessions: make(map[readerAt]session), dropped: make(map[int32]int64)}
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		key := readerAt{o.Process, o.Partition}
		switch o.Kind {
		case history.Poll, history.Scan:
			r.poll(int32(i), o, key)
		case history.Subscribe:
			r.dropped[o.Process] = o.InvokePos
		case history.Revoke:
			delete(r.sessions, key)
		case history.CommitOffsets:
			r.committed(o)
		case history.Assign, history.Seek:
			switch {
			case o.Partition == history.NoPartition:
				r.dropped[o.Process] = o.InvokePos
			case o.Has(history.Reset):
				r.reset(int32(i), o, key)
			case o.At < 0:
				delete(r.sessions, key)
			case o.Kind == history.Seek && o.Member != 0:
				r.placed(int32(i), o, key)
			default:
				r.sessions[key] = session{o.At, int32(i)}
			}
		default: // moves no consumer
		}
	}
}

type reading struct {
	t        *trial
	f        *finding
	sessions map[readerAt]session
	dropped  map[int32]int64 // process → position at which it forgot all positions
	farthest map[seat]int64  // the largest offset that was to be committed
}

func (r *reading) committed(o *history.Op) {
	if r.farthest == nil {
		r.farthest = make(map[seat]int64)
	}
	if key := (seat{o.Group, o.Partition}); o.At >= r.farthest[key] {
		r.farthest[key] = o.At
	}
}

// placed judges where a member begins: at what its group has committed.
func (r *reading) placed(i int32, o *history.Op, key readerAt) {
	r.sessions[key] = session{o.At, i}
	if most, known := r.farthest[seat{o.Group, o.Partition}]; known && o.At <= most {
		return
	}
	if a := r.f.found("poll-skip", o.Partition, o.InvokePos); a != nil {
		a.Offset, a.Ops = o.At, opIDs(i)
		a.Text = fmt.Sprintf("a member begins at offset %d, and its group has committed nothing as far as that", o.At)
	}
}

func (r *reading) session(key readerAt) (session, bool) {
	s, ok := r.sessions[key]
	if ok && len(r.dropped) > 0 {
		if at, dropped := r.dropped[key.process]; dropped && at > r.t.h.Ops[s.op].InvokePos {
			return session{}, false
		}
	}
	return s, ok
}

// poll judges one read and moves the session.
func (r *reading) poll(i int32, o *history.Op, key readerAt) {
	before, known := r.session(key)
	if !known {
		before = session{history.Unset, i}
	}
	if o.Outcome != history.OK {
		if o.RecordCount > 0 || o.To != history.Unset {
			delete(r.sessions, key) // it may have moved on, or not
		}
		return
	}
	records := r.t.h.RecordsOf(o)
	from := o.At
	if known {
		if from == history.Unset {
			from = before.next
		}
		r.step(before, i, o, before.next, from, "poll-skip", "nonmonotonic-poll")
		if len(records) > 0 && r.f.claims(o.Partition, r.t.since(before.op)) {
			r.f.risk("polls that went on from another", 1)
		}
	}
	if from == history.Unset && len(records) > 0 {
		from = records[0].Offset
	}
	skip, back := "poll-skip", "nonmonotonic-poll"
	for j := range records {
		r.step(before, i, o, from, records[j].Offset, skip, back)
		skip, back = "int-poll-skip", "int-nonmonotonic-poll"
		from = records[j].Offset + 1
	}
	if o.To != history.Unset {
		r.step(before, i, o, from, o.To, "poll-skip", "nonmonotonic-poll")
		from = o.To
	}
	if from != history.Unset && (!known || from != before.next) {
		r.sessions[key] = session{from, i}
	}
}

// step judges a move of the position from one offset to another.
func (r *reading) step(before session, i int32, o *history.Op, from, to int64, skip, back string) {
	if to == from || from == history.Unset {
		return
	}
	position := r.t.since(before.op)
	if to < from {
		if a := r.f.found(back, o.Partition, position); a != nil {
			a.Offset, a.Ops = to, opIDs(before.op, i)
			a.Text = fmt.Sprintf("the consumer went back from offset %d to %d", from, to)
		}
		return
	}
	if r.t.claims.partitions[o.Partition].topic.Compacted {
		return // judgeCompaction tells what may be missing
	}
	l := &r.t.logs[o.Partition]
	missed, skipped := l.readWithin(max(from, r.t.scans[o.Partition].readable), to)
	if !skipped || o.Kind == history.Scan {
		return
	}
	if a := r.f.found(skip, o.Partition, position); a != nil {
		s := l.at(missed)
		a.Offset, a.Value, a.HasValue = missed, s.value, true
		a.Ops = opIDs(before.op, i, s.op)
		a.Text = fmt.Sprintf("the consumer went from offset %d to %d and never got %v at %d", from, to, s.value, missed)
	}
}

// reset judges a move that the client made by itself, because its position was
// out of range: it must not pass over records, nor go back.
func (r *reading) reset(i int32, o *history.Op, key readerAt) {
	if before, known := r.session(key); known && o.At >= 0 {
		r.step(before, i, o, before.next, o.At, "poll-skip", "nonmonotonic-poll")
	}
	if o.At >= 0 {
		r.sessions[key] = session{o.At, i}
	}
}
