package partition

import (
	"testing"

	"trialog/core/disk"
)

// TestCutsAreBounded deletes many logs at once: so many jobs run at a time as may,
// each that ends makes room for the next, and every log goes.
func TestCutsAreBounded(t *testing.T) {
	const logs = 300
	limits := DefaultLimits()
	n := startNode(t, newCrashFS(), &limits)
	for range logs {
		var a disk.Append
		l := n.create(Synced, 0)
		l.Delete(&a)
		n.emit(a, l)
	}
	n.write()
	if n.dead = n.writer.Sync(); n.dead != nil {
		t.Fatal(n.dead)
	}
	n.journal.Synced(n.journal.LastRef())
	running := n.journal.Due(n.now, nil)
	most, ended := len(running), 0
	for ; len(running) > 0; ended++ {
		result, err := running[0].Run(n.fs, running[0].Args)
		if err != nil || !n.journal.Done(n.now, result) {
			t.Fatal(err)
		}
		if l := LogOf(result); l == nil || !l.deleted {
			t.Fatal("a deletion's result does not name its log")
		}
		running = n.journal.Due(n.now, running[1:])
		most = max(most, len(running))
	}
	if most != limits.MaxCuts || ended != logs || len(n.journal.upkeep.waiting) > 0 {
		t.Fatalf("%d of %d deleted, at most %d at a time instead of %d, %d still wait", ended, logs, most, limits.MaxCuts, len(n.journal.upkeep.waiting))
	}
}
