package partition

import (
	"path"
	"testing"

	"trialog/core/disk"
)

// TestDeletionBehindAHole cuts the power while an epoch start and a deletion are
// not durable, and the disk keeps the second alone: the deletion does not count,
// neither for this recovery nor for the next.
func TestDeletionBehindAHole(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	l := n.create(Synced, 0)
	n.sync()
	n.alive()
	var files []string
	for _, g := range sortedNames(n.fs.find(journalDir).names) {
		for _, f := range sortedNames(n.fs.find(path.Join(journalDir, g)).names) {
			files = append(files, path.Join(journalDir, g, f))
		}
	}
	newest := n.fs.find(files[len(files)-1])
	hole := len(newest.bytes)
	n.lead(l, 3)
	var a disk.Append
	l.Delete(&a)
	n.emit(a, l)
	n.write()
	newest.bytes[hole+frameHeaderSize/2] ^= 1
	for range 2 {
		n.fs = n.fs.afterKill()
		n.start()
		n.alive()
		if len(n.logs) != 1 || n.logs[0].Log != l.Log {
			t.Fatalf("%d logs were recovered, not the one of which no deletion counts", len(n.logs))
		}
	}
}
