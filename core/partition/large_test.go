package partition

import (
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// pointing are limits under which batches of largeBatch are large, and nothing
// is checkpointed unless a test asks for it.
func pointing() *Limits {
	l := DefaultLimits()
	l.IndexBlockEntries = 2
	l.LargeBatchBytes = 200
	return &l
}

func largeBatch(id uint64, l *Log) batch.View {
	return testBatch(id, 1, 300, batch.Producer{ID: 4, BaseSequence: sequenceOf(l, 4)})
}

func smallBatch(id uint64, l *Log) batch.View {
	return testBatch(id, 1, 30, batch.Producer{ID: 4, BaseSequence: sequenceOf(l, 4)})
}

// mixed is a node with two synced logs of batches from 1 on, every third of
// them large, synced now and then.
func mixed(t *testing.T, batches uint64) *testNode {
	n := startNode(t, newCrashFS(), pointing())
	for i := range 2 {
		n.lead(n.create(Synced, i), 2)
	}
	for id := uint64(1); id <= batches; id++ {
		n.both(id)
		if id%4 == 0 {
			n.sync()
		}
	}
	n.sync()
	n.alive()
	return n
}

func (n *testNode) both(id uint64) {
	for _, l := range n.logs {
		if id%3 == 0 {
			n.append(l, largeBatch(id, l))
		} else {
			n.append(l, smallBatch(id, l))
		}
	}
}

// prefixFrom fails unless every log serves a prefix of want that has at least
// the first few batches.
func (n *testNode) prefixFrom(t *testing.T, least int, want []uint64) {
	t.Helper()
	for _, l := range n.logs {
		if l.Fenced != "" {
			t.Fatalf("log %d fenced: %s", l.Log, l.Fenced)
		}
		batches := n.fetch(l, 0, 1<<20)
		if got := batchIDs(batches); len(got) < least || !slices.Equal(got, want[:len(got)]) {
			t.Fatalf("log %d holds %v, not %d or more of %v", l.Log, got, least, want)
		}
		if a, b := producersString(&l.producers), producersString(rebuilt(n.now, batches)); a != b {
			t.Fatalf("log %d: producers %s, not %s", l.Log, a, b)
		}
	}
}

func TestLargeBatchesGoToTheDiskOnce(t *testing.T) {
	n := mixed(t, 30)
	journal := 0
	for _, name := range sortedNames(n.fs.find(GenerationDir(1)).names) {
		journal += len(n.fs.find(GenerationDir(1) + "/" + name).bytes)
	}
	if whole := 2 * 10 * len(largeBatch(3, n.logs[0])); journal > 2*30*(frameHeaderSize+120) || n.journal.Bytes() < int64(whole) {
		t.Fatalf("%d bytes of journal, which counts as %d", journal, n.journal.Bytes())
	}
	m := startNode(t, n.fs.powerCut(nil), n.limits)
	m.alive()
	m.prefixFrom(t, 30, ids(1, 30))
	if m.result.Large != 20 || m.result.TornLarge != 0 || m.result.Redone != 40 {
		t.Fatalf("%+v", m.result)
	}
	if got := m.journal.Bytes(); got != n.journal.Bytes() {
		t.Fatalf("the journal counts as %d after recovery, %d before", got, n.journal.Bytes())
	}
}

func TestCrashAtEveryCallOfLargeBatches(t *testing.T) {
	for _, eager := range []bool{false, true} {
		durable := 6
		everyCall(t, func() *testNode {
			durable = 6
			n := mixed(t, 6)
			n.eager = eager
			return n
		}, func(n *testNode) {
			for id := uint64(7); id <= 18 && n.dead == nil; id++ {
				n.both(id)
				if n.sync(); n.dead == nil {
					durable = int(id)
				}
			}
		}, func(t *testing.T, n *testNode) { n.prefixFrom(t, durable, ids(1, 18)) })
	}
}

func TestCrashAtEveryCallOfRecoveryWithLargeBatches(t *testing.T) {
	for _, power := range []bool{true, false} {
		everyCall(t, func() *testNode {
			n := mixed(t, 12)
			n.eager = true
			for id := uint64(13); id <= 18; id++ { // in the page cache
				n.both(id)
			}
			n.write()
			n.alive()
			if n.fs = n.fs.afterKill(); power {
				n.fs = n.fs.powerCut(nil)
			}
			return n
		}, func(n *testNode) { n.start() }, func(t *testing.T, n *testNode) { n.prefixFrom(t, 12, ids(1, 18)) })
	}
}

// TestUndoneEntriesStayUndone writes large batches over what was cut, small ones
// and large ones, and recovers again and again from a journal that holds it all:
// neither may what was cut come back, nor may its redoing harm what took its place.
func TestUndoneEntriesStayUndone(t *testing.T) {
	prepare := func() *testNode {
		n := mixed(t, 9)
		for id := uint64(10); id <= 18; id++ {
			n.both(id)
		}
		n.sync()
		n.fs = n.fs.restart()
		n.start() // redoes them all
		n.alive()
		for _, l := range n.logs {
			var a disk.Append
			l.TruncateTo(9, &a)
			n.emit(a, l)
		}
		n.sync()
		n.alive()
		n.fs = n.fs.restart()
		n.start()
		n.alive()
		for _, l := range n.logs {
			n.lead(l, 5)
			for id := uint64(100); id < 104; id++ {
				n.append(l, largeBatch(id, l))
				n.append(l, smallBatch(id+10, l))
			}
		}
		n.sync()
		n.alive()
		return n
	}
	want := append(ids(1, 9), 100, 110, 101, 111, 102, 112, 103, 113)
	n := prepare()
	for range 3 {
		n = startNode(t, n.fs.powerCut(nil), n.limits)
		n.alive()
		n.prefixFrom(t, len(want), want)
	}
	everyCall(t, func() *testNode {
		n := prepare()
		n.fs = n.fs.powerCut(nil)
		return n
	}, func(n *testNode) { n.start() }, func(t *testing.T, n *testNode) { n.prefixFrom(t, len(want), want) })
}

// TestCutOfTheJournalAlone lets a crash come between a truncation and its job,
// so that no checkpoint tells of it, and large batches follow only after that.
func TestCutOfTheJournalAlone(t *testing.T) {
	n := mixed(t, 12)
	for _, l := range n.logs {
		var a disk.Append
		l.TruncateTo(7, &a)
		n.emit(a, l)
	}
	n.write()
	n.alive()
	if err := n.writer.Sync(); err != nil {
		t.Fatal(err)
	}
	n.fs = n.fs.powerCut(nil)
	for round := range 3 {
		n.start()
		n.alive()
		want := ids(1, 7)
		for r := range uint64(round) {
			want = append(want, 200+r)
		}
		n.prefixFrom(t, len(want), want)
		for _, l := range n.logs {
			n.checkFiles(l)
			n.lead(l, kafka.LeaderEpoch(3+round))
			n.append(l, largeBatch(200+uint64(round), l))
		}
		n.sync()
		n.alive()
		n.fs = n.fs.powerCut(nil)
	}
}

// TestPointerWithoutItsBatch takes a large batch's bytes away. Where a durable
// mark vouches for them the log is fenced, above it the journal ends there.
func TestPointerWithoutItsBatch(t *testing.T) {
	damage := map[string]func(n *crashNode, pos int){
		"flipped": func(n *crashNode, pos int) { n.bytes[pos+100] ^= 1 },
		"header":  func(n *crashNode, pos int) { n.bytes[pos+7] ^= 1 },
		"zeroed":  func(n *crashNode, pos int) { clear(n.bytes[pos:]) },
		"cut":     func(n *crashNode, pos int) { n.bytes = n.bytes[:pos+50] },
		"empty":   func(n *crashNode, pos int) { n.bytes = nil },
	}
	for name, harm := range damage {
		for _, marked := range []bool{true, false} {
			n := mixed(t, 8)
			n.create(Synced, 2)
			n.sync()
			n.journal.Drain(n.logs, 1)
			n.sync()
			n.start() // with an empty journal
			n.alive()
			n.lead(n.logs[0], 3) // before what will be torn
			n.append(n.logs[0], largeBatch(9, n.logs[0]))
			a := n.appends[1]
			n.append(n.logs[1], largeBatch(9, n.logs[1]))
			n.lead(n.logs[2], 1) // its only entry
			n.sync()
			if marked {
				n.append(n.logs[1], smallBatch(10, n.logs[1]))
				n.sync()
			}
			n.alive()
			harm(n.fs.find(SegmentPath(a.Log, a.Segment, disk.FileLog)), int(a.Pos))
			m := startNode(t, n.fs.restart(), n.limits)
			m.alive()
			if marked {
				if m.logs[0].Fenced == "" || m.logs[1].Fenced != "" || m.logs[1].LogEndOffset != 10 || m.result.TornLarge != 0 {
					t.Fatalf("%s below the mark: %q, %q, %+v", name, m.logs[0].Fenced, m.logs[1].Fenced, m.result)
				}
				continue
			}
			if m.result.TornLarge != 1 || m.result.Fenced != 0 {
				t.Fatalf("%s above the mark: %+v", name, m.result)
			}
			if m.logs[2].upkeep.claim != 0 || m.logs[1].upkeep.claim != 0 {
				t.Fatal("a log holds on to an entry that does not count")
			}
			m.logs = m.logs[:2]
			m.prefixFrom(t, 8, ids(1, 8))
			for round := uint64(0); round < 3; round++ { // the old pointer must not be met again
				for _, l := range m.logs {
					m.append(l, smallBatch(300+round, l))
				}
				m.sync()
				m.alive()
				m = startNode(t, m.fs.powerCut(nil), m.limits)
				m.alive()
				m.logs = m.logs[:2]
				m.prefixFrom(t, 9+int(round), append(ids(1, 8), ids(300, 300+round)...))
			}
		}
	}
}

// TestReplicatedLogsHaveNoPointers: their batches are not journaled at all.
func TestReplicatedLogsHaveNoPointers(t *testing.T) {
	n := startNode(t, newCrashFS(), pointing())
	l := n.create(Replicated, 0)
	n.lead(l, 1)
	n.append(l, largeBatch(1, l))
	for _, a := range n.appends {
		if a.Pointer {
			t.Fatalf("%+v", a)
		}
	}
}
