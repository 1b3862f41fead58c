package partition

import (
	"errors"
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// everyCall runs act on copies of a prepared node, with a crash at the first
// call, the second, and so on, until it gets through. After each crash the node
// is recovered from what a power cut leaves in the worst case, at random, and
// from what a crash of the process leaves; fine judges the result.
func everyCall(t *testing.T, prepare func() *testNode, act func(*testNode), fine func(t *testing.T, n *testNode)) {
	t.Helper()
	coin := kafka.NewRand(1)
	for k := 1; ; k++ {
		n := prepare()
		n.alive()
		n.fs.stop = n.fs.calls + k
		act(n)
		if n.dead == nil {
			if k < 3 {
				t.Fatalf("the action makes %d calls", k-1)
			}
			return
		}
		if !errors.Is(n.dead, disk.ErrCrashed) {
			t.Fatalf("call %d: %v", k, n.dead)
		}
		for _, fs := range []*crashFS{
			n.fs.powerCut(nil),
			n.fs.powerCut(func() bool { return coin.Uint64()%2 == 0 }),
			n.fs.powerCut(func() bool { return coin.Uint64()%8 == 0 }),
			n.fs.afterKill(),
		} {
			// What recovery decides must stand when the power goes right after it.
			for range 2 {
				m := startNode(t, fs, n.limits)
				if m.dead != nil {
					t.Fatalf("call %d: recovery: %v", k, m.dead)
				}
				for _, l := range m.logs {
					if l.Fenced == "" {
						m.checkFiles(l)
					}
				}
				fine(t, m)
				fs = m.fs.powerCut(nil)
			}
		}
	}
}

// twoLogs is a node with a synced and a replicated log of the given number of
// batches, all synced, the replicated one's by a checkpoint.
func twoLogs(t *testing.T, batches int, limits *Limits) *testNode {
	n := twoLogsJournaled(t, batches, limits)
	for _, l := range n.logs {
		n.journal.press(l)
	}
	n.sync()
	n.alive()
	return n
}

// twoLogsJournaled is the same without checkpoints of our asking.
func twoLogsJournaled(t *testing.T, batches int, limits *Limits) *testNode {
	n := startNode(t, newCrashFS(), limits)
	for i, mode := range []Mode{Synced, Replicated} {
		l := n.create(mode, i)
		n.lead(l, 2)
		n.sync()
		for id := range uint64(batches) {
			n.append(l, testBatch(id+1, 1+int(id)%2, 30, batch.Producer{ID: 4, BaseSequence: sequenceOf(l, 4)}))
		}
	}
	n.sync()
	n.alive()
	return n
}

func ids(from, to uint64) []uint64 {
	var out []uint64
	for i := from; i <= to; i++ {
		out = append(out, i)
	}
	return out
}

// holds fails unless every log holds exactly the batches want.
func holds(want []uint64) func(*testing.T, *testNode) {
	return func(t *testing.T, n *testNode) {
		t.Helper()
		if len(n.logs) != 2 {
			t.Fatalf("%d logs", len(n.logs))
		}
		for _, l := range n.logs {
			if l.Fenced != "" {
				t.Fatalf("log %d fenced: %s", l.Log, l.Fenced)
			}
			batches := n.fetch(l, 0, 1<<20)
			if got := batchIDs(batches); !slices.Equal(got, want) {
				t.Fatalf("log %d holds %v", l.Log, got)
			}
			if a, b := producersString(&l.producers), producersString(rebuilt(n.now, batches)); a != b {
				t.Fatalf("log %d: producers %s, not %s", l.Log, a, b)
			}
			if l.LatestEpoch() != 2 {
				t.Fatalf("log %d: epochs %v", l.Log, l.epochs)
			}
		}
	}
}

func TestCrashAtEveryCallOfFormat(t *testing.T) {
	everyCall(t, func() *testNode { return &testNode{t: t, fs: newCrashFS(), limits: smallLimits()} },
		func(n *testNode) {
			n.start()
		},
		func(t *testing.T, n *testNode) {
			if len(n.logs) != 0 || n.result.Directory != (kafka.DirectoryID{1, 2, 3}) {
				t.Fatalf("%+v", n.result)
			}
		})
}

func TestCrashAtEveryCallOfRecovery(t *testing.T) {
	big := DefaultLimits()
	big.IndexBlockEntries = 2
	prepare := func() *testNode {
		n := twoLogs(t, 20, &big)
		for _, l := range n.logs { // beyond the checkpoints
			for id := uint64(21); id <= 40; id++ {
				n.append(l, testBatch(id, 1, 30, batch.Producer{ID: 4, BaseSequence: sequenceOf(l, 4)}))
			}
		}
		n.sync()
		n.fs = n.fs.restart()
		return n
	}
	everyCall(t, prepare, func(n *testNode) { n.start() }, func(t *testing.T, n *testNode) {
		t.Helper()
		synced := n.logs[0]
		if got := batchIDs(n.fetch(synced, 0, 1<<20)); !slices.Equal(got, ids(1, 40)) {
			t.Fatalf("synced log holds %v", got)
		}
		// What the replicated log had beyond its checkpoint was never synced.
		if got := batchIDs(n.fetch(n.logs[1], 0, 1<<20)); len(got) < 20 || !slices.Equal(got, ids(1, uint64(len(got)))) {
			t.Fatalf("replicated log holds %v", got)
		}
	})
}

func TestCrashAtEveryCallOfRecoveryAfterPowerCut(t *testing.T) {
	big := DefaultLimits()
	prepare := func() *testNode {
		n := twoLogs(t, 10, &big)
		for id := uint64(11); id <= 30; id++ {
			n.append(n.logs[0], testBatch(id, 1+int(id)%2, 30, batch.Producer{ID: 4, BaseSequence: sequenceOf(n.logs[0], 4)}))
		}
		n.sync()
		n.alive()
		n.fs = n.fs.powerCut(nil)
		return n
	}
	everyCall(t, prepare, func(n *testNode) { n.start() }, func(t *testing.T, n *testNode) {
		if got := batchIDs(n.fetch(n.logs[0], 0, 1<<20)); !slices.Equal(got, ids(1, 30)) {
			t.Fatalf("holds %v", got)
		}
	})
}

// TestCrashAtEveryCallOfRecoveryOfWhatWasNotSynced: a crash of the process leaves
// entries in the page cache; recovery counts them, and then the power goes.
func TestCrashAtEveryCallOfRecoveryOfWhatWasNotSynced(t *testing.T) {
	big := DefaultLimits()
	prepare := func() *testNode {
		n := startNode(t, newCrashFS(), &big)
		n.writer, n.dead = NewWriter(n.fs, &testSink{fs: n.fs, eager: true}, n.result.Salt, n.journal.Generation(), n.limits)
		for i := range 3 {
			n.lead(n.create(Synced, i), 0)
		}
		n.append(n.logs[0], testBatch(1, 1, 30, batch.Plain()))
		n.sync()
		for _, l := range n.logs {
			n.journal.press(l)
		}
		n.sync()
		n.append(n.logs[1], testBatch(1, 1, 30, batch.Plain()))
		n.append(n.logs[1], testBatch(2, 1, 30, batch.Plain()))
		n.write()
		n.fs = n.fs.afterKill()
		return n
	}
	everyCall(t, prepare, func(n *testNode) { n.start() }, func(t *testing.T, n *testNode) {
		if n.result.Fenced > 0 {
			t.Fatalf("%d logs fenced without damage", n.result.Fenced)
		}
		if got := batchIDs(n.fetch(n.logs[0], 0, 1<<20)); !slices.Equal(got, ids(1, 1)) {
			t.Fatalf("holds %v", got)
		}
	})
}

// TestReplicatedEpochOutlivesProcess: a leader knows its epoch again after a
// crash, although it wrote nothing in it (KAFKA-7415).
func TestReplicatedEpochOutlivesProcess(t *testing.T) {
	n := twoLogs(t, 3, smallLimits())
	for _, l := range n.logs {
		n.lead(l, 9)
	}
	n.write()
	m := startNode(t, n.fs.restart(), smallLimits())
	m.alive()
	for _, l := range m.logs {
		if l.LatestEpoch() != 9 {
			t.Fatalf("log %d: epochs %v", l.Log, l.epochs)
		}
	}
}

func TestCrashAtEveryCallOfCheckpoint(t *testing.T) {
	everyCall(t, func() *testNode {
		n := twoLogs(t, 20, smallLimits())
		n.append(n.logs[0], testBatch(21, 1, 30, batch.Producer{ID: 4, BaseSequence: sequenceOf(n.logs[0], 4)}))
		n.sync()
		return n
	}, func(n *testNode) {
		n.journal.press(n.logs[0])
		n.sync()
	}, func(t *testing.T, n *testNode) {
		if got := batchIDs(n.fetch(n.logs[0], 0, 1<<20)); !slices.Equal(got, ids(1, 21)) {
			t.Fatalf("holds %v", got)
		}
	})
}

// TestCrashAtEveryCallOfRelease lets the journal fill up until old generations go.
func TestCrashAtEveryCallOfRelease(t *testing.T) {
	const batches = 60
	limits := smallLimits()
	limits.JournalBytes, limits.CheckpointBytes = 1<<40, 1<<40
	for _, back := range []bool{false, true} {
		everyCall(t, func() *testNode {
			n := twoLogsJournaled(t, batches, limits)
			n.back = back
			n.journal.press(n.logs[1])
			n.sync()
			return n
		}, func(n *testNode) {
			shared := *limits
			shared.JournalBytes = 4000
			n.journal.limits = &shared
			before := n.journal.generations.len()
			n.sync()
			if n.dead == nil && (before < 3 || n.journal.generations.len() >= before) {
				t.Fatalf("%d generations, then %d", before, n.journal.generations.len())
			}
		}, holds(ids(1, batches)))
	}
}

// TestCheckpointAheadOfJournal: a checkpoint is durable while the newest entries
// of the journal are lost. Their LSNs are not given out again.
func TestCheckpointAheadOfJournal(t *testing.T) {
	big := DefaultLimits()
	everyCall(t, func() *testNode {
		n := startNode(t, newCrashFS(), &big)
		for i := range 3 {
			n.lead(n.create(Synced, i), 0)
		}
		n.sync()
		for _, l := range n.logs {
			n.journal.press(l)
		}
		n.sync()
		for id := range uint64(3) {
			n.append(n.logs[0], testBatch(id+1, 1, 30, batch.Plain()))
			n.append(n.logs[1], testBatch(id+1, 1, 30, batch.Plain()))
		}
		n.write()
		n.journal.press(n.logs[0])
		n.upkeep()
		n.alive()
		n.fs = n.fs.powerCut(nil)
		return n
	}, func(n *testNode) { n.start() }, func(t *testing.T, n *testNode) {
		if n.result.Fenced > 0 {
			t.Fatalf("%d logs fenced without damage", n.result.Fenced)
		}
		l := n.logs[0]
		got := batchIDs(n.fetch(l, 0, 1<<20))
		if len(got) < 3 || !slices.Equal(got[:3], ids(1, 3)) {
			t.Fatalf("holds %v", got)
		}
		n.append(l, testBatch(9, 1, 30, batch.Plain()))
		n.sync()
		n.alive()
		m := startNode(t, n.fs.powerCut(nil), &big)
		m.alive()
		if again := batchIDs(m.fetch(m.logs[0], 0, 1<<20)); !slices.Equal(again, append(got, 9)) {
			t.Fatalf("held %v and 9, holds %v", got, again)
		}
	})
}

func TestCrashAtEveryCallOfTruncate(t *testing.T) {
	for _, to := range []int{0, 7, 26, 29} {
		everyCall(t, func() *testNode { return twoLogs(t, 30, smallLimits()) }, func(n *testNode) {
			for _, l := range n.logs {
				var a disk.Append
				l.TruncateTo(kafka.Offset(to+to/2), &a) // twoLogs gives every other batch two records
				n.emit(a, l)
			}
			n.sync()
			if n.dead == nil {
				n.fs.stop = 0
				for _, l := range n.logs {
					if got := batchIDs(n.fetch(l, 0, 1<<20)); !slices.Equal(got, ids(1, uint64(to))) || l.Truncating() {
						t.Fatalf("to %d: log %d holds %v", to, l.Log, got)
					}
				}
			}
		}, func(t *testing.T, n *testNode) {
			for _, l := range n.logs {
				got := batchIDs(n.fetch(l, 0, 1<<20))
				if l.Fenced != "" || len(got) < to || !slices.Equal(got, ids(1, uint64(len(got)))) {
					t.Fatalf("to %d: log %d holds %v, fenced %q", to, l.Log, got, l.Fenced)
				}
				if l.Mode == Synced && len(got) != to && len(got) != 30 {
					t.Fatalf("to %d: half a truncation: %v", to, got)
				}
			}
		})
	}
}

// TestTruncateAppendCrash writes other batches over truncated ones: none of the
// old may come back, with or without the jobs done in between.
func TestTruncateAppendCrash(t *testing.T) {
	n := twoLogs(t, 30, smallLimits())
	want := [][]uint64{}
	for _, l := range n.logs {
		offset := n.fetch(l, 0, 1<<20)[11].BaseOffset()
		var a disk.Append
		l.TruncateTo(offset, &a)
		n.emit(a, l)
		n.sync()
		n.lead(l, 5)
		for id := uint64(100); id < 104; id++ {
			n.append(l, testBatch(id, 1, 25, batch.Producer{ID: 4, BaseSequence: sequenceOf(l, 4)}))
		}
		want = append(want, append(ids(1, 11), ids(100, 103)...))
	}
	n.sync()
	n.alive()
	for i, fs := range []*crashFS{n.fs.restart(), n.fs.powerCut(nil)} {
		m := startNode(t, fs, smallLimits())
		m.alive()
		for k, l := range m.logs {
			batches := m.fetch(l, 0, 1<<20)
			got := batchIDs(batches)
			if i == 1 && l.Mode == Replicated {
				if len(got) < 11 || !slices.Equal(got, want[k][:len(got)]) {
					t.Fatalf("log %d holds %v", l.Log, got)
				}
				continue
			}
			if !slices.Equal(got, want[k]) || l.LatestEpoch() != 5 {
				t.Fatalf("log %d holds %v, epochs %v", l.Log, got, l.epochs)
			}
			if a, b := producersString(&l.producers), producersString(rebuilt(m.now, batches)); a != b {
				t.Fatalf("log %d: producers %s, not %s", l.Log, a, b)
			}
		}
	}
}

func TestCrashAtEveryCallOfDelete(t *testing.T) {
	everyCall(t, func() *testNode { return twoLogs(t, 20, smallLimits()) }, func(n *testNode) {
		var a disk.Append
		l := n.logs[0]
		l.Delete(&a)
		n.emit(a, l)
		n.logs = n.logs[1:]
		n.sync()
		if n.dead == nil && n.fs.find(LogDir(l.Log)) != nil {
			t.Fatal("its files are still there")
		}
	}, func(t *testing.T, n *testNode) {
		for _, l := range n.logs {
			if got := batchIDs(n.fetch(l, 0, 1<<20)); l.Fenced != "" || !slices.Equal(got, ids(1, 20)) {
				t.Fatalf("log %d holds %v, fenced %q", l.Log, got, l.Fenced)
			}
		}
		if l := n.logs[len(n.logs)-1]; l.Mode != Replicated {
			t.Fatal("the other log is gone")
		}
	})
}

func TestCrashAtEveryCallOfCleanShutdownAndAfter(t *testing.T) {
	prepare := func() *testNode {
		n := twoLogs(t, 20, smallLimits())
		for _, l := range n.logs {
			n.append(l, testBatch(21, 1, 30, batch.Producer{ID: 4, BaseSequence: sequenceOf(l, 4)}))
		}
		n.sync()
		return n
	}
	shutdown := func(n *testNode) {
		n.journal.Drain(n.logs, 5)
		n.sync()
	}
	some := func(t *testing.T, n *testNode) {
		if got := batchIDs(n.fetch(n.logs[0], 0, 1<<20)); !slices.Equal(got, ids(1, 21)) {
			t.Fatalf("holds %v", got)
		}
	}
	everyCall(t, prepare, shutdown, some)
	// A clean start that crashes, then serves, then crashes again: the mark must
	// not vouch for what came after it.
	everyCall(t, func() *testNode {
		n := prepare()
		shutdown(n)
		n.fs = n.fs.powerCut(nil)
		return n
	}, func(n *testNode) {
		n.start()
		if n.dead != nil {
			return
		}
		if !n.result.Clean || n.result.Previous != 5 {
			t.Fatalf("%+v", n.result)
		}
	}, func(t *testing.T, n *testNode) {
		if slices.Contains(batchIDs(n.fetch(n.logs[0], 0, 1<<20)), 22) {
			return // it has been here before
		}
		holds(ids(1, 21))(t, n)
		for _, l := range n.logs {
			n.append(l, testBatch(22, 1, 30, batch.Plain()))
		}
		n.sync()
		n.alive()
		m := startNode(t, n.fs.powerCut(nil), n.limits)
		m.alive()
		if got := batchIDs(m.fetch(m.logs[0], 0, 1<<20)); m.result.Clean || !slices.Equal(got, ids(1, 22)) {
			t.Fatalf("clean %v, holds %v", m.result.Clean, got)
		}
	})
}

// TestErrorIsFinal fails one call of a write or sync: the writer is finished,
// and what a restart finds is a prefix that holds everything acknowledged.
func TestErrorIsFinal(t *testing.T) {
	for k := 1; k < 12; k++ {
		n := twoLogs(t, 20, smallLimits())
		l := n.logs[0]
		for id := uint64(21); id <= 24; id++ {
			n.append(l, testBatch(id, 1, 30, batch.Producer{ID: 4, BaseSequence: sequenceOf(l, 4)}))
		}
		n.fs.stop, n.fs.err = n.fs.calls+k, disk.ErrIO
		n.sync()
		if n.dead == nil {
			break
		}
		n.fs.stop = 0 // the disk is well again, but nobody may believe it
		if err := n.writer.Write([]disk.Append{{Ref: 99, Kind: disk.EntryEpochStart, Log: l.Log}}); !errors.Is(err, disk.ErrIO) {
			t.Fatalf("write after an error: %v", err)
		}
		if err := n.writer.Sync(); !errors.Is(err, disk.ErrIO) {
			t.Fatalf("sync after an error: %v", err)
		}
		m := startNode(t, n.fs.restart(), smallLimits())
		m.alive()
		if got := batchIDs(m.fetch(m.logs[0], 0, 1<<20)); len(got) < 20 || !slices.Equal(got, ids(1, uint64(len(got)))) {
			t.Fatalf("holds %v", got)
		}
	}
}
