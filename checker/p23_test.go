package checker

import (
	"testing"

	"trialog/checker/history"
)

// compactedLog is a history of one partition with two keys. Which values it
// sends follows from what their keys are: of key 0 two records, then a tombstone.
type compactedLog struct {
	r      *history.Recorder
	p      history.Partition
	values []history.Value // at offsets 0, 1, …
	fresh  bool            // reads are asked for while they last
}

func newCompactedLog() *compactedLog {
	topic := history.Topic{Name: "t", Partitions: 1, Replicas: 1, MinISR: 1, Mode: history.ModeSynced, Compacted: true, Keys: 2, DeleteRetentionMs: 5000}
	c := &compactedLog{r: history.NewRecorder(history.Header{Topics: []history.Topic{topic}})}
	c.p = c.r.Partition("t", 0)
	next := uint64(0)
	for _, want := range []struct {
		key       int
		tombstone bool
	}{{0, false}, {1, false}, {0, false}, {0, true}, {1, false}} {
		for {
			v := history.MakeValue(0, next)
			next++
			if key, tombstone := v.KeyOf(2); key == want.key && tombstone == want.tombstone {
				c.values = append(c.values, v)
				break
			}
		}
	}
	for i, v := range c.values {
		op := history.NewOp(history.Send, 0, 0, c.p)
		id := c.r.Invoke(int64(i)*1e9, &op, v)
		result := history.NewResult(history.OK)
		result.Offset = int64(i)
		c.r.Complete(int64(i)*1e9+1, id, &result)
	}
	return c
}

// read is a poll at some second that finds what stands at the offsets.
func (c *compactedLog) read(second, at, to int64, offsets ...int) {
	op := history.NewOp(history.Poll, 1, 1, c.p)
	op.At = at
	id := c.r.Invoke(second*1e9, &op)
	result := history.NewResult(history.OK)
	result.To = to
	if c.fresh {
		result.HighWatermark = 5
	}
	for _, o := range offsets {
		result.Records = append(result.Records, history.Record{Offset: int64(o), Value: c.values[o]})
	}
	c.r.Complete(second*1e9+1, id, &result)
}

// oneByOne reads what a tombstone deletes, and then not the tombstone.
func oneByOne(l *compactedLog) {
	l.read(1, 0, 1, 0)
	l.read(7, 1, 2, 1)
	l.read(8, 2, 3, 2)
	l.read(9, 3, 5, 4)
}

func TestCompaction(t *testing.T) {
	for _, c := range []struct {
		name string
		read func(*compactedLog)
		want string
	}{
		{"everything", func(l *compactedLog) { l.read(10, 0, 5, 0, 1, 2, 3, 4) }, ""},
		{"the newest of each key", func(l *compactedLog) { l.read(10, 0, 5, 3, 4) }, ""},
		{"from the middle", func(l *compactedLog) { l.read(10, 2, 5, 3, 4) }, ""},
		{"without the newest value", func(l *compactedLog) { l.read(10, 0, 5, 1, 3) }, "compacted-away"},
		{"without a young tombstone", func(l *compactedLog) { l.read(7, 0, 5, 4) }, "tombstone-early"},
		{"without an old tombstone", func(l *compactedLog) { l.read(9, 0, 5, 4) }, ""},
		{"what an old tombstone had deleted", func(l *compactedLog) { l.read(9, 0, 5, 2, 4) }, "resurrected"},
		{"the same in two reads", func(l *compactedLog) { l.read(8, 0, 3, 2); l.read(9, 3, 5, 4) }, "resurrected"},
		{"what is left over from an answer of long ago", oneByOne, ""},
		{"what was asked for just before", func(l *compactedLog) { l.fresh = true; oneByOne(l) }, "resurrected"},
		{"the same with a long time between them", func(l *compactedLog) { l.read(6, 0, 3, 2); l.read(12, 3, 5, 4) }, ""},
	} {
		l := newCompactedLog()
		c.read(l)
		v := Check(l.r.History(), Options{Properties: []history.Property{history.Compaction}}).Verdict(history.Compaction)
		got := ""
		if len(v.Anomalies) > 0 {
			got = v.Anomalies[0].Name
		}
		if got != c.want || (v.Status == Violated) != (c.want != "") {
			t.Errorf("%s: %v %q, want %q", c.name, v.Status, got, c.want)
		}
	}
}

// TestFirstAttemptMayHide: a send that was tried again by a producer without an ID may
// stand twice, so that what it replaced may be gone before its acknowledged record and
// before the next of its key. One attempt, or an ID, excuses nothing.
func TestFirstAttemptMayHide(t *testing.T) {
	for _, c := range []struct {
		name       string
		attempts   int16
		idempotent bool
		want       Status
	}{
		{"sent again", 2, false, Holds},
		{"sent once", 1, false, Violated},
		{"sent again with an ID", 2, true, Violated},
	} {
		l := newCompactedLog()
		next := uint64(1 << 20)
		value := func() history.Value { // of key 1, like the last of the log
			for ; ; next++ {
				if v := history.MakeValue(0, next); keyed(v, 1) {
					next++
					return v
				}
			}
		}
		again := history.NewOp(history.Send, 0, 0, l.p)
		if c.idempotent {
			again.Flags |= history.Idempotent
		}
		first := l.r.Invoke(20e9, &again, value())
		l.read(21, 4, 5)
		between := history.NewOp(history.Send, 2, 2, l.p)
		id := l.r.Invoke(22e9, &between, value())
		result := history.NewResult(history.OK)
		result.Offset = 6
		l.r.Complete(23e9, id, &result)
		result.Offset, result.Attempts = 7, c.attempts
		l.r.Complete(24e9, first, &result)
		if v := Check(l.r.History(), Options{Properties: []history.Property{history.Compaction}}).Verdict(history.Compaction); v.Status != c.want {
			t.Errorf("%s: %v, want %v", c.name, v.Status, c.want)
		}
	}
}

func keyed(v history.Value, want int) bool {
	key, tombstone := v.KeyOf(2)
	return key == want && !tombstone
}
