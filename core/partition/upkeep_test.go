package partition

import (
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// names runs Due and returns the names of the jobs.
func names(j *Journal) []string {
	var out []string
	for _, job := range j.Due(kafka.Now{}, nil) {
		out = append(out, job.Name)
	}
	return out
}

// TestCheckpointWaitsForWritten: a snapshot counts bytes that the writer may not
// have written yet; the job that syncs them must come after.
func TestCheckpointWaitsForWritten(t *testing.T) {
	n := twoLogs(t, 3, smallLimits())
	l := n.logs[0]
	n.append(l, testBatch(9, 1, 30, batch.Plain()))
	n.journal.press(l)
	if got := names(n.journal); len(got) != 0 {
		t.Fatalf("before the write: %v", got)
	}
	n.write()
	if got := names(n.journal); len(got) != 1 || got[0] != "checkpoint" {
		t.Fatalf("after the write: %v", got)
	}
}

// TestTruncateWaitsForDurability: what is cut may be overwritten only once the
// cut is durable (D4); a replicated log's cut is not journaled.
func TestTruncateWaitsForDurability(t *testing.T) {
	n := twoLogs(t, 3, smallLimits())
	for i, l := range n.logs {
		var a disk.Append
		l.TruncateTo(1, &a)
		n.emit(a, l)
		if got := names(n.journal); len(got) != 0 {
			t.Fatalf("before the write: %v", got)
		}
		n.write()
		want := i // the synced log still waits
		if got := names(n.journal); len(got) != want {
			t.Fatalf("%v, after the write: %v", l.Mode, got)
		}
		if err := n.writer.Sync(); err != nil {
			t.Fatal(err)
		}
		n.journal.Synced(n.journal.LastRef())
		if got := names(n.journal); len(got) != 1-want {
			t.Fatalf("%v, after the sync: %v", l.Mode, got)
		}
	}
}

// TestJournalIsBounded: under a steady load of all logs the journal stays near
// its bound, and Full tells when it does not.
func TestJournalIsBounded(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	for i := range 5 {
		n.lead(n.create(Synced, i), 0)
	}
	n.sync()
	idle := n.logs[4]
	n.append(idle, testBatch(1, 1, 30, batch.Plain())) // and then nothing more
	for i := range uint64(400) {
		n.append(n.logs[i%4], testBatch(i, 1, 60, batch.Plain()))
		if i%5 == 0 {
			n.sync()
			n.alive()
		}
		if n.journal.Bytes() > n.limits.JournalBytes+n.limits.GenerationBytes || n.journal.Full() {
			t.Fatalf("after %d batches: %d bytes in %d generations", i, n.journal.Bytes(), n.journal.generations.len())
		}
	}
	if idle.CheckpointLSN == 0 {
		t.Fatal("the idle log holds on to the journal")
	}
}

// TestFullJournal: without anybody to release it, the journal says that it is full.
func TestFullJournal(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	l := n.create(Synced, 0)
	n.lead(l, 0)
	for i := range uint64(100) {
		if n.journal.Full() {
			n.sync() // checkpoints and releases
			n.alive()
			if n.journal.Full() || i < 20 {
				t.Fatalf("after %d batches: %d bytes", i, n.journal.Bytes())
			}
			return
		}
		n.append(l, testBatch(i, 1, 60, batch.Plain()))
	}
	t.Fatal("never full")
}

// TestModeChangedTwice changes the mode back while the checkpoint of the first
// change runs: what follows waits for one that contains both.
func TestModeChangedTwice(t *testing.T) {
	limits := DefaultLimits()
	n := startNode(t, newCrashFS(), &limits)
	l := n.create(Synced, 0)
	n.lead(l, 1)
	n.append(l, testBatch(1, 1, 30, batch.Plain()))
	n.sync()
	change := func(m Mode) {
		var a disk.Append
		l.SetMode(m, &a)
		n.emit(a, l)
		n.write()
		n.alive()
	}
	change(Replicated)
	first := n.journal.Due(n.now, nil)
	if len(first) != 1 || l.Appendable() {
		t.Fatalf("%d jobs, appendable %v", len(first), l.Appendable())
	}
	change(Synced)
	result, err := first[0].Run(n.fs, first[0].Args)
	if err != nil || !n.journal.Done(n.now, result) {
		t.Fatal(err)
	}
	if l.Appendable() {
		t.Fatal("appends begin though no checkpoint contains the second change")
	}
	n.sync()
	if !l.Appendable() {
		t.Fatal("appends do not begin")
	}
	n.append(l, testBatch(2, 1, 30, batch.Plain()))
	n.sync()
	m := startNode(t, n.fs.restart(), &limits)
	m.alive()
	if k := m.logs[0]; k.Fenced != "" || k.LogEndOffset != 2 || k.Mode != Synced {
		t.Fatalf("fenced %q, end %d, %v", k.Fenced, k.LogEndOffset, k.Mode)
	}
}

// TestCheckpointOutlivesIncarnation deletes a log, or truncates it to its end,
// while a snapshot of it waits for the writer. The completions that then come
// are of an older incarnation and count for nothing: that what the checkpoint
// made durable is written, the checkpoint itself has to say.
func TestCheckpointOutlivesIncarnation(t *testing.T) {
	ways := []string{"delete", "truncate"}
	for w, change := range []func(*Log, *disk.Append){
		func(l *Log, out *disk.Append) { l.Delete(out) },
		func(l *Log, out *disk.Append) { l.TruncateTo(l.LogEndOffset, out) },
	} {
		name := ways[w]
		for i, mode := range []Mode{Synced, Replicated} {
			n := twoLogs(t, 3, smallLimits())
			l := n.logs[i]
			n.append(l, testBatch(9, 1, 30, batch.Plain()))
			n.journal.press(l)
			if got := names(n.journal); len(got) != 0 {
				t.Fatalf("%s, %v: before the write: %v", name, mode, got)
			}
			end, incarnation := l.LogEndOffset, l.Incarnation
			var a disk.Append
			change(l, &a)
			n.emit(a, l)
			if err := n.writer.Write(n.appends); err != nil {
				t.Fatal(err)
			}
			n.journal.Written(n.journal.LastRef())
			l.Written(incarnation, end)
			jobs := n.journal.Due(n.now, nil)
			if len(jobs) != 1 || jobs[0].Name != "checkpoint" {
				t.Fatalf("%s, %v: %d jobs", name, mode, len(jobs))
			}
			result, err := jobs[0].Run(n.fs, jobs[0].Args)
			if err != nil || !n.journal.Done(n.now, result) {
				t.Fatalf("%s, %v: %v", name, mode, err)
			}
			if err := l.Invariants(); err != nil || l.DurableEndOffset != end {
				t.Fatalf("%s, %v: %v, durable %d, written %d, end %d", name, mode, err, l.DurableEndOffset, l.WrittenEndOffset, end)
			}
		}
	}
}
