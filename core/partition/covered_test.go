package partition

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
)

// TestPointerWithoutItsBatchBelowACheckpoint has a log's journal entries durable,
// and not the large batch that one of them points at; another log's checkpoint
// reaches beyond them. The journal ends at the pointer, for the recovery that
// finds it so, and for the one after a crash of that.
func TestPointerWithoutItsBatchBelowACheckpoint(t *testing.T) {
	torn := func() *testNode {
		n := mixed(t, 4)
		n.append(n.logs[0], smallBatch(5, n.logs[0]))
		n.append(n.logs[0], largeBatch(6, n.logs[0]))
		n.append(n.logs[0], smallBatch(7, n.logs[0]))
		n.write()
		n.alive()
		if err := n.writer.sink.Sync(nil); err != nil { // as at the end of one of its files
			t.Fatal(err)
		}
		n.journal.press(n.logs[1])
		n.upkeep()
		n.alive()
		if got := n.logs[1].CheckpointLSN; got != n.journal.NextLSN()-1 {
			t.Fatalf("a checkpoint as of %d", got)
		}
		n.fs = n.fs.powerCut(nil)
		return n
	}
	n := torn()
	n.start()
	n.alive()
	if n.result.TornLarge != 1 || n.logs[0].LogEndOffset != 5 || n.journal.Generation() != n.logs[1].CheckpointLSN+1 {
		t.Fatalf("%+v, the log ends at %d, the journal goes on at %d", n.result, n.logs[0].LogEndOffset, n.journal.Generation())
	}
	everyCall(t, torn, func(n *testNode) { n.start() }, func(t *testing.T, n *testNode) {
		n.prefixFrom(t, 4, ids(1, 5))
	})
}

// TestDeletionBehindAPointerWithoutItsBatch: a deletion does not count where the
// journal ends before it, at a pointer whose batch is missing.
func TestDeletionBehindAPointerWithoutItsBatch(t *testing.T) {
	n := mixed(t, 4)
	for _, l := range n.logs {
		n.append(l, largeBatch(5, l))
	}
	n.write()
	n.alive()
	var a disk.Append
	n.logs[1].Delete(&a)
	n.emit(a, n.logs[1])
	n.write()
	n.alive()
	first := n.logs[0]
	n.fs.find(SegmentPath(first.Log, first.active().base, disk.FileLog)).bytes[first.active().size-1] ^= 1
	n.fs = n.fs.afterKill()
	n.start()
	n.alive()
	if len(n.logs) != 2 || n.result.TornLarge != 1 {
		t.Fatalf("%d logs, %+v", len(n.logs), n.result)
	}
	n.prefixFrom(t, 4, ids(1, 4))
}

// TestCutIsDurableBeforeTheModeChanges has a synced log recovered without a batch
// whose bytes are in its segment, or in a segment of their own. No journal says of
// them that they are nobody's once the log is replicated.
func TestCutIsDurableBeforeTheModeChanges(t *testing.T) {
	for segments, want := range map[int][]uint64{1: nil, 2: ids(1, 1)} {
		uncut := func() *testNode {
			n := startNode(t, newCrashFS(), smallLimits())
			l := n.create(Synced, 0)
			n.lead(l, 0)
			for range want {
				n.append(l, testBatch(1, 1, 1400, batch.Plain()))
			}
			n.sync()
			n.journal.press(l)
			n.upkeep()
			n.append(l, testBatch(2, 1, 300, batch.Plain()))
			n.write() // not in the journal, which keeps it in memory
			n.alive()
			if got := l.Segments(); got != segments {
				t.Fatalf("%d segments", got)
			}
			n.fs = n.fs.restart() // and the disk has kept the bytes
			n.start()
			n.alive()
			n.prefixFrom(t, len(want), want)
			return n
		}
		replicate := func(n *testNode) {
			l := n.logs[0]
			var a disk.Append
			l.SetMode(Replicated, &a)
			n.emit(a, l)
			n.sync()
			if n.dead == nil && !l.Appendable() {
				t.Fatal("the mode has not changed")
			}
		}
		n := uncut()
		replicate(n)
		n.alive()
		n = startNode(t, n.fs.powerCut(nil), smallLimits())
		n.alive()
		n.prefixFrom(t, len(want), want)
		everyCall(t, uncut, replicate, func(t *testing.T, n *testNode) { n.prefixFrom(t, len(want), want) })
	}
}
