package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeTopicLives: a topic that is deleted and made again under its name is
// another topic. In the second life nothing of the first is seen: no record, no
// offset that so few sends cannot have come to, no offset that a group had
// committed; and no send is taken for one that the first life had, so that it is
// acknowledged and not there. Operations name the life that they are about
// (Partition), because whoever carries them out speaks of topics by ID.
func judgeTopicLives(t *trial, f *finding) {
	l := lives{t: t, f: f, sent: make([]int64, len(t.h.Partitions)), repeats: make([]bool, len(t.h.Partitions))}
	for p := range t.h.Partitions {
		name, number := t.h.Partitions[p].Life()
		l.life = append(l.life, life{name, number})
	}
	for i := range t.h.Ops {
		if o := &t.h.Ops[i]; o.Kind == history.Send && !o.Has(history.Idempotent) {
			l.repeats[o.Partition] = true
		}
	}
	for _, n := range t.timeline {
		switch {
		case n > 0:
			if o := &t.h.Ops[n-1]; o.Kind == history.Send {
				l.sent[o.Partition] += int64(o.RecordCount)
			}
		default:
			i := -n - 1
			if o := &t.h.Ops[i]; o.Partition != history.NoPartition && o.Outcome == history.OK && l.life[o.Partition].number > 1 {
				l.returned(i, o)
			}
		}
	}
}

// life is one of the topics that had a name, one after the other.
type life struct {
	name   string
	number int
}

// reborn tells whether some topic was made again.
func (t *trial) reborn() bool {
	for p := range t.h.Partitions {
		if _, number := t.h.Partitions[p].Life(); number > 1 {
			return true
		}
	}
	return false
}

// over tells whether a later topic has a partition's name.
func over(h *history.History, p history.Partition) bool {
	mine, number := h.Partitions[p].Life()
	if number == 0 {
		return false
	}
	for i := range h.Partitions {
		if name, later := h.Partitions[i].Life(); name == mine && later > number {
			return true
		}
	}
	return false
}

// lives judges what is answered in second lives and later ones.
type lives struct {
	t       *trial
	f       *finding
	life    []life  // by partition
	sent    []int64 // records whose sends were called so far, by partition
	repeats []bool  // a producer of the partition may write a record more than once
}

// earlier tells whether a partition is one of a topic that had the name before.
func (l *lives) earlier(p, than history.Partition) bool {
	a, b := l.life[p], l.life[than]
	return a.name == b.name && a.number < b.number
}

func (l *lives) returned(i int32, o *history.Op) {
	claimed := l.f.claims(o.Partition, o.InvokePos)
	switch {
	case o.Reads():
		if claimed {
			l.f.risk("reads in a later life", 1)
		}
		l.records(i, o)
		l.bounds(i, o, "the high watermark", o.HighWatermark)
		l.bounds(i, o, "the log start", o.LogStartOffset)
	case o.Kind == history.Send:
		if claimed {
			l.f.risk("sends in a later life", 1)
		}
		l.bounds(i, o, "the end of what was acknowledged", o.Offset+int64(o.RecordCount))
		l.kept(i, o)
	case o.Kind == history.FetchOffsets:
		if claimed {
			l.f.risk("committed offsets read in a later life", 1)
		}
		if o.Commit != history.NoOp && o.Offset != history.Unset && l.earlier(l.t.h.Ops[o.Commit].Partition, o.Partition) {
			if a := l.f.found("commit-of-an-earlier-life", o.Partition, o.InvokePos); a != nil {
				a.Offset, a.Ops = o.Offset, opIDs(int32(o.Commit), i)
				a.Text = fmt.Sprintf("group %s is said to have committed %d, as it did in %s", l.t.h.Name(o.Group), o.Offset, l.t.h.PartitionName(l.t.h.Ops[o.Commit].Partition))
			}
		}
	}
}

// records looks whose records a read returned.
func (l *lives) records(i int32, o *history.Op) {
	for _, r := range l.t.h.RecordsOf(o) {
		n := l.t.values.find(r.Value)
		if n < 0 {
			continue // judgeNoPhantom's
		}
		send := l.t.values.sent[n].op
		if of := l.t.h.Ops[send].Partition; l.earlier(of, o.Partition) {
			if a := l.f.found("record-of-an-earlier-life", o.Partition, o.InvokePos); a != nil {
				a.Offset, a.Value, a.HasValue, a.Ops = r.Offset, r.Value, true, opIDs(send, i)
				a.Text = fmt.Sprintf("%v, which was sent to %s, was read at offset %d", r.Value, l.t.h.PartitionName(of), r.Offset)
			}
		}
	}
}

// bounds compares an offset with how many records can be there.
func (l *lives) bounds(i int32, o *history.Op, what string, offset int64) {
	if most := l.sent[o.Partition]; offset > most && !l.repeats[o.Partition] {
		if a := l.f.found("offset-of-an-earlier-life", o.Partition, o.InvokePos); a != nil {
			a.Offset, a.Ops = offset, opIDs(i)
			a.Text = fmt.Sprintf("%s is said to be %d, and no more than %d records were sent in this life", what, offset, most)
		}
	}
}

// kept looks for what was acknowledged in the reads that came after: one that went
// past its offset must have it.
func (l *lives) kept(i int32, send *history.Op) {
	if durable, _ := l.t.claims.durable(send); !durable || send.Offset == history.Unset {
		return
	}
	for _, n := range l.t.opsOf(send.Partition) {
		o := &l.t.h.Ops[n]
		if !o.Reads() || o.Outcome != history.OK || o.InvokePos < send.ReturnPos || o.At == history.Unset {
			continue
		}
		for k, want := range l.t.h.RecordsOf(send) {
			at := send.Offset + int64(k)
			if at < o.At || at >= l.t.endOf(o) || has(l.t.h.RecordsOf(o), at, want.Value) {
				continue
			}
			if a := l.f.found("taken-for-an-earlier-life", send.Partition, send.InvokePos); a != nil {
				a.Offset, a.Value, a.HasValue, a.Ops = at, want.Value, true, opIDs(i, n)
				a.Text = fmt.Sprintf("%v was acknowledged at offset %d, and a later read from %d to %d lacks it", want.Value, at, o.At, l.t.endOf(o))
			}
			return
		}
	}
}

func has(records []history.Record, offset int64, v history.Value) bool {
	for _, r := range records {
		if r.Offset == offset {
			return r.Value == v
		}
	}
	return false
}
