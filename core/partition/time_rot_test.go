package partition

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// TestRottenTimeIndexMisleadsNobody flips every bit of a time index, in a node that
// runs and in one that starts with it: every time is found where it begins.
func TestRottenTimeIndexMisleadsNobody(t *testing.T) {
	limits := smallLimits()
	limits.IndexBlockEntries, limits.ReadAheadBytes = 3, 300
	n := startNode(t, newCrashFS(), limits)
	n.cfg.SegmentBytes, n.cfg.IndexIntervalBytes = 1<<20, 500
	l := n.create(Synced, 0)
	n.lead(l, 0)
	const first, step = 1 << 20, 70
	for i := range 60 {
		var b batch.Builder
		b.Reset()
		b.Append(kafka.TimestampMs(first+i*step), nil, make([]byte, 60))
		n.append(l, append(batch.View(nil), b.Build()...))
	}
	n.sync()
	n.journal.press(l)
	n.sync()
	n.alive()
	file := n.fs.find(SegmentPath(l.Log, 0, disk.FileTimeIndex))
	if len(file.bytes) < 8*timeEntrySize {
		t.Fatalf("an index of %d bytes", len(file.bytes))
	}
	search := func(n *testNode, bit int) {
		for i := range 60 {
			l := n.logs[0]
			at := kafka.TimestampMs(first + i*step - 3)
			c, p := n.lookup(l, func(c *Lookup) { l.FindTimestamp(c, at, l.LogEndOffset) }, nil)
			if p != Found || c.Offset != kafka.Offset(i) {
				t.Fatalf("bit %d of byte %d: %d begins at %d (%v), not at %d", bit%8, bit/8, at, c.Offset, p, i)
			}
		}
	}
	for bit := range 8 * len(file.bytes) {
		file.bytes = append([]byte(nil), file.bytes...) // the bytes are shared with what is durable
		file.bytes[bit/8] ^= 1 << (bit % 8)
		search(n, bit)
		m := startNode(t, n.fs.restart(), limits)
		m.alive()
		search(m, bit)
		file.bytes = append([]byte(nil), file.bytes...)
		file.bytes[bit/8] ^= 1 << (bit % 8)
	}
}
