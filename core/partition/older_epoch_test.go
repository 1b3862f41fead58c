package partition

import (
	"slices"
	"testing"
)

// TestFollowedInAnOlderEpochAfterLeading leads in an epoch in which nothing is
// written, and follows again a leader that has records of an older epoch there.
// They are there after every kill, whether a checkpoint tells of the epoch or the
// journal does.
func TestFollowedInAnOlderEpochAfterLeading(t *testing.T) {
	for _, mode := range []Mode{Synced, Replicated} {
		for _, checkpointed := range []bool{false, true} {
			n := startNode(t, newCrashFS(), smallLimits())
			l := n.create(mode, 0)
			n.lead(l, 2)
			n.follow(l, wide(1, 0, 2))
			n.lead(l, 5) // and appends nothing
			n.sync()
			if checkpointed {
				n.journal.press(l)
				n.upkeep()
				n.alive()
				if l.CheckpointLSN == 0 {
					t.Fatal("no checkpoint")
				}
			}
			for i := range uint64(40) { // over several segments
				n.follow(l, wide(2+i, l.LogEndOffset, 3))
			}
			n.follow(l, wide(42, l.LogEndOffset, 6))
			if n.write(); mode == Synced {
				n.sync()
			}
			for range 2 {
				n.fs = n.fs.afterKill()
				n.start()
				n.alive()
				l = n.logs[0]
				if err := l.Invariants(); err != nil || l.Fenced != "" {
					t.Fatalf("%v, fenced %q", err, l.Fenced)
				}
				if got := batchIDs(n.fetch(l, 0, 1<<20)); !slices.Equal(got, ids(1, 42)) {
					t.Fatalf("%v, checkpointed %t: holds %v", mode, checkpointed, got)
				}
				if want := []EpochEntry{{2, 0}, {3, 3}, {6, 123}}; !slices.Equal(l.epochs, want) {
					t.Fatalf("%v, checkpointed %t: epochs %v, not %v", mode, checkpointed, l.epochs, want)
				}
			}
		}
	}
}

// TestOlderEpochBehindAGap: what the leader has at the end of a log may have been
// cleaned away, so that its next batch begins behind where the epoch did.
func TestOlderEpochBehindAGap(t *testing.T) {
	for _, mode := range []Mode{Synced, Replicated} {
		n := startNode(t, newCrashFS(), smallLimits())
		l := n.create(mode, 0)
		n.lead(l, 2)
		n.follow(l, wide(1, 0, 2))
		n.lead(l, 5) // at 3, and appends nothing
		n.follow(l, wide(2, 5, 3))
		n.follow(l, wide(3, 8, 6))
		n.sync()
		for range 2 {
			if want := []EpochEntry{{2, 0}, {3, 5}, {6, 8}}; !slices.Equal(l.epochs, want) {
				t.Fatalf("%v: epochs %v, not %v", mode, l.epochs, want)
			}
			n.fs = n.fs.afterKill()
			n.start()
			n.alive()
			l = n.logs[0]
		}
	}
}
