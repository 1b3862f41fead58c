package checker

import (
	"fmt"

	"trialog/checker/history"
)

// judgeCompaction: of a topic that is compacted by key a read may lack records,
// and each that it lacks it may: somebody had sent a newer one of the same key
// before the read returned, which lies behind it, or it was a tombstone as old as
// delete.retention.ms. So the final scan has, of every key, what was last
// written, and whoever reads on within that time misses no deletion: who got a
// record has got its tombstone, too, unless that long went by in between. That
// what is left has its offset, its place and its content, other properties judge.
func judgeCompaction(t *trial, f *finding) {
	f.outside = "no topic is compacted by keys that are known"
	for p := range t.claims.partitions {
		topic := &t.claims.partitions[p].topic
		if topic.Compacted && topic.Keys > 0 {
			f.outside = ""
			t.compactedLog(f, partition(p)).judge()
		}
	}
	f.marked()
}

// compacted is one partition.
type compacted struct {
	t     *trial
	f     *finding
	p     history.Partition
	topic *history.Topic
	log   *logIndex
	next  []int32 // by slot: the next one of the same key, -1: there is none
	// By key, of records that may stand where nobody has seen them: where the first was
	// called, and when the first tombstone was.
	ghosts map[int]int64
	ghost  map[int]int64
	slack  int64 // by how much brokers' clocks may be off, ms
	// readers are those who read on, by process.
	readers map[int32]*onward
}

// onward is a reader that goes on: where, and since when a client may have had what
// it got last of every key. A client asks ahead, at the earliest during the read
// before; and what comes without a high watermark was asked for before the read, and
// may be left over from any earlier answer.
type onward struct {
	next  int64
	got   map[int]int64
	asked int64
	last  int64 // when its last read began
}

// begin takes note of a read.
func (r *onward) begin(o *history.Op) {
	if o.HighWatermark != history.Unset {
		r.asked = r.last
	}
	r.last = o.InvokeTime
}

// compactedLog is a partition of a topic that is compacted by keys that are known, nil
// of any other.
func (t *trial) compactedLog(f *finding, p history.Partition) *compacted {
	topic := &t.claims.partitions[p].topic
	if !topic.Compacted || topic.Keys == 0 {
		return nil
	}
	c := &compacted{t: t, f: f, p: p, topic: topic, log: &t.logs[p]}
	c.link()
	c.slack, c.readers = c.skew(), make(map[int32]*onward)
	return c
}

// mayBeGone tells whether the cleaner may have taken a record before an event: a newer
// one of its key had been sent, or it is a tombstone of which the time was over.
func (c *compacted) mayBeGone(k int, e *history.Event) bool {
	s := &c.log.slots[k]
	key, tombstone := s.value.KeyOf(c.topic.Keys)
	if n := c.next[k]; n >= 0 {
		since, ok := c.ghosts[key]
		if ok && since < e.Pos || c.t.h.Ops[c.t.values.sent[c.log.slots[n].sent].op].InvokePos < e.Pos {
			return true
		}
	}
	sent := c.t.h.Ops[c.t.values.sent[s.sent].op].InvokeTime
	return tombstone && (e.Time-sent)/1e6 >= c.topic.DeleteRetentionMs-c.slack
}

func (c *compacted) judge() {
	for _, i := range c.t.opsOf(c.p) {
		o := &c.t.h.Ops[i]
		if o.Outcome == history.OK && o.Reads() && o.At != history.Unset && o.To > o.At {
			c.read(i, o)
		}
	}
}

// link finds, for every record, the next of its key.
func (c *compacted) link() {
	c.next = make([]int32, len(c.log.slots))
	c.ghost, c.ghosts = make(map[int]int64), make(map[int]int64)
	newest := make(map[int]int32)
	for i := len(c.log.slots) - 1; i >= 0; i-- {
		c.next[i] = -1
		s := &c.log.slots[i]
		if s.bits&slotSeen == 0 || s.sent < 0 {
			continue
		}
		key, _ := s.value.KeyOf(c.topic.Keys)
		if n, ok := newest[key]; ok {
			c.next[i] = n
		}
		newest[key] = int32(i)
	}
	for n := range c.t.values.sent {
		s := &c.t.values.sent[n]
		o := &c.t.h.Ops[s.op]
		if o.Partition != c.p || !mayHide(o, s.first != history.Unset) {
			continue
		}
		key, tombstone := c.t.valueOf(int32(n)).KeyOf(c.topic.Keys)
		if was, ok := c.ghosts[key]; !ok || o.InvokePos < was {
			c.ghosts[key] = o.InvokePos
		}
		if was, ok := c.ghost[key]; tombstone && (!ok || o.InvokeTime < was) {
			c.ghost[key] = o.InvokeTime
		}
	}
}

// mayHide tells whether a record of a send may stand where nobody has seen it: one
// that was seen nowhere, and one of a producer without an ID that sent it again, since
// its first attempt may have been appended, and compacted before anybody read it.
func mayHide(send *history.Op, seen bool) bool {
	if send.Outcome == history.Fail {
		return false
	}
	again := !send.Has(history.Idempotent) && (send.Outcome != history.OK || send.Attempts > 1)
	return !seen || again
}

// read judges what a read from At up to To lacks.
func (c *compacted) read(i int32, o *history.Op) {
	records := c.t.h.RecordsOf(o)
	reader := c.readers[o.Process]
	if reader == nil || o.At < reader.next {
		reader = &onward{got: make(map[int]int64), asked: o.InvokeTime, last: o.InvokeTime}
		c.readers[o.Process] = reader
	}
	reader.begin(o)
	reader.next = o.To
	for k := c.log.rank(o.At); k < len(c.log.slots) && c.log.offset(k) < o.To; k++ {
		s, offset := &c.log.slots[k], c.log.offset(k)
		for len(records) > 0 && records[0].Offset < offset {
			records = records[1:]
		}
		switch {
		case s.bits&slotSeen == 0 || s.sent < 0 || s.bits&slotConflicted != 0:
		case len(records) > 0 && records[0].Offset == offset:
			key, _ := s.value.KeyOf(c.topic.Keys)
			reader.got[key] = reader.asked
		case s.bits&slotRead == 0 && !c.counts(s):
		default:
			c.lacks(i, o, k, reader)
		}
	}
}

// counts tells whether the acknowledgement of a record that nobody has read
// promises that it is there.
func (c *compacted) counts(s *slot) bool {
	kept, _ := c.t.claims.durable(&c.t.h.Ops[c.t.values.sent[s.sent].op])
	return kept
}

func (c *compacted) lacks(i int32, o *history.Op, k int, reader *onward) {
	s, offset := &c.log.slots[k], c.log.offset(k)
	send := &c.t.h.Ops[c.t.values.sent[s.sent].op]
	if c.f.claims(c.p, send.InvokePos) {
		c.f.risk("records that a read lacked", 1)
	}
	key, tombstone := s.value.KeyOf(c.topic.Keys)
	if n := c.next[k]; n >= 0 {
		if c.t.h.Ops[c.t.values.sent[c.log.slots[n].sent].op].InvokePos < o.ReturnPos {
			return
		}
		if since, ok := c.ghosts[key]; ok && since < o.ReturnPos {
			return // it may have stood between the two, until the second came
		}
	}
	since, got := reader.got[key]
	resurrected := tombstone && got && !c.expired(since, o)
	if ghost, ok := c.ghost[key]; tombstone && c.expired(send.InvokeTime, o) && !resurrected || ok && c.expired(ghost, o) {
		return
	}
	name, what := "compacted-away", "the newest of its key"
	switch {
	case resurrected && c.expired(send.InvokeTime, o):
		name, what = "resurrected", "which deletes what the reader got just before"
	case tombstone:
		name, what = "tombstone-early", "a tombstone that may go only delete.retention.ms later"
	}
	if a := c.f.found(name, c.p, send.InvokePos); a != nil {
		a.Offset, a.Value, a.HasValue = offset, s.value, true
		a.Ops = opIDs(c.t.values.sent[s.sent].op, i)
		a.Text = fmt.Sprintf("a read from %d to %d lacks %v at %d, %s (key %d)", o.At, o.To, s.value, offset, what, key)
	}
}

// expired tells whether what may begin to go at some time may be gone when a read returns.
func (c *compacted) expired(since int64, o *history.Op) bool {
	return (o.ReturnTime-since)/1e6 >= c.topic.DeleteRetentionMs-c.slack
}

// skew is by how much brokers' clocks may be off: not at all where none was set,
// else SkewMs, and as much again for each start.
func (c *compacted) skew() int64 {
	starts, set := int64(0), false
	for i := range c.t.h.Events {
		switch e := &c.t.h.Events[i]; {
		case e.Kind == history.Start:
			starts++
		case e.Kind == history.Fault && (e.Fault == history.FaultClockStep || e.Fault == history.FaultClockDrift || e.Fault == history.FaultClockFreeze):
			set = true
		}
	}
	if !set {
		return 0
	}
	return c.topic.SkewMs * (1 + starts)
}
