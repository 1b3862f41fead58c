package partition

import (
	"testing"

	"trialog/core/batch"
)

// TestDrainSavesManyAtATime saves logs at the end: as many at a time as may be cut at
// once, and each job says that nobody waits any more. Before that fewer run, and
// they are to spare the journal.
func TestDrainSavesManyAtATime(t *testing.T) {
	const logs = 100
	limits := DefaultLimits()
	n := startNode(t, newCrashFS(), &limits)
	for i := range logs {
		l := n.create(Synced, i)
		n.lead(l, 0)
		n.append(l, testBatch(1, 1, 100, batch.Plain()))
	}
	n.write()
	if n.dead = n.writer.Sync(); n.dead != nil {
		t.Fatal(n.dead)
	}
	n.journal.Synced(n.journal.LastRef())
	// run carries out what is due until nothing is, and says how many checkpoints that
	// were, and how many jobs there were at once.
	run := func(closing bool) (saved, most int) {
		for running := n.journal.Due(n.now, nil); len(running) > 0; running = n.journal.Due(n.now, running[1:]) {
			most = max(most, len(running))
			j := running[0]
			result, err := j.Run(n.fs, j.Args)
			if err != nil || !n.journal.Done(n.now, result) {
				t.Fatal(err)
			}
			if j.Name != "checkpoint" {
				continue
			}
			if saved++; j.Closing != closing {
				t.Fatalf("a checkpoint's Closing is %v", j.Closing)
			}
		}
		return saved, most
	}
	const early = 10
	for _, l := range n.logs[:early] {
		n.journal.press(l)
	}
	if saved, most := run(false); saved != early || most != limits.MaxJobs {
		t.Fatalf("%d of %d saved, at most %d at a time instead of %d", saved, early, most, limits.MaxJobs)
	}
	n.journal.Drain(n.logs, 1)
	if saved, most := run(true); saved != logs-early || most != limits.MaxCuts || !n.journal.Drained() {
		t.Fatalf("%d of %d saved, at most %d at a time instead of %d; drained: %v", saved, logs-early, most, limits.MaxCuts, n.journal.Drained())
	}
}
