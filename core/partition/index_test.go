package partition

import (
	"bytes"
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// TestIndexWrittenAnewIsOldOrNew: what a checkpoint counts of an index must not
// become a mixture with what the next one will count.
func TestIndexWrittenAnewIsOldOrNew(t *testing.T) {
	coin := kafka.NewRand(1)
	keep := func() bool { return coin.Uint64()%2 == 0 }
	older, newer := bytes.Repeat([]byte{1}, 300), bytes.Repeat([]byte{2}, 200)
	path, seen := SegmentPath(1, 0, disk.FileIndex), 0
	for k := 1; ; k++ {
		fs := newCrashFS()
		if err := fs.MkdirAll(LogDir(1)); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{".", logsDir, LogDir(1)} {
			if dir == LogDir(1) {
				if err := writeEntries(fs, path, older, 0); err != nil {
					t.Fatal(err)
				}
			}
			if err := fs.SyncDir(dir); err != nil {
				t.Fatal(err)
			}
		}
		fs.stop = fs.calls + k
		err := writeEntries(fs, path, newer, 0)
		for range 20 {
			got, readErr := readFile(fs.powerCut(keep), path)
			if readErr != nil || !bytes.Equal(got, older) && !bytes.Equal(got, newer) {
				t.Fatalf("a crash at call %d leaves %x: %v", k, got, readErr)
			}
			if bytes.Equal(got, newer) {
				seen++
			}
		}
		if err == nil {
			break
		}
	}
	if seen == 0 {
		t.Fatal("the file was never written anew")
	}
}

// TestZeroedIndex has the blocks of an index read as zeros, as those of a file
// do that a power cut met. Its first entry is all there is, and leads nowhere:
// the log must serve from every offset all the same.
func TestZeroedIndex(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	l := n.create(Synced, 0)
	n.lead(l, 1)
	for id := uint64(1); l.active().index.count() == 0; id++ {
		n.append(l, testBatch(id, 2, 30, batch.Plain()))
	}
	n.sync()
	n.journal.Drain(n.logs, 1)
	n.sync()
	n.alive()
	for _, kind := range []disk.FileKind{disk.FileIndex, disk.FileTimeIndex} {
		b := n.fs.find(SegmentPath(l.Log, 0, kind)).bytes
		if len(b) == 0 {
			t.Fatal("there is no index")
		}
		clear(b)
	}
	all := batchIDs(n.fetch(l, 0, 1000))
	m := startNode(t, n.fs.restart(), n.limits)
	m.alive()
	for from := range l.LogEndOffset {
		if got := batchIDs(m.fetch(m.logs[0], from, 1000)); !slices.Equal(got, all[from/2:]) {
			t.Fatalf("from %d: %v of %v", from, got, all)
		}
	}
}
