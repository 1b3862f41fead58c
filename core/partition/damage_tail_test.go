package partition

import (
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
)

// TestDamagedTailOfAnUnsyncedLogIsItsEnd pins what is not claimed of replicated
// mode: no checksum outside of its batches tells how far the log reached behind
// its checkpoint, so that after a kill damage there ends the log, unfenced, and
// what stood behind it is gone from this replica.
func TestDamagedTailOfAnUnsyncedLogIsItsEnd(t *testing.T) {
	limits := DefaultLimits()
	n := startNode(t, newCrashFS(), &limits)
	l := n.create(Replicated, 0)
	n.lead(l, 1)
	for id := range uint64(8) {
		n.append(l, testBatch(id+1, 1, 40, batch.Plain()))
	}
	n.write()
	n.alive()
	file := n.fs.find(SegmentPath(l.Log, 0, disk.FileLog))
	file.bytes[len(file.bytes)/2+70] ^= 1
	m := startNode(t, n.fs.afterKill(), &limits)
	m.alive()
	got := m.logs[0]
	if got.Fenced != "" || m.result.Fenced != 0 || got.LogEndOffset != 4 {
		t.Fatalf("fenced %q, log end %d", got.Fenced, got.LogEndOffset)
	}
	if held := batchIDs(m.fetch(got, 0, 1<<20)); !slices.Equal(held, ids(1, 4)) {
		t.Fatalf("holds %v", held)
	}
}
