package partition

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// tb is what the tests' helpers need of testing.T and rapid.T.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// testNode drives logs as a broker and its driver do, one thing at a time.
type testNode struct {
	t       tb
	fs      *crashFS
	limits  *Limits
	cfg     Config
	now     kafka.Now
	journal *Journal
	writer  *Writer
	logs    []*Log
	result  *RecoverResult

	eager   bool          // the sink's
	back    bool          // jobs of one call of Due run in reverse
	appends []disk.Append // emitted, not written
	dead    error         // what ended the node
	jobs    []disk.Job
}

func smallLimits() *Limits {
	l := DefaultLimits()
	l.GenerationBytes = 2000
	l.JournalBytes = 8000
	l.CheckpointBytes = 4000
	l.IndexBlockEntries = 2
	l.ReadAheadBytes = 300
	l.OpenFiles = 2
	return &l
}

func smallConfig() Config {
	c := DefaultConfig()
	c.SegmentBytes = 1500
	c.IndexIntervalBytes = 200
	return c
}

func startNode(t tb, fs *crashFS, limits *Limits) *testNode {
	n := &testNode{t: t, fs: fs, limits: limits, cfg: smallConfig(), now: kafka.Now{Mono: 1000, Wall: 1_000_000}}
	n.start()
	return n
}

// start recovers and opens the writer. It leaves dead set when the disk ends the node.
func (n *testNode) start() {
	n.appends, n.jobs, n.dead = nil, nil, nil
	result, err := Recover(n.fs, n.recoverArgs())
	if err != nil {
		n.dead = err
		return
	}
	n.result = result.(*RecoverResult)
	n.journal, n.logs = n.result.Journal, n.result.Logs
	for _, l := range n.logs {
		if err := l.Invariants(); err != nil && l.Fenced == "" {
			n.t.Fatalf("log %d after recovery: %v", l.Log, err)
		}
	}
	n.writer, n.dead = NewWriter(n.fs, &testSink{fs: n.fs, limit: 700, eager: n.eager}, n.result.Salt, n.journal.Generation(), n.limits)
}

func (n *testNode) recoverArgs() *RecoverArgs {
	return &RecoverArgs{Now: n.now, NodeID: 7, Directory: kafka.DirectoryID{1, 2, 3}, Limits: n.limits, IndexIntervalBytes: 200}
}

func (n *testNode) emit(a disk.Append, l *Log) {
	n.journal.Number(&a, l)
	n.appends = append(n.appends, a)
}

func (n *testNode) create(mode Mode, partition int) *Log {
	var a disk.Append
	id := Identity{Log: n.journal.NewLogID(), Partition: kafka.TopicPartition{Topic: kafka.TopicID{9}, Partition: kafka.PartitionIndex(partition)}, Mode: mode}
	l := New(n.now, id, 0, n.limits, &a)
	n.emit(a, l)
	n.logs = append(n.logs, l)
	return l
}

func (n *testNode) lead(l *Log, epoch kafka.LeaderEpoch) {
	var a disk.Append
	if l.BecomeLeader(epoch, &a) {
		n.emit(a, l)
	}
}

func (n *testNode) append(l *Log, v batch.View) {
	var a disk.Append
	l.AppendAsLeader(n.now, l.LatestEpoch(), v, &n.cfg, &a)
	n.emit(a, l)
}

// write carries out what was emitted, without making it durable.
func (n *testNode) write() {
	if n.dead != nil || len(n.appends) == 0 {
		return
	}
	last := n.appends[len(n.appends)-1].Ref
	if n.dead = n.writer.Write(n.appends); n.dead != nil {
		return
	}
	n.appends = n.appends[:0]
	n.journal.Written(last)
	for _, l := range n.logs {
		l.Written(l.Incarnation, l.LogEndOffset)
	}
}

// sync writes, makes durable, and runs the jobs that are due.
func (n *testNode) sync() {
	n.write()
	if n.dead != nil {
		return
	}
	if n.dead = n.writer.Sync(); n.dead != nil {
		return
	}
	n.journal.Synced(n.journal.LastRef())
	for _, l := range n.logs {
		if l.Mode == Synced {
			l.Synced(l.Incarnation, l.LogEndOffset)
		}
	}
	n.upkeep()
}

func (n *testNode) upkeep() {
	for n.dead == nil {
		jobs := n.journal.Due(n.now, nil)
		if len(jobs) == 0 {
			return
		}
		if n.back {
			slices.Reverse(jobs)
		}
		for _, job := range jobs {
			result, err := job.Run(n.fs, job.Args)
			if err != nil {
				n.dead = err
				return
			}
			if !n.journal.Done(n.now, result) {
				n.t.Fatalf("job %s: nobody took %T", job.Name, result)
			}
		}
		if err := n.journal.Invariants(); err != nil {
			n.t.Fatalf("%v", err)
		}
	}
}

// fetch reads everything from offset on through lookups.
func (n *testNode) fetch(l *Log, offset kafka.Offset, maxBytes int32) []batch.View {
	n.t.Helper()
	var out []batch.View
	for offset < l.WrittenEndOffset {
		c, p := n.lookup(l, func(c *Lookup) { l.Fetch(c, offset, l.WrittenEndOffset, maxBytes) }, nil)
		if p != Found || len(c.Records) == 0 {
			n.t.Fatalf("log %d, fetch at %d of %d: %v, %d bytes", l.Log, offset, l.WrittenEndOffset, p, len(c.Records))
		}
		for b := c.Records; len(b) > 0; {
			v := batch.View(b)
			out = append(out, v[:v.Size()])
			offset = v.NextOffset()
			b = b[v.Size():]
		}
	}
	return out
}

func (n *testNode) lookup(l *Log, begin func(*Lookup), codecs *batch.Codecs) (Lookup, Progress) {
	n.t.Helper()
	var c Lookup
	var r disk.Read
	begin(&c)
	for range 1000 {
		if !l.Next(&c, &r) {
			return c, Found
		}
		b, err := n.read(&r)
		p := l.Feed(&c, b, err)
		if p == Unpack {
			result, err := SearchBatch(nil, l.Search(&c, codecs))
			if err != nil {
				n.t.Fatalf("%v", err)
			}
			p = l.Searched(&c, result.(*SearchResult))
		}
		if p != More {
			return c, p
		}
	}
	n.t.Fatalf("a lookup does not end: %+v", c)
	return c, Broken
}

func (n *testNode) read(r *disk.Read) ([]byte, error) {
	f, err := n.fs.Open(ReadPath(r))
	if err != nil {
		return nil, err
	}
	b := make([]byte, r.Len)
	got, err := readAt(f, b, r.Pos)
	return b[:got], err
}

// testBatch builds a batch whose only content is id.
func testBatch(id uint64, records, size int, p batch.Producer) batch.View {
	var b batch.Builder
	b.Reset()
	for i := range records {
		value := make([]byte, max(size, 8))
		binary.BigEndian.PutUint64(value, id)
		b.Append(kafka.TimestampMs(1000+int64(id)+int64(i)), nil, value)
	}
	return append(batch.View(nil), b.BuildFor(p)...)
}

// batchID reads what testBatch wrote.
func batchID(v batch.View) uint64 {
	it := batch.Iterate(v.Records(), v.Count())
	var r batch.Record
	if !it.Next(&r) || len(r.Value) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(r.Value)
}

func batchIDs(batches []batch.View) []uint64 {
	var out []uint64
	for _, v := range batches {
		out = append(out, batchID(v))
	}
	return out
}

// producersString writes producer state, receipt times left out.
func producersString(p *producers) string {
	var b strings.Builder
	for _, i := range p.sorted() {
		x := &p.slots[i]
		fmt.Fprintf(&b, "%d/%d:", x.id, x.epoch)
		for _, c := range x.cached[:x.n] {
			fmt.Fprintf(&b, " %d-%d@%d-%d", c.baseSequence, c.lastSequence, c.baseOffset, c.lastOffset)
		}
		b.WriteString("; ")
	}
	return b.String()
}

// rebuilt is the producer state that the log's batches alone give.
func rebuilt(now kafka.Now, batches []batch.View) *producers {
	p := newProducers()
	for _, v := range batches {
		p.apply(now, v, v.BaseOffset(), v.LastOffset(), v.MaxTimestamp())
	}
	return &p
}

func (n *testNode) alive() {
	n.t.Helper()
	if n.dead != nil {
		n.t.Fatalf("the node died: %v", n.dead)
	}
}

func TestStory(t *testing.T) {
	fs := newCrashFS()
	n := startNode(t, fs, smallLimits())
	n.alive()
	if !n.result.Formatted {
		t.Fatal("not formatted")
	}
	l := n.create(Synced, 0)
	n.lead(l, 3)
	var want []uint64
	for i := range uint64(100) {
		n.append(l, testBatch(i, 1+int(i%3), 20, batch.Producer{ID: 5, Epoch: 1, BaseSequence: sequenceOf(l, 5)}))
		want = append(want, i)
		if i%7 == 0 {
			n.sync()
			n.alive()
		}
	}
	n.sync()
	n.alive()
	if l.Segments() < 5 || l.CheckpointLSN == 0 || n.journal.generations.len() > 6 {
		t.Fatalf("%d segments, checkpoint at %d, %d generations", l.Segments(), l.CheckpointLSN, n.journal.generations.len())
	}
	if got := batchIDs(n.fetch(l, 0, 500)); !slices.Equal(got, want) {
		t.Fatalf("got %v", got)
	}
	for _, cut := range []func() *crashFS{fs.restart, func() *crashFS { return fs.powerCut(nil) }} {
		m := startNode(t, cut(), smallLimits())
		m.alive()
		if m.result.Formatted || m.result.Directory != (kafka.DirectoryID{1, 2, 3}) || len(m.logs) != 1 {
			t.Fatalf("%+v", m.result)
		}
		k := m.logs[0]
		batches := m.fetch(k, 0, 5000)
		if got := batchIDs(batches); !slices.Equal(got, want) {
			t.Fatalf("after a restart: %v", got)
		}
		if k.Identity != l.Identity || k.LatestEpoch() != 3 || k.LogEndOffset != l.LogEndOffset {
			t.Fatalf("%+v", k)
		}
		if a, b := producersString(&k.producers), producersString(rebuilt(m.now, batches)); a != b || a != producersString(&l.producers) {
			t.Fatalf("producers differ: %s, %s", a, b)
		}
		m.append(k, testBatch(100, 1, 20, batch.Plain()))
		m.sync()
		m.alive()
		if got := batchIDs(m.fetch(k, k.LogEndOffset-1, 5000)); len(got) != 1 || got[0] != 100 {
			t.Fatalf("appended after recovery: %v", got)
		}
	}
}

// sequenceOf is the next sequence of a producer in a log.
func sequenceOf(l *Log, id kafka.ProducerID) kafka.Sequence {
	if e := l.producers.find(id); e != nil {
		return e.expected()
	}
	return 0
}

func TestBytesOnDisk(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	l := n.create(Synced, 0)
	n.lead(l, 0)
	v := testBatch(1, 2, 20, batch.Plain())
	before := bytes.Clone(v)
	n.append(l, v)
	n.append(l, v)
	n.sync()
	n.alive()
	if !bytes.Equal(before, v) {
		t.Fatal("record bytes were written to")
	}
	file := n.fs.find(SegmentPath(l.Log, 0, disk.FileLog)).bytes
	want := append(batch.View(nil), v...)
	want.Stamp(0, 0, kafka.NoTimestamp)
	second := append(batch.View(nil), v...)
	second.Stamp(2, 0, kafka.NoTimestamp)
	if !bytes.Equal(file, append(want, second...)) {
		t.Fatalf("segment holds %x", file)
	}
}

func crcOf(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// checkFiles makes sure that recovery leaves no byte that the log does not count.
func (n *testNode) checkFiles(l *Log) {
	for _, name := range sortedNames(n.fs.find(LogDir(l.Log)).names) {
		is, ok := segmentOf(name, disk.FileLog)
		if !ok || slices.ContainsFunc(l.gone, func(g goneSegment) bool { return g.segmentName == is }) {
			continue // no segment's, or about to go
		}
		s := &l.segments[l.segmentFor(is.base)]
		if size := len(n.fs.find(LogDir(l.Log) + "/" + name).bytes); s.segmentName != is || s.size != int64(size) {
			n.t.Fatalf("log %d: %s has %d bytes, segment %d has %d", l.Log, name, size, s.base, s.size)
		}
	}
}
