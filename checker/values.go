package checker

import (
	"fmt"

	"trialog/checker/history"
)

// sent is what became of one record that was sent.
type sent struct {
	first  int64 // offset at which it was seen first; history.Unset: nowhere
	low    int64 // smallest offset at which it was seen
	op     int32 // its send
	seenBy int32 // operation that saw it first, the send itself if that was acknowledged
	bits   uint8
}

// Bits of a sent record.
const (
	sentAcked      uint8 = 1 << iota // acknowledged with an offset
	sentRead                         // returned by a poll or a scan, in its partition
	sentScanned                      // returned by the final scan, in its partition
	sentDuplicated                   // seen at a second offset; reported
)

// values finds the send of a value. Writers count their records from 0, so
// that a table by writer and count does; a writer with wide gaps goes to a map.
type values struct {
	sent    []sent
	writers []writer
	table   []int32 // index into sent, plus 1
	sparse  map[history.Value]int32
}

type writer struct {
	records int64
	largest uint64 // sequence
	start   int64  // in table; -1: in the map
}

// build enters every record that was sent. firstOf gets, for each operation,
// the index of its first record in sent.
func (x *values) build(h *history.History, firstOf []int32) error {
	x.measure(h)
	x.sent = x.sent[:0]
	for i := range h.Ops {
		o := &h.Ops[i]
		if o.Kind != history.Send {
			continue
		}
		firstOf[i] = int32(len(x.sent))
		for _, r := range h.RecordsOf(o) {
			if old := x.find(r.Value); old >= 0 {
				return fmt.Errorf("record %v is sent by operation %d and by operation %d", r.Value, x.sent[old].op, i)
			}
			x.enter(r.Value, int32(len(x.sent)))
			x.sent = append(x.sent, sent{first: history.Unset, low: history.Unset, op: int32(i), seenBy: history.Unset})
		}
	}
	return nil
}

// measure lays out the table.
func (x *values) measure(h *history.History) {
	x.writers = x.writers[:0]
	for i := range h.Ops {
		if o := &h.Ops[i]; o.Kind == history.Send {
			for _, r := range h.RecordsOf(o) {
				w := int(r.Value.Writer())
				for len(x.writers) <= w {
					x.writers = append(x.writers, writer{})
				}
				x.writers[w].records++
				x.writers[w].largest = max(x.writers[w].largest, r.Value.Sequence())
			}
		}
	}
	size := int64(0)
	for i := range x.writers {
		w := &x.writers[i]
		switch {
		case w.records == 0 || w.largest > uint64(4*w.records+1024):
			w.start = -1
		default:
			w.start = size
			size += int64(w.largest) + 1
		}
	}
	x.table = zeroed(x.table, int(size))
	clear(x.sparse)
}

func (x *values) enter(v history.Value, index int32) {
	if w := &x.writers[v.Writer()]; w.start >= 0 {
		x.table[w.start+int64(v.Sequence())] = index + 1
		return
	}
	if x.sparse == nil {
		x.sparse = make(map[history.Value]int32)
	}
	x.sparse[v] = index + 1
}

// find returns the index of a value in sent, or -1 if nobody sent it.
func (x *values) find(v history.Value) int32 {
	w := int(v.Writer())
	if w >= len(x.writers) {
		return -1
	}
	if at := &x.writers[w]; at.start >= 0 {
		if v.Sequence() > at.largest {
			return -1
		}
		return x.table[at.start+int64(v.Sequence())] - 1
	}
	return x.sparse[v] - 1
}

// zeroed returns a slice of n zeros, in the memory of s if it is large enough.
func zeroed[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}
