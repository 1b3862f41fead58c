package partition

import (
	"testing"

	"trialog/core/disk"
)

// TestPassOutlivesSegmentsAtItsFront: retention takes segments after any job of a
// pass. It goes on with those that are left, and then all of them are clean.
func TestPassOutlivesSegmentsAtItsFront(t *testing.T) {
	leftOut, anew := 0, 0
	for jobs := range 10 {
		for took := 1; took < 7; took++ {
			k := dirtyLog(t, Synced, 700)
			k.n.cfg.SegmentBytes *= 3 // several of the old ones make one
			l := k.l
			if !k.begin(6000) {
				t.Fatal("nothing to clean")
			}
			for range jobs {
				k.job()
			}
			if !k.n.journal.Cleaning() || took >= len(l.segments) {
				continue
			}
			var a disk.Append
			start := l.segments[took].base
			l.SetLogStart(start, &a)
			k.n.emit(a, l)
			l.LogStarted(start)
			for range 4 {
				k.n.sync()
			}
			s, over := k.n.journal.Swept()
			if !over || s.Given || s.NoRoom || s.Bad != "" || l.Cleaned() != s.To || l.Dirt(6000, &k.n.cfg).Dirty != 0 {
				t.Fatalf("%d segments went after %d jobs: %+v, cleaned up to %d", took, jobs, s, l.Cleaned())
			}
			if s.Stats.LeftOut > 0 {
				leftOut++
			}
			if s.Stats.Anew > 0 {
				anew++
			}
			k.n.alive()
			k.judge(k.n, l, true)
			k.n.checkFiles(l)
			m := startNode(t, k.n.fs.powerCut(nil), k.n.limits)
			(&keyed{n: m, l: m.logs[0], written: k.written}).judge(m, m.logs[0], true)
		}
	}
	t.Logf("%d passes left segments out, %d swept the rest of a group again", leftOut, anew)
	if leftOut == 0 || anew == 0 {
		t.Error("no pass met what it was to meet")
	}
}

// job runs the jobs that are due, once.
func (k *keyed) job() {
	for _, job := range k.n.journal.Due(k.n.now, nil) {
		result, err := job.Run(k.n.fs, job.Args)
		if err != nil {
			k.n.t.Fatalf("%v", err)
		}
		k.n.journal.Done(k.n.now, result)
	}
}
