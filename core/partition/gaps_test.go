package partition

import (
	"testing"

	"trialog/core/disk"
)

// TestRottenBaseOffsetBehindAGap flips bits of a base offset that no CRC covers,
// in a log with gaps: where the batch would lie outside its segment, or overlap
// another, a fetch must fence the log and not wait for records for ever. What
// stays within the gap nobody can tell from a cleaner's work.
func TestRottenBaseOffsetBehindAGap(t *testing.T) {
	for _, rot := range []struct {
		at      int
		mask    byte
		noticed bool
	}{{0, 1, true}, {3, 0x80, true}, {7, 0x40, true}, {7, 0x1c, true}, {7, 1, false}} {
		n := startNode(t, newCrashFS(), smallLimits())
		l := n.create(Synced, 0)
		n.follow(l, wide(1, 0, 1))
		n.follow(l, wide(2, 10, 1))
		at := len(wide(1, 0, 1))
		n.follow(l, wide(3, 20, 1))
		n.sync()
		n.alive()
		n.fs.find(SegmentPath(l.Log, 0, disk.FileLog)).bytes[at+rot.at] ^= rot.mask
		_, p := n.lookup(l, func(c *Lookup) { l.Fetch(c, 3, l.WrittenEndOffset, 1<<20) }, nil)
		if p != Found && p != Damaged || (p == Damaged) != rot.noticed {
			t.Errorf("byte %d, mask %#x: %d", rot.at, rot.mask, p)
		}
	}
}
