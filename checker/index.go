package checker

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"trialog/checker/history"
)

// trial is one history, indexed for all judges. Its slices are kept from one
// history to the next.
type trial struct {
	h       *history.History
	options Options

	values  values
	firstOf []int32 // per operation that sends: index of its first record in values.sent

	logs    []logIndex // by partition
	spreads []spread
	slots   []slot
	ranks   []int32

	// timeline lists calls (op+1) and returns (-op-1) in the order of positions.
	timeline []int32
	// opsBy lists the operations of each partition in the order of their calls;
	// partition p has opsBy[opsFrom[p]:opsFrom[p+1]].
	opsBy   []int32
	opsFrom []int32

	conflicts  []conflict
	duplicates []duplicate
	strangers  []stranger

	claims    claims
	stale     map[int32]int64 // see since
	scans     []scan
	processes []int32
	// appendsBefore and posed serve the judge of linearizability, one partition
	// after the other.
	appendsBefore []int32
	posed         problem
	linear        linearizer

	// seats are the groups' places in partitions, seatOf the one of each operation
	// (-1: none; empty: the history knows no group).
	seats     []seat
	seatOf    []int32
	seatIndex map[seat]int32
	clusters  []cluster
	// seen has the commits of reads that bear no mark, where only one can be it.
	seen map[int32]history.OpID
	// loose has the reads that may tell what was true before they were called, and
	// since when.
	loose map[int32]int64
}

// conflict: two records were seen at one offset.
type conflict struct {
	partition     history.Partition
	offset        int64
	first, second int32 // operations
	one, other    history.Value
}

// duplicate: one record was seen at two offsets.
type duplicate struct {
	sent          int32
	first, second int32 // operations
	at, also      int64
}

// stranger: a read returned a record that it should not have.
type stranger struct {
	op     int32
	sent   int32 // -1: nobody sent it
	offset int64
	value  history.Value
	why    string // the anomaly's name
}

// endOfTime is the position of what comes after everything.
const endOfTime = math.MaxInt64

func partition(p int) history.Partition { return history.Partition(p) }

// index prepares a trial. An error means that the history contradicts itself,
// so that no judge can rely on it.
func (t *trial) index(h *history.History) error {
	t.h = h
	t.conflicts, t.duplicates, t.strangers = t.conflicts[:0], t.duplicates[:0], t.strangers[:0]
	if err := t.validate(); err != nil {
		return err
	}
	t.firstOf = zeroed(t.firstOf, len(h.Ops))
	if err := t.values.build(h, t.firstOf); err != nil {
		return err
	}
	if err := t.order(); err != nil {
		return err
	}
	t.groupOps()
	t.layOut()
	t.observeAll()
	rest := t.ranks
	for p := range t.logs {
		t.logs[p].countReads(rest)
		rest = rest[len(t.logs[p].slots)+1:]
	}
	t.claims.derive(h)
	t.findStale()
	t.findScans()
	t.findSeats()
	return nil
}

func (t *trial) validate() error {
	last := int64(-1)
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		switch {
		case o.InvokePos <= last || o.InvokePos >= o.ReturnPos:
			return fmt.Errorf("operation %d: positions do not rise", i)
		case o.Partition < history.NoPartition || int(o.Partition) >= len(t.h.Partitions):
			return fmt.Errorf("operation %d: no such partition", i)
		case o.FirstRecord < 0 || o.RecordCount < 0 || int(o.FirstRecord)+int(o.RecordCount) > len(t.h.Records):
			return fmt.Errorf("operation %d: no such records", i)
		case o.RecordCount > 0 && o.Partition == history.NoPartition:
			return fmt.Errorf("operation %d: records of no partition", i)
		}
		last = o.InvokePos
	}
	last = -1
	for i := range t.h.Events {
		e := &t.h.Events[i]
		if e.Pos <= last {
			return fmt.Errorf("event %d: positions do not rise", i)
		}
		if e.Partition < history.NoPartition || int(e.Partition) >= len(t.h.Partitions) {
			return fmt.Errorf("event %d: no such partition", i)
		}
		last = e.Pos
	}
	return nil
}

// order fills the timeline. Recorders give positions without gaps, which needs
// no sorting; other writers may leave gaps.
func (t *trial) order() error {
	ops, lines := t.h.Ops, 2*len(t.h.Ops)+len(t.h.Events)
	if t.h.Positions > int64(4*lines+1024) || t.h.Positions < 0 {
		return t.orderBySorting()
	}
	t.timeline = zeroed(t.timeline, int(t.h.Positions))
	put := func(position int64, code int32) error {
		if position >= t.h.Positions || t.timeline[position] != 0 {
			return fmt.Errorf("position %d is taken twice or beyond the end", position)
		}
		t.timeline[position] = code
		return nil
	}
	for i := range ops {
		if err := put(ops[i].InvokePos, int32(i)+1); err != nil {
			return err
		}
		if ops[i].ReturnPos != history.Never {
			if err := put(ops[i].ReturnPos, -int32(i)-1); err != nil {
				return err
			}
		}
	}
	n := 0
	for _, code := range t.timeline {
		if code != 0 {
			t.timeline[n] = code
			n++
		}
	}
	t.timeline = t.timeline[:n]
	return nil
}

func (t *trial) orderBySorting() error {
	ops := t.h.Ops
	position := func(code int32) int64 {
		if code > 0 {
			return ops[code-1].InvokePos
		}
		return ops[-code-1].ReturnPos
	}
	t.timeline = t.timeline[:0]
	for i := range ops {
		t.timeline = append(t.timeline, int32(i)+1)
		if ops[i].ReturnPos != history.Never {
			t.timeline = append(t.timeline, -int32(i)-1)
		}
	}
	slices.SortFunc(t.timeline, func(a, b int32) int {
		if position(a) < position(b) {
			return -1
		}
		return 1
	})
	for i := 1; i < len(t.timeline); i++ {
		if position(t.timeline[i-1]) == position(t.timeline[i]) {
			return errors.New("a position is taken twice")
		}
	}
	return nil
}

func (t *trial) groupOps() {
	// Counting sort: a bucket's end is the next one's start.
	n := len(t.h.Partitions)
	t.opsFrom = zeroed(t.opsFrom, n+2)
	for i := range t.h.Ops {
		if p := t.h.Ops[i].Partition; p >= 0 {
			t.opsFrom[p+2]++
		}
	}
	for p := 2; p < len(t.opsFrom); p++ {
		t.opsFrom[p] += t.opsFrom[p-1]
	}
	t.opsBy = zeroed(t.opsBy, int(t.opsFrom[n+1]))
	for i := range t.h.Ops {
		if p := t.h.Ops[i].Partition; p >= 0 {
			t.opsBy[t.opsFrom[p+1]] = int32(i)
			t.opsFrom[p+1]++
		}
	}
}

// opsOf returns the operations on one partition in the order of their calls.
func (t *trial) opsOf(p history.Partition) []int32 { return t.opsBy[t.opsFrom[p]:t.opsFrom[p+1]] }

// observeAll enters what every operation saw.
func (t *trial) observeAll() {
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		if !observes(o) {
			continue
		}
		l := &t.logs[o.Partition]
		for j, r := range t.h.RecordsOf(o) {
			n := t.firstOf[i] + int32(j)
			if o.Kind == history.Send {
				t.values.sent[n].bits |= sentAcked
			} else if n = t.recognise(int32(i), o, r); n >= 0 {
				t.values.sent[n].bits |= sentRead
			}
			t.observe(l, int32(i), o, n, r)
		}
	}
}

// recognise finds the send of a record read; -1 if it is not this partition's.
func (t *trial) recognise(i int32, o *history.Op, r history.Record) int32 {
	n := t.values.find(r.Value)
	if n < 0 {
		t.strangers = append(t.strangers, stranger{i, -1, r.Offset, r.Value, "phantom-read"})
		return -1
	}
	s := &t.h.Ops[t.values.sent[n].op]
	switch {
	case s.Partition != o.Partition:
		t.strangers = append(t.strangers, stranger{i, n, r.Offset, r.Value, "misrouted-read"})
		return -1
	case s.InvokePos > o.ReturnPos:
		t.strangers = append(t.strangers, stranger{i, n, r.Offset, r.Value, "read-before-send"})
	case s.Outcome == history.Fail:
		t.strangers = append(t.strangers, stranger{i, n, r.Offset, r.Value, "G1a"})
	}
	return n
}

// observe enters that operation i saw record r, which is sent[n] (-1: not
// known), at its offset.
func (t *trial) observe(l *logIndex, i int32, o *history.Op, n int32, r history.Record) {
	s := l.at(r.Offset)
	switch {
	case s.bits&slotSeen == 0:
		*s = slot{value: r.Value, op: i, sent: n, bits: slotSeen}
	case s.value == r.Value && s.op != i:
		s.bits |= slotAgain
	case s.value != r.Value && s.bits&slotConflicted == 0:
		s.bits |= slotConflicted
		t.conflicts = append(t.conflicts, conflict{o.Partition, r.Offset, s.op, i, s.value, r.Value})
	}
	if o.Kind != history.Send {
		s.bits |= slotRead
	}
	if n < 0 {
		return
	}
	switch v := &t.values.sent[n]; {
	case v.first == history.Unset:
		v.first, v.low, v.seenBy = r.Offset, r.Offset, i
	case r.Offset != v.first:
		v.low = min(v.low, r.Offset)
		if v.bits&sentDuplicated == 0 {
			v.bits |= sentDuplicated
			t.duplicates = append(t.duplicates, duplicate{n, v.seenBy, i, v.first, r.Offset})
		}
	}
}
