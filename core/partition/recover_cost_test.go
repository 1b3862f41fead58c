package partition

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// busyNode has many logs with batches that no checkpoint contains.
func busyNode(t *testing.T, logs int) *testNode {
	limits := DefaultLimits()
	n := startNode(t, newCrashFS(), &limits)
	n.writer, n.dead = NewWriter(n.fs, &testSink{fs: n.fs}, n.result.Salt, n.journal.Generation(), n.limits) // one file
	n.alive()
	for i := range logs {
		l := n.create(Synced, i)
		n.lead(l, 1)
		n.append(l, testBatch(uint64(i)+1, 1, 30, batch.Plain()))
	}
	n.sync()
	n.alive()
	return n
}

// TestRecoverySyncsDoNotGrowWithLogs: a node with thousands of logs must be
// back soon after a crash, and a sync takes a millisecond or ten.
func TestRecoverySyncsDoNotGrowWithLogs(t *testing.T) {
	var syncs []int
	for _, logs := range []int{2, 200} {
		n := busyNode(t, logs)
		for range 3 { // and not after many restarts either
			fs := n.fs.restart()
			n = startNode(t, fs, n.limits)
			n.alive()
			if n.result.Redone != logs {
				t.Fatalf("%d of %d batches redone", n.result.Redone, logs)
			}
			for i, l := range n.logs {
				if l.LogEndOffset != 1 || l.DurableEndOffset != 1 || l.CheckpointLSN != 0 {
					t.Fatalf("log %d ends at %d, durable %d, checkpoint %d", i, l.LogEndOffset, l.DurableEndOffset, l.CheckpointLSN)
				}
			}
			syncs = append(syncs, fs.syncs)
		}
	}
	for _, s := range syncs[3:] {
		if s > syncs[1] {
			t.Fatalf("syncs by restart: %v with 2 logs, %v with 200", syncs[:3], syncs[3:])
		}
	}
}

// TestColdLogsCostNoCheckpoints: with many logs of which few are written to,
// those few are what upkeep checkpoints.
func TestColdLogsCostNoCheckpoints(t *testing.T) {
	limits := *smallLimits()
	limits.GenerationBytes, limits.JournalBytes = 60_000, 200_000
	n := startNode(t, newCrashFS(), &limits)
	for i := range 300 {
		l := n.create(Synced, i)
		n.lead(l, 1)
	}
	n.sync()
	for range 2 * limits.JournalBytes / 150 { // each once, as the journal passes them
		n.append(n.logs[0], testBatch(1, 1, 30, batch.Plain()))
		n.sync()
	}
	n.alive()
	checkpoints := make([]kafka.LSN, len(n.logs))
	for i, l := range n.logs {
		if checkpoints[i] = l.CheckpointLSN; l.CheckpointLSN == 0 {
			t.Fatalf("cold log %d holds on to the journal", i)
		}
	}
	for range 3 * limits.JournalBytes / 150 {
		n.append(n.logs[0], testBatch(1, 1, 30, batch.Plain()))
		n.sync()
	}
	n.alive()
	for i, l := range n.logs {
		if moved := l.CheckpointLSN != checkpoints[i]; moved != (i == 0) {
			t.Fatalf("log %d of which only 0 is written to: its checkpoint moved: %v", i, moved)
		}
	}
}

// TestJournalGoesOn restarts without a checkpoint in between, then lets upkeep
// release what earlier lives have left.
func TestJournalGoesOn(t *testing.T) {
	n := busyNode(t, 3)
	for life := range 5 {
		n = startNode(t, n.fs.afterKill(), n.limits)
		n.alive()
		if got := n.journal.generations.len(); got != life+2 {
			t.Fatalf("life %d: %d generations", life, got)
		}
		for _, l := range n.logs {
			n.append(l, testBatch(uint64(life)+10, 1, 30, batch.Plain()))
		}
		n.sync()
		n.alive()
	}
	for _, l := range n.logs {
		n.journal.press(l)
	}
	n.sync()
	n.alive()
	if got := n.journal.generations.len(); got != 1 || n.journal.Bytes() != n.journal.generations.back().bytes {
		t.Fatalf("%d generations, %d bytes", got, n.journal.Bytes())
	}
	m := startNode(t, n.fs.powerCut(nil), n.limits)
	m.alive()
	for _, l := range m.logs {
		if l.LogEndOffset != 6 || l.Fenced != "" {
			t.Fatalf("log %d ends at %d: %s", l.Log, l.LogEndOffset, l.Fenced)
		}
	}
}
