package partition

import (
	"fmt"
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
)

// tellingFS tells of every piece that is written back, and of every sync.
type tellingFS struct {
	*crashFS
	fails int // the piece that fails, 0: none
	told  []string
}

func (fs *tellingFS) Open(path string) (disk.File, error) {
	f, err := fs.crashFS.Open(path)
	return &tellingFile{f, fs}, err
}

type tellingFile struct {
	disk.File
	fs *tellingFS
}

func (f *tellingFile) WriteBack(off, n int64) error {
	f.fs.told = append(f.fs.told, fmt.Sprintf("%d+%d", off, n))
	if len(f.fs.told) == f.fs.fails {
		return disk.ErrIO
	}
	return nil
}

func (f *tellingFile) Sync() error {
	f.fs.told = append(f.fs.told, "sync")
	return f.File.Sync()
}

// TestCheckpointIsPaced: a segment goes to the device piece by piece, and only
// what is behind its last byte is left to the sync.
func TestCheckpointIsPaced(t *testing.T) {
	limits := DefaultLimits()
	n := startNode(t, newCrashFS(), &limits)
	n.cfg.SegmentBytes = 1 << 30
	l := n.create(Replicated, 0)
	n.lead(l, 0)
	for id := range uint64(6) {
		n.append(l, testBatch(id+1, 1, 600_000, batch.Plain()))
	}
	n.write()
	n.alive()
	size := l.active().size
	if size < 3*writeBackBytes || size >= 4*writeBackBytes {
		t.Fatalf("a segment of %d bytes", size)
	}
	snapshot := l.snapshot(n.now, n.journal.next-1, n.journal.durable)
	fs := &tellingFS{crashFS: n.fs}
	if _, err := Checkpoint(fs, snapshot); err != nil {
		t.Fatal(err)
	}
	want := []string{"0+1048576", "1048576+1048576", "2097152+1048576", fmt.Sprintf("3145728+%d", size-3*writeBackBytes), "sync"}
	if len(fs.told) < 5 || !slices.Equal(fs.told[:5], want) {
		t.Fatalf("%v, not %v", fs.told, want)
	}
	fs = &tellingFS{crashFS: n.fs, fails: 2}
	if _, err := Checkpoint(fs, snapshot); err == nil || slices.Contains(fs.told, "sync") {
		t.Fatalf("an error of a piece is one of the sync: %v, %v", err, fs.told)
	}
}
