package checker

import (
	"slices"
	"sort"

	"trialog/checker/history"
)

// slot is one offset of a partition at which somebody saw a record.
type slot struct {
	value history.Value // as seen first
	op    int32         // operation that saw it first
	sent  int32         // index of the record sent; -1: nobody sent it
	bits  uint8
}

// Bits of a slot.
const (
	slotSeen       uint8 = 1 << iota
	slotRead             // a poll or a scan returned it
	slotAgain            // a second operation saw the same record here
	slotConflicted       // another record was seen here too
	slotCut              // some answer put the end of the log just before it
)

// logIndex holds the slots of one partition by offset: dense from base, or, if
// the offsets have wide gaps, by a sorted list of those that occur.
type logIndex struct {
	base    int64
	slots   []slot
	offsets []int64 // nil: dense
	reads   []int32 // reads[i]: slots before i that were read; one longer than slots
}

// spread measures the offsets of one partition.
type spread struct {
	least, largest int64
	count          int64
}

func (s *spread) add(offset int64) {
	if s.count == 0 || offset < s.least {
		s.least = offset
	}
	if s.count == 0 || offset > s.largest {
		s.largest = offset
	}
	s.count++
}

func (s *spread) dense() bool { return s.largest-s.least < 4*s.count+1024 }

// rank returns the number of slots below an offset.
func (l *logIndex) rank(offset int64) int {
	if l.offsets == nil {
		return int(min(max(offset-l.base, 0), int64(len(l.slots))))
	}
	return sort.Search(len(l.offsets), func(i int) bool { return l.offsets[i] >= offset })
}

// at returns the slot of an offset, or nil.
func (l *logIndex) at(offset int64) *slot {
	i := l.rank(offset)
	if i == len(l.slots) || l.offset(i) != offset {
		return nil
	}
	return &l.slots[i]
}

// offset returns the offset of slot i.
func (l *logIndex) offset(i int) int64 {
	if l.offsets == nil {
		return l.base + int64(i)
	}
	return l.offsets[i]
}

// countReads fills the prefix sums.
func (l *logIndex) countReads(memory []int32) {
	l.reads = memory[:len(l.slots)+1]
	n := int32(0)
	for i := range l.slots {
		l.reads[i] = n
		if l.slots[i].bits&slotRead != 0 {
			n++
		}
	}
	l.reads[len(l.slots)] = n
}

// readWithin returns an offset in [from, to) at which somebody read a record.
func (l *logIndex) readWithin(from, to int64) (int64, bool) {
	if from >= to {
		return 0, false
	}
	i, j := l.rank(from), l.rank(to)
	if l.reads[j] == l.reads[i] {
		return 0, false
	}
	for l.slots[i].bits&slotRead == 0 {
		i++
	}
	return l.offset(i), true
}

// layOut makes room for the slots of every partition.
func (t *trial) layOut() {
	t.spreads = zeroed(t.spreads, len(t.h.Partitions))
	t.eachObservation(func(p history.Partition, offset int64) { t.spreads[p].add(offset) })
	total := 0
	t.logs = zeroed(t.logs, len(t.h.Partitions))
	for p := range t.logs {
		if s := &t.spreads[p]; s.count > 0 && s.dense() {
			total += int(s.largest - s.least + 1)
		} else if s.count > 0 {
			t.logs[p].offsets = t.offsetsOf(history.Partition(p))
			total += len(t.logs[p].offsets)
		}
	}
	t.slots = zeroed(t.slots, total)
	t.ranks = zeroed(t.ranks, total+len(t.logs))
	rest := t.slots
	for p := range t.logs {
		l, n := &t.logs[p], 0
		switch s := &t.spreads[p]; {
		case l.offsets != nil:
			n = len(l.offsets)
		case s.count > 0:
			n, l.base = int(s.largest-s.least+1), s.least
		}
		l.slots, rest = rest[:n:n], rest[n:]
	}
}

func (t *trial) eachObservation(f func(history.Partition, int64)) {
	for i := range t.h.Ops {
		o := &t.h.Ops[i]
		if !observes(o) {
			continue
		}
		for _, r := range t.h.RecordsOf(o) {
			f(o.Partition, r.Offset)
		}
	}
}

func (t *trial) offsetsOf(p history.Partition) []int64 {
	var offsets []int64
	t.eachObservation(func(q history.Partition, offset int64) {
		if p == q {
			offsets = append(offsets, offset)
		}
	})
	slices.Sort(offsets)
	return slices.Compact(offsets)
}

// observes tells whether an operation shows which record lies at which offset:
// an acknowledged send that was told its offset, or any read, however it ended.
func observes(o *history.Op) bool {
	if o.Partition == history.NoPartition { // a poll of nothing
		return false
	}
	return o.Reads() || o.Kind == history.Send && o.Outcome == history.OK && o.Offset >= 0
}
