package checker

import (
	"fmt"

	"trialog/checker/history"
)

// delivery is how much of a partition the members of a group have read.
type delivery struct {
	slots  []bool // by slot: some member has read it
	prefix int    // every slot before it has been read, or need not be
	base   int64  // records before it need not be: somebody was told to begin behind them
}

// judgeGroupAtLeastOnce: when a member calls a commit of an offset, every record
// below it has been returned by a poll of some member of the group. Records
// that nobody ever read are not missed, nor are those before a position that a
// policy or an application chose.
func judgeGroupAtLeastOnce(t *trial, f *finding) {
	d := make([]delivery, len(t.seats))
	for _, code := range t.timeline {
		i := code - 1
		returned := code < 0
		if returned {
			i = -code - 1
		}
		n := t.seatOf[i]
		if n < 0 {
			continue
		}
		o := &t.h.Ops[i]
		switch {
		case returned && o.Kind == history.Poll:
			d[n].read(t, o)
		case returned && o.Kind == history.Seek && o.Outcome == history.OK && (o.Has(history.Reset) || o.Member == 0):
			d[n].base = max(d[n].base, o.At)
		case !returned && byMember(o) && o.Outcome != history.Fail:
			d[n].commit(t, f, i, o)
		}
	}
}

// read enters what a poll has returned.
func (d *delivery) read(t *trial, o *history.Op) {
	l := &t.logs[o.Partition]
	if d.slots == nil {
		d.slots = make([]bool, len(l.slots))
	}
	for _, r := range t.h.RecordsOf(o) {
		if i := l.rank(r.Offset); i < len(l.slots) && l.offset(i) == r.Offset {
			d.slots[i] = true
		}
	}
}

// commit judges one commit.
func (d *delivery) commit(t *trial, f *finding, i int32, o *history.Op) {
	l := &t.logs[o.Partition]
	if d.slots == nil {
		d.slots = make([]bool, len(l.slots))
	}
	if f.claims(o.Partition, o.InvokePos) {
		f.context("commits of members", 1)
	}
	moved := false
	for ; d.prefix < len(l.slots) && l.offset(d.prefix) < o.At; d.prefix++ {
		s := &l.slots[d.prefix]
		if d.slots[d.prefix] {
			moved = true
			continue
		}
		if s.bits&slotRead == 0 || l.offset(d.prefix) < d.base {
			continue
		}
		position := o.InvokePos
		if s.sent >= 0 {
			position = min(position, t.h.Ops[t.values.sent[s.sent].op].InvokePos)
		}
		if a := f.found("undelivered", o.Partition, position); a != nil {
			a.Offset, a.Value, a.HasValue = l.offset(d.prefix), s.value, true
			a.Ops = opIDs(s.op, i)
			a.Text = fmt.Sprintf("group %s commits %d, and no member had read %v at %d", t.h.Name(o.Group), o.At, s.value, l.offset(d.prefix))
		}
	}
	if moved {
		f.risk("commits that went on", 1)
	}
}
