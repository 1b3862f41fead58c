package partition

import (
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// wide is a batch of a leader's: its offsets are base to base+2.
func wide(id uint64, base kafka.Offset, epoch kafka.LeaderEpoch) batch.View {
	v := testBatch(id, 3, 20, batch.Plain())
	v.Stamp(base, epoch, kafka.NoTimestamp)
	return v
}

// beginWithin begins a log at 10 of which everything below 11 is deleted.
func (n *testNode) beginWithin(mode Mode) *Log {
	var create, start disk.Append
	id := Identity{Log: n.journal.NewLogID(), Partition: kafka.TopicPartition{Topic: kafka.TopicID{9}}, Mode: mode}
	l := NewWithin(n.now, id, 10, 11, n.limits, &create, &start)
	n.emit(create, l)
	n.emit(start, l)
	n.logs = append(n.logs, l)
	return l
}

func (n *testNode) follow(l *Log, v batch.View) {
	var a disk.Append
	l.AppendVerbatim(n.now, v, &n.cfg, &a)
	n.emit(a, l)
}

// holds fails unless the log begins at 11 and serves these batches from there.
func (n *testNode) holds(t *testing.T, want ...uint64) {
	t.Helper()
	if len(n.logs) != 1 || n.logs[0].Fenced != "" || n.logs[0].LogStartOffset != 11 {
		t.Fatalf("%d logs, %q, start %d", len(n.logs), n.logs[0].Fenced, n.logs[0].LogStartOffset)
	}
	l := n.logs[0]
	if err := l.Invariants(); err != nil {
		t.Fatal(err)
	}
	if got := batchIDs(n.fetch(l, 11, 1000)); !slices.Equal(got, want) {
		t.Fatalf("the log holds %v, not %v, to %d", got, want, l.LogEndOffset)
	}
}

// TestLogBegunWithinABatch takes the batch that its start lies within, whatever
// epoch the log was of before, and has it after every kind of restart.
func TestLogBegunWithinABatch(t *testing.T) {
	for _, mode := range []Mode{Synced, Replicated} {
		for _, checkpointed := range []bool{false, true} {
			n := startNode(t, newCrashFS(), smallLimits())
			l := n.beginWithin(mode)
			n.lead(l, 7) // and appends nothing
			n.sync()
			if checkpointed {
				n.journal.press(l)
				n.upkeep()
				n.alive()
				if l.CheckpointLSN == 0 {
					t.Fatal("no checkpoint")
				}
			}
			v := wide(1, 10, 5)
			if l.Straddled(v) || !l.Continues(v) || l.Continues(wide(1, 8, 5)) || !l.Straddled(wide(1, 9, 5)) || l.Straddled(wide(1, 11, 5)) {
				t.Fatal("which batches the log takes")
			}
			n.follow(l, v)
			n.follow(l, wide(2, 13, 6))
			n.sync()
			n.alive()
			n.holds(t, 1, 2)
			if l.EpochAt(12) != 5 || l.EpochAt(13) != 6 || l.gaps {
				t.Fatalf("epochs %v", l.epochs)
			}
			n.fs = n.fs.afterKill()
			n.start()
			n.alive()
			n.holds(t, 1, 2)
			n.journal.Drain(n.logs, 1)
			n.sync()
			n.fs = n.fs.powerCut(nil)
			n.start()
			n.alive()
			n.holds(t, 1, 2)
		}
	}
}

// TestLogBegunWithinABatchAtEveryCall crashes at every call of the file system
// while a synced log is begun and takes the batch.
func TestLogBegunWithinABatchAtEveryCall(t *testing.T) {
	begun, appended := false, false
	everyCall(t, func() *testNode {
		begun, appended = false, false
		return startNode(t, newCrashFS(), smallLimits())
	}, func(n *testNode) {
		l := n.beginWithin(Synced)
		if n.sync(); n.dead != nil {
			return
		}
		begun = true
		n.follow(l, wide(1, 10, 5))
		n.sync()
		appended = n.dead == nil
	}, func(t *testing.T, n *testNode) {
		switch {
		case appended:
			n.holds(t, 1)
		case len(n.logs) == 1 && n.logs[0].LogEndOffset == 13:
			n.holds(t, 1)
		case begun:
			n.holds(t)
		case len(n.logs) > 1, len(n.logs) == 1 && n.logs[0].LogEndOffset != n.logs[0].LogStartOffset:
			t.Fatalf("%+v", n.result)
		}
	})
}

// TestLeaderOfALogBegunWithinABatch appends at the log start: the segment begins
// where no batch does.
func TestLeaderOfALogBegunWithinABatch(t *testing.T) {
	for _, mode := range []Mode{Synced, Replicated} {
		n := startNode(t, newCrashFS(), smallLimits())
		l := n.beginWithin(mode)
		n.lead(l, 7)
		n.append(l, testBatch(1, 2, 20, batch.Plain()))
		n.append(l, testBatch(2, 2, 20, batch.Plain()))
		n.sync()
		n.alive()
		n.holds(t, 1, 2)
		if got := batchIDs(n.fetch(l, l.FirstOffset(), 1000)); !slices.Equal(got, ids(1, 2)) {
			t.Fatalf("a follower that begins anew gets %v", got)
		}
		n.fs = n.fs.afterKill()
		n.start()
		n.alive()
		n.holds(t, 1, 2)
	}
}

// TestEmptiedLogIsStraddled leads to such a log: a power cut takes what a
// replicated log has not synced, a truncation reaches down to the log start.
func TestEmptiedLogIsStraddled(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	for i, mode := range []Mode{Synced, Replicated} {
		l := n.create(mode, i)
		n.follow(l, wide(1, 0, 1))
		n.follow(l, wide(2, 3, 1))
		n.sync()
		l.HighWatermark = 6
		var a disk.Append
		l.SetLogStart(4, &a)
		n.emit(a, l)
		n.sync()
		l.LogStarted(4)
	}
	var a disk.Append
	n.logs[0].TruncateTo(4, &a)
	n.emit(a, n.logs[0])
	n.sync()
	n.alive()
	m := startNode(t, n.fs.powerCut(nil), n.limits)
	m.alive()
	for _, l := range []*Log{n.logs[0], m.logs[0], m.logs[1]} {
		if l.LogStartOffset != 4 || l.LogEndOffset != 4 || !l.Straddled(wide(2, 3, 1)) || l.Continues(wide(2, 3, 1)) || l.Straddled(wide(3, 4, 1)) {
			t.Fatalf("log %d: %d to %d", l.Log, l.LogStartOffset, l.LogEndOffset)
		}
	}
}
