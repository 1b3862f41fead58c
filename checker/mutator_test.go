package checker

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"trialog/checker/history"
)

// A mutator spoils a flawless history in one place and names the properties
// that must turn; it returns false if it found no place.
type mutator struct {
	name  string
	turns string // numbers of the properties that are violated or undecided now
	spoil func(*spoiler) bool
}

type spoiler struct {
	h *history.History
	r *rand.Rand
}

// pick returns a random operation that fits.
func (s *spoiler) pick(fits func(i int, o *history.Op) bool) *history.Op {
	start := s.r.IntN(len(s.h.Ops))
	for k := range s.h.Ops {
		i := (start + k) % len(s.h.Ops)
		if fits(i, &s.h.Ops[i]) {
			return &s.h.Ops[i]
		}
	}
	return nil
}

func (s *spoiler) acked(o *history.Op) bool {
	return o.Kind == history.Send && o.Outcome == history.OK
}

// replace gives a read other records.
func (s *spoiler) replace(o *history.Op, records []history.Record) {
	o.FirstRecord, o.RecordCount = int32(len(s.h.Records)), int32(len(records))
	s.h.Records = append(s.h.Records, records...)
}

// drop removes an offset from reads of a kind, or of all kinds.
func (s *spoiler) drop(p history.Partition, offset int64, kinds ...history.Kind) {
	for i := range s.h.Ops {
		o := &s.h.Ops[i]
		if o.Partition == p && slices.Contains(kinds, o.Kind) {
			s.replace(o, slices.DeleteFunc(slices.Clone(s.h.RecordsOf(o)), func(r history.Record) bool { return r.Offset == offset }))
		}
	}
}

// lastScan is the last operation of a partition's final scan.
func (s *spoiler) lastScan(p history.Partition) *history.Op {
	for i := len(s.h.Ops) - 1; i >= 0; i-- {
		if o := &s.h.Ops[i]; o.Kind == history.Scan && o.Partition == p {
			return o
		}
	}
	return nil
}

// extend adds a record to the end of the log, as the last scan sees it.
func (s *spoiler) extend(p history.Partition, v history.Value) {
	o := s.lastScan(p)
	s.replace(o, append(slices.Clone(s.h.RecordsOf(o)), history.Record{Offset: o.HighWatermark, Value: v}))
	o.HighWatermark++
	o.To++
}

// inside tells whether an acknowledged send has a successor in the log.
func (s *spoiler) inside(o *history.Op) bool {
	return s.acked(o) && o.Offset+int64(o.RecordCount) < s.lastScan(o.Partition).HighWatermark
}

// front returns the largest offset acknowledged before a position, -1 if none.
func (s *spoiler) front(p history.Partition, position int64) int64 {
	at := int64(-1)
	for i := range s.h.Ops {
		if o := &s.h.Ops[i]; s.acked(o) && o.Partition == p && o.ReturnPos < position {
			at = max(at, o.Offset+int64(o.RecordCount)-1)
		}
	}
	return at
}

var mutators = []mutator{
	{"an acknowledged send becomes unclear", "", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return s.acked(o) })
		o.Outcome = history.Info
		return true
	}},
	{"a read says nothing of the high watermark", "", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return o.Kind == history.Poll && o.Outcome == history.OK })
		o.HighWatermark = history.Unset
		return true
	}},
	{"an acknowledged record is read by nobody", "3", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return s.inside(o) })
		s.drop(o.Partition, o.Offset, history.Poll, history.Scan)
		return true
	}},
	{"an acknowledged record is missing from the scan", "3", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return s.inside(o) })
		s.drop(o.Partition, o.Offset, history.Scan)
		return true
	}},
	{"the scan ends before the last acknowledged record", "3 4 8", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool {
			last := s.lastScan(o.Partition)
			return s.acked(o) && o.RecordCount == 1 && o.Offset+1 == last.HighWatermark && last.RecordCount > 1
		})
		if o == nil {
			return false
		}
		last := s.lastScan(o.Partition)
		records := s.h.RecordsOf(last)
		s.replace(last, records[:len(records)-1])
		last.HighWatermark--
		last.To--
		return true
	}},
	{"a send lands after the scan", "", func(s *spoiler) bool {
		o := s.lastScan(0)
		o.HighWatermark += 5
		return true
	}},
	{"the scan stops early", "3 4", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool {
			last := s.lastScan(o.Partition)
			return s.acked(o) && o.Offset+int64(o.RecordCount) == last.HighWatermark && last.RecordCount > 1
		})
		if o == nil {
			return false
		}
		last := s.lastScan(o.Partition)
		s.replace(last, s.h.RecordsOf(last)[:last.RecordCount-1])
		last.To--
		return true
	}},
	{"two offsets of one idempotent send are swapped in the scan", "1 5 6 8", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool {
			return s.inside(o) && o.Has(history.Idempotent) && o.RecordCount > 1
		})
		if o == nil {
			return false
		}
		s.swap(o.Partition, o.Offset, history.Scan)
		return true
	}},
	{"two offsets of one idempotent send are swapped everywhere", "6", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool {
			return s.inside(o) && o.Has(history.Idempotent) && o.RecordCount > 1
		})
		if o == nil {
			return false
		}
		s.swap(o.Partition, o.Offset, history.Scan, history.Poll)
		o.Outcome, o.Offset = history.Info, history.Unset
		return true
	}},
	{"a record of an idempotent producer is there twice", "5", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return s.acked(o) && o.Has(history.Idempotent) })
		s.extend(o.Partition, s.h.RecordsOf(o)[0].Value)
		return true
	}},
	{"a record of a plain producer is there twice", "", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return s.acked(o) && !o.Has(history.Idempotent) })
		s.extend(o.Partition, s.h.RecordsOf(o)[0].Value)
		return true
	}},
	{"an acknowledged send turns out to have failed", "2", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return s.acked(o) })
		o.Outcome = history.Fail
		return true
	}},
	{"a failed send turns out to be acknowledged at a taken offset", "1 3 8", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool {
			return o.Kind == history.Send && o.Outcome == history.Fail && !o.Has(history.Idempotent) && o.RecordCount == 1 && s.front(o.Partition, o.InvokePos) > 0
		})
		if o == nil {
			return false
		}
		o.Outcome, o.Offset = history.OK, s.front(o.Partition, o.InvokePos)
		s.h.RecordsOf(o)[0].Offset = o.Offset
		return true
	}},
	{"a record nobody sent", "2", func(s *spoiler) bool {
		s.extend(0, history.Foreign(5))
		return true
	}},
	{"a record of the other partition", "2", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return s.acked(o) && o.Partition == 1 })
		s.extend(0, s.h.RecordsOf(o)[0].Value)
		return true
	}},
	{"a poll returns before what it saw was sent", "2 8", func(s *spoiler) bool {
		var call int64
		o := s.pick(func(_ int, o *history.Op) bool {
			if o.Kind != history.Poll || o.RecordCount == 0 {
				return false
			}
			last := s.h.RecordsOf(o)[o.RecordCount-1].Value
			call = s.callOf(last)
			return o.InvokePos < call-1
		})
		if o == nil {
			return false
		}
		o.ReturnPos = call - 1
		return true
	}},
	{"a send returns before another, behind which it lies, was called", "7 8", func(s *spoiler) bool {
		var call int64
		o := s.pick(func(_ int, o *history.Op) bool {
			if !s.acked(o) {
				return false
			}
			for i := range s.h.Ops {
				b := &s.h.Ops[i]
				if s.acked(b) && b.Partition == o.Partition && b.Client != o.Client && b.Offset < o.Offset && o.InvokePos < b.InvokePos-1 {
					call = b.InvokePos
					return true
				}
			}
			return false
		})
		if o == nil {
			return false
		}
		o.ReturnPos = call - 1
		return true
	}},
	{"the end of the log is told too small", "8", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool {
			return o.Kind == history.ListOffsets && o.Outcome == history.OK && s.front(o.Partition, o.InvokePos) > 0
		})
		if o == nil {
			return false
		}
		o.Offset = s.front(o.Partition, o.InvokePos)
		return true
	}},
	{"a poll leaves a record out", "9", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return o.Kind == history.Poll && o.RecordCount > 2 })
		if o == nil {
			return false
		}
		s.replace(o, slices.Delete(slices.Clone(s.h.RecordsOf(o)), 1, 2))
		return true
	}},
	{"a poll returns a record again", "9", func(s *spoiler) bool {
		o := s.pick(func(_ int, o *history.Op) bool { return o.Kind == history.Poll && o.RecordCount > 1 })
		if o == nil {
			return false
		}
		records := slices.Clone(s.h.RecordsOf(o))
		s.replace(o, append(records[:2:2], records[1:]...))
		return true
	}},
	{"a recovered log lacks what was synced", "22", func(s *spoiler) bool {
		e := s.recovered()
		e.FoundEndOffset = e.RequiredEndOffset - 1
		return true
	}},
	{"a recovered log has other bytes", "22", func(s *spoiler) bool {
		s.recovered().FoundHash++
		return true
	}},
}

// swap exchanges the values at an offset and the next in reads of some kinds.
func (s *spoiler) swap(p history.Partition, offset int64, kinds ...history.Kind) {
	var at [2]history.Value
	for i := range s.h.Ops {
		if o := &s.h.Ops[i]; o.Partition == p && o.Kind == history.Scan {
			for _, r := range s.h.RecordsOf(o) {
				if r.Offset == offset || r.Offset == offset+1 {
					at[r.Offset-offset] = r.Value
				}
			}
		}
	}
	for i := range s.h.Ops {
		if o := &s.h.Ops[i]; o.Partition == p && slices.Contains(kinds, o.Kind) {
			records := s.h.RecordsOf(o)
			for j := range records {
				if r := &records[j]; r.Offset == offset || r.Offset == offset+1 {
					r.Value = at[1-(r.Offset-offset)]
				}
			}
		}
	}
}

func (s *spoiler) callOf(v history.Value) int64 {
	for i := range s.h.Ops {
		if o := &s.h.Ops[i]; o.Kind == history.Send {
			for _, r := range s.h.RecordsOf(o) {
				if r.Value == v {
					return o.InvokePos
				}
			}
		}
	}
	return -1
}

func (s *spoiler) recovered() *history.Event {
	for i := len(s.h.Events) - 1; ; i-- {
		if s.h.Events[i].Kind == history.Recovered {
			return &s.h.Events[i]
		}
	}
}

// stretch leaves room between positions, so that a return can be moved.
func stretch(h *history.History) {
	for i := range h.Ops {
		h.Ops[i].InvokePos *= 4
		if h.Ops[i].ReturnPos != history.Never {
			h.Ops[i].ReturnPos *= 4
		}
	}
	for i := range h.Events {
		h.Events[i].Pos *= 4
	}
	h.Positions *= 4
}

func turned(r *Report) string {
	var turned []string
	for i := range r.Verdicts {
		if v := &r.Verdicts[i]; v.Status == Violated || v.Status == Unknown {
			turned = append(turned, fmt.Sprint(v.Property))
			turned[len(turned)-1] = fmt.Sprint(uint8(v.Property))
		}
	}
	return strings.Join(turned, " ")
}

func TestEveryMutationTurnsExactlyItsProperties(t *testing.T) {
	const seeds = 60
	c := New(Options{})
	for _, m := range mutators {
		applied := 0
		for seed := range uint64(seeds) {
			h := invent(seed, 600)
			stretch(h)
			s := spoiler{h, rand.New(rand.NewPCG(seed, 2))}
			if !m.spoil(&s) {
				continue
			}
			applied++
			if r := c.Check(h); turned(r) != m.turns {
				var b strings.Builder
				r.Text(&b)
				t.Fatalf("%s: seed %d turns %q, want %q\n%s", m.name, seed, turned(r), m.turns, b.String())
			}
		}
		if applied < seeds/6 {
			t.Errorf("%s: only %d of %d histories had a place for it", m.name, applied, seeds)
		}
		t.Logf("%-64s turns %-8s in %d histories", m.name, m.turns, applied)
	}
}

func TestFlawlessHistoriesHold(t *testing.T) {
	c := New(Options{Windows: 3})
	for seed := range uint64(300) {
		r := c.Check(invent(seed, 500))
		for i := range r.Verdicts {
			v := &r.Verdicts[i]
			if (v.Property == history.LogLife || v.Property == history.Compaction) && v.Status == NotClaimed {
				continue // nothing is deleted in these; p21_test.go and p23_test.go have those in which it is
			}
			if v.Status != Holds || len(v.Found) > 0 && v.Property != history.ProducerOrder {
				var b strings.Builder
				r.Text(&b)
				t.Fatalf("seed %d\n%s", seed, b.String())
			}
		}
		if r.Failed() || r.ExitStatus() != 0 {
			t.Fatalf("seed %d fails", seed)
		}
	}
}
