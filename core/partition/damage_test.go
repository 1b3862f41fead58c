package partition

import (
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// written is one frame of a journal that a test wrote.
type written struct {
	start, end   int // bytes in the file, length prefix included
	header       int // where the header begins
	lsn, durable kafka.LSN
	log          kafka.LogID
	batch        uint64 // 0: not a batch
}

// damageBench is a journal of two logs that nothing but itself vouches for.
type damageBench struct {
	fs     *crashFS
	limits *Limits
	path   string
	frames []written
	logs   []kafka.LogID
}

// newDamageBench fills a journal with small batches of two logs, a few to a
// sync. A power cut takes everything else away.
func newDamageBench(t testing.TB) *damageBench {
	limits := DefaultLimits()
	n := startNode(t, newCrashFS(), &limits)
	n.writer, n.dead = NewWriter(n.fs, &testSink{fs: n.fs}, n.result.Salt, n.journal.Generation(), n.limits)
	n.alive()
	b := &damageBench{limits: &limits, path: GenerationDir(1) + "/" + digits20(1)}
	for i := range 2 {
		l := n.create(Synced, i)
		n.lead(l, 1)
		b.logs = append(b.logs, l.Log)
	}
	id := uint64(0)
	for range 14 {
		for k := range 3 {
			id++
			l := n.logs[(int(id)*int(id)+k)%2]
			n.append(l, testBatch(id, 1, 10+int(id)%30, batch.Plain()))
		}
		n.sync()
		n.alive()
	}
	b.fs = n.fs.powerCut(nil)
	b.parse(t, n.result.Salt)
	return b
}

func (b *damageBench) bytes(fs *crashFS) []byte { return fs.find(b.path).bytes }

func (b *damageBench) parse(t testing.TB, salt Salt) {
	file := b.bytes(b.fs)
	for at := 0; at < len(file); {
		var a disk.Append
		prefix, n := lengthAt(file[at:], salt, &a)
		if n < 0 {
			t.Fatalf("no frame at %d", at)
		}
		f := written{start: at, header: at + prefix, end: at + prefix + frameHeaderSize + n, lsn: a.LSN, durable: a.Durable, log: a.Log}
		if a.Kind == disk.EntryAppend {
			f.batch = batchID(batch.View(file[f.end-n : f.end]))
		}
		b.frames = append(b.frames, f)
		at = f.end
	}
}

// batches are those of a log's frames that ok accepts.
func (b *damageBench) batches(log kafka.LogID, ok func(written) bool) []uint64 {
	var out []uint64
	for _, f := range b.frames {
		if f.log == log && f.batch != 0 && ok(f) {
			out = append(out, f.batch)
		}
	}
	return out
}

// mark is the newest durable mark in frames that ok accepts.
func (b *damageBench) mark(ok func(written) bool) kafka.LSN {
	var m kafka.LSN
	for _, f := range b.frames {
		if ok(f) {
			m = max(m, f.durable)
		}
	}
	return m
}

func allZero(b []byte) bool { return !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) }

// TestEverySectorZeroed zeroes 64 bytes at every position, and cuts the power
// right after recovery. (Damage of every other kind, on any sink: damagetest.)
func TestEverySectorZeroed(t *testing.T) {
	b := newDamageBench(t)
	size := len(b.bytes(b.fs))
	for at := size - 4096; at < size; at += 3 {
		fs := b.fs.restart()
		f := fs.find(b.path)
		end := min(at+64, size)
		clear(f.bytes[at:end])
		f.durable = f.bytes
		whole := func(w written) bool {
			return allZero(b.bytes(b.fs)[max(at, w.header):max(min(end, w.end), max(at, w.header))])
		}
		b.check(t, fs, "sector zeroed", at, whole)
	}
}

// check recovers and holds the result to what is promised: every log has at
// least its entries up to the newest durable mark that is left, in a prefix of
// what was written, or is fenced.
func (b *damageBench) check(t *testing.T, fs *crashFS, what string, at int, whole func(written) bool) {
	t.Helper()
	mark := b.mark(whole)
	n := startNode(t, fs, b.limits)
	if n.dead != nil {
		t.Fatalf("%s at %d: recovery failed: %v", what, at, n.dead)
	}
	if len(n.logs) != len(b.logs) {
		t.Fatalf("%s at %d: %d logs", what, at, len(n.logs))
	}
	lost := kafka.LSN(0) // the first entry that is not whole
	for _, f := range b.frames {
		if !whole(f) && lost == 0 {
			lost = f.lsn
		}
	}
	damaged := lost != 0 && lost <= mark
	if damaged != (n.result.Fenced > 0) {
		t.Fatalf("%s at %d: first loss %d, mark %d, but %d logs fenced", what, at, lost, mark, n.result.Fenced)
	}
	for i, l := range n.logs {
		got := batchIDs(n.fetch(l, 0, 1<<20))
		all := b.batches(b.logs[i], func(written) bool { return true })
		if len(got) > len(all) || !slices.Equal(got, all[:len(got)]) {
			t.Fatalf("%s at %d: log %d holds %v of %v", what, at, l.Log, got, all)
		}
		if must := b.batches(b.logs[i], func(f written) bool { return f.lsn <= mark }); l.Fenced == "" && len(got) < len(must) {
			t.Fatalf("%s at %d: log %d lost durable batches: %d of %d", what, at, l.Log, len(got), len(must))
		}
	}
	b.again(t, n, what, at)
}

// again restarts after recovery: what it decided must stand.
func (b *damageBench) again(t *testing.T, n *testNode, what string, at int) {
	m := startNode(t, n.fs.powerCut(nil), b.limits)
	if m.dead != nil || len(m.logs) != len(n.logs) {
		t.Fatalf("%s at %d: second recovery: %v", what, at, m.dead)
	}
	for i, l := range m.logs {
		if l.Fenced != n.logs[i].Fenced || l.LogEndOffset != n.logs[i].LogEndOffset {
			t.Fatalf("%s at %d: log %d changed: %q to %q, end %d to %d", what, at, l.Log, n.logs[i].Fenced, l.Fenced, n.logs[i].LogEndOffset, l.LogEndOffset)
		}
	}
}

// TestUndamagedBench makes sure that the bench itself recovers whole.
func TestUndamagedBench(t *testing.T) {
	b := newDamageBench(t)
	b.check(t, b.fs.restart(), "nothing", 0, func(written) bool { return true })
}

// TestDamageBelowCheckpointIsNobodysLoss flips an entry that every log's
// checkpoint contains.
func TestDamageBelowCheckpointIsNobodysLoss(t *testing.T) {
	limits := DefaultLimits()
	n := startNode(t, newCrashFS(), &limits)
	l := n.create(Synced, 0)
	n.lead(l, 0)
	for i := range uint64(20) {
		n.append(l, testBatch(i+1, 1, 50, batch.Plain()))
		n.sync()
	}
	n.journal.press(l)
	n.sync()
	n.append(l, testBatch(21, 1, 50, batch.Plain()))
	n.sync()
	n.alive()
	file := n.fs.find(GenerationDir(1) + "/" + digits20(1))
	file.bytes[300] ^= 1
	m := startNode(t, n.fs.restart(), &limits)
	m.alive()
	if k := m.logs[0]; k.Fenced != "" || k.LogEndOffset != 21 {
		t.Fatalf("fenced %q, end %d", k.Fenced, k.LogEndOffset)
	}
}

// TestDamagedCheckpoint fences the log and leaves the node up.
func TestDamagedCheckpoint(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	for i := range 2 {
		l := n.create(Synced, i)
		n.lead(l, 0)
		n.append(l, testBatch(uint64(i+1), 1, 50, batch.Plain()))
	}
	n.sync()
	for _, l := range n.logs {
		n.journal.press(l)
	}
	n.sync()
	n.alive()
	n.fs.find(checkpointPath(n.logs[0].Log)).bytes[40] ^= 4
	m := startNode(t, n.fs.restart(), smallLimits())
	m.alive()
	if m.logs[0].Fenced == "" || m.logs[1].Fenced != "" || m.result.Fenced != 1 {
		t.Fatalf("fenced: %q, %q", m.logs[0].Fenced, m.logs[1].Fenced)
	}
	if m.logs[0].Identity != n.logs[0].Identity {
		t.Fatalf("the journal knew who it was: %+v", m.logs[0].Identity)
	}
}

// TestDamagedCheckpointWithoutJournal has nothing left of the log but its
// label, and then not even that.
func TestDamagedCheckpointWithoutJournal(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	l := n.create(Synced, 0)
	n.lead(l, 0)
	n.append(l, testBatch(1, 1, 50, batch.Plain()))
	n.sync()
	n.journal.Drain(n.logs, 1)
	n.sync()
	n.alive()
	m := startNode(t, n.fs.restart(), smallLimits()) // after a clean shutdown the journal is new
	m.alive()
	m.fs.find(checkpointPath(l.Log)).bytes[40] ^= 4
	k := startNode(t, m.fs.restart(), smallLimits())
	k.alive()
	if got := k.logs[0]; got.Fenced == "" || got.Identity != l.Identity {
		t.Fatalf("fenced %q, identity %+v", got.Fenced, got.Identity)
	}
	k.fs.find(checkpointPath(l.Log)).bytes[40] ^= 4
	if err := k.fs.Remove(labelPath(&l.Identity)); err != nil {
		t.Fatal(err)
	}
	j := startNode(t, k.fs.restart(), smallLimits())
	j.alive()
	if got := j.logs[0]; got.Fenced == "" || got.Known() || got.Log != l.Log {
		t.Fatalf("fenced %q, identity %+v", got.Fenced, got.Identity)
	}
}

// TestFencedFromTheStart cuts the power before a checkpoint tells of the fence.
func TestFencedFromTheStart(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	var a disk.Append
	id := Identity{Log: n.journal.NewLogID(), Partition: kafka.TopicPartition{Topic: kafka.TopicID{9}}, Mode: Synced}
	l := NewFenced(n.now, id, 0, n.limits, "in doubt", &a)
	n.emit(a, l)
	n.write()
	n.alive()
	m := startNode(t, n.fs.powerCut(nil), smallLimits())
	m.alive()
	if got := m.logs[0]; got.Fenced != "in doubt" || got.Identity != id {
		t.Fatalf("fenced %q, identity %+v", got.Fenced, got.Identity)
	}
}

// FuzzLabel holds names of files to those that label writes.
func FuzzLabel(f *testing.F) {
	f.Add(label(kafka.TopicPartition{Topic: kafka.TopicID{1, 2}, Partition: 7}))
	f.Add("partition-00-1")
	f.Add("checkpoint")
	f.Fuzz(func(t *testing.T, name string) {
		if tp, ok := parseLabel(name); ok && label(tp) != name {
			t.Fatalf("%q is taken for the label of %+v", name, tp)
		}
	})
}

// TestShortSegment fences a log whose checkpointed bytes are gone.
func TestShortSegment(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	l := n.create(Synced, 0)
	n.lead(l, 0)
	for i := range uint64(30) {
		n.append(l, testBatch(i+1, 1, 50, batch.Plain()))
	}
	n.sync()
	n.journal.press(l)
	n.sync()
	n.alive()
	f := n.fs.find(SegmentPath(l.Log, 0, disk.FileLog))
	f.bytes = f.bytes[:len(f.bytes)-1]
	f.durable = f.bytes
	m := startNode(t, n.fs.restart(), smallLimits())
	m.alive()
	if m.logs[0].Fenced == "" {
		t.Fatal("not fenced")
	}
	again := startNode(t, m.fs.powerCut(nil), smallLimits())
	again.alive()
	if again.logs[0].Fenced != m.logs[0].Fenced {
		t.Fatalf("the fence is forgotten: %q", again.logs[0].Fenced)
	}
}
