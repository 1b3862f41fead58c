package journal

import (
	"testing"

	"trialog/core/partition"
	"trialog/core/partition/damagetest"
	"trialog/node/osfs"
)

// arm is the sink on a real directory, with files that roll.
func arm(t *testing.T) damagetest.Arm {
	const fileBytes = 6000
	fs := osfs.New(t.TempDir())
	step := 1
	if testing.Short() {
		step = 7
	}
	return damagetest.Arm{FS: fs, Sink: New(fs, partition.GenerationDir, fileBytes), FileBytes: fileBytes, Step: step}
}

// TestEveryByte damages what the library has written, and what lies beside it,
// at every byte. Recovery is core's; it runs on copies in memory.
func TestEveryByte(t *testing.T) {
	for _, c := range []struct {
		what string
		run  func(t *testing.T) damagetest.Counts
	}{
		{"the journal", func(t *testing.T) damagetest.Counts { return damagetest.Journal(t, arm(t)) }},
		{"a segment", func(t *testing.T) damagetest.Counts { return damagetest.Segment(t, arm(t), false) }},
		{"a checkpointed segment", func(t *testing.T) damagetest.Counts { return damagetest.Segment(t, arm(t), true) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			n := c.run(t)
			t.Logf("%d damages: %d without a loss, %d fenced, %d refused when read, %d beyond the newest durable mark; none silently wrong",
				n.Tried, n.Whole, n.Fenced, n.Refused, n.Beyond)
		})
	}
}
