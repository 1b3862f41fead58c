package partition

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// lookupBench is a log of random batches over several segments, with the index
// partly on disk, and the same batches in order.
type lookupBench struct {
	n       *testNode
	l       *Log
	codecs  *batch.Codecs
	batches []batch.View
	records []foundRecord
}

type foundRecord struct {
	offset    kafka.Offset
	timestamp kafka.TimestampMs
}

func newLookupBench(t *rapid.T) *lookupBench {
	limits := smallLimits()
	limits.ReadAheadBytes = int32(rapid.IntRange(1, 2000).Draw(t, "readAhead"))
	limits.IndexBlockEntries = rapid.IntRange(1, 4).Draw(t, "block")
	n := startNode(t, newCrashFS(), limits)
	n.cfg.IndexIntervalBytes = int32(rapid.SampledFrom([]int{0, 100, 200, 1000}).Draw(t, "interval"))
	n.cfg.SegmentBytes = int32(rapid.SampledFrom([]int{400, 1500, 1 << 20}).Draw(t, "segment"))
	b := &lookupBench{n: n, codecs: &batch.Codecs{batch.Snappy: batch.RunLength{}}}
	b.l = n.create(Synced, 0)
	n.lead(b.l, 0)
	clock := int64(1000)
	for range rapid.IntRange(1, 40).Draw(t, "batches") {
		if rapid.IntRange(0, 5).Draw(t, "epoch") == 0 {
			n.lead(b.l, b.l.LatestEpoch()+1)
		}
		n.cfg.LogAppendTime = rapid.IntRange(0, 4).Draw(t, "logAppendTime") == 0
		clock += rapid.Int64Range(-30, 50).Draw(t, "clock")
		n.now.Wall = kafka.TimestampMs(clock)
		var builder batch.Builder
		builder.Reset()
		for range rapid.IntRange(1, 4).Draw(t, "records") {
			builder.Append(kafka.TimestampMs(max(0, clock+rapid.Int64Range(-20, 20).Draw(t, "jitter"))), nil, make([]byte, rapid.IntRange(0, 120).Draw(t, "size")))
		}
		v := builder.Build()
		if rapid.IntRange(0, 3).Draw(t, "packed") == 0 {
			var err error
			if v, err = builder.BuildPacked(batch.Plain(), batch.Snappy, batch.RunLength{}); err != nil {
				t.Fatalf("%v", err)
			}
		}
		n.append(b.l, append(batch.View(nil), v...))
		if rapid.IntRange(0, 9).Draw(t, "checkpoint") == 0 {
			n.sync()
			n.journal.press(b.l)
			n.sync()
		}
	}
	n.sync()
	n.alive()
	if rapid.Bool().Draw(t, "restart") {
		n.fs = n.fs.powerCut(nil)
		n.start()
		n.alive()
		b.l = n.logs[0]
	}
	b.list(t)
	return b
}

// list reads the segments' files from end to end.
func (b *lookupBench) list(t *rapid.T) {
	for i := range b.l.segments {
		file := b.n.fs.find(SegmentPath(b.l.Log, b.l.segments[i].base, disk.FileLog)).bytes
		for batch.View(file).Whole() {
			v := batch.View(file)
			v = v[:v.Size()]
			b.batches = append(b.batches, v)
			plain, _, err := v.Decompress(b.codecs, 1<<20, nil)
			if err != nil {
				t.Fatalf("%v", err)
			}
			it := batch.Iterate(plain, v.Count())
			var r batch.Record
			for it.Next(&r) {
				timestamp := v.BaseTimestamp() + kafka.TimestampMs(r.TimestampDelta)
				if v.LogAppendTime() {
					timestamp = v.MaxTimestamp()
				}
				b.records = append(b.records, foundRecord{v.BaseOffset() + kafka.Offset(r.OffsetDelta), timestamp})
			}
			file = file[v.Size():]
		}
	}
	if last := b.batches[len(b.batches)-1]; last.NextOffset() != b.l.LogEndOffset {
		t.Fatalf("files end at %d, the log at %d", last.NextOffset(), b.l.LogEndOffset)
	}
}

// ends are the offsets between batches, as a high watermark takes them.
func (b *lookupBench) drawEnd(t *rapid.T) kafka.Offset {
	return b.batches[rapid.IntRange(0, len(b.batches)-1).Draw(t, "end")].NextOffset()
}

// fetched is what a linear search answers: the first batch that reaches offset
// and those behind it in the same segment, up to end and maxBytes.
func (b *lookupBench) fetched(offset, end kafka.Offset, maxBytes int32) []byte {
	var out []byte
	segment := -1
	for _, v := range b.batches {
		if v.LastOffset() < offset {
			continue
		}
		if v.NextOffset() > end || len(out) > 0 && (len(out)+len(v) > int(maxBytes) || b.l.segmentFor(v.BaseOffset()) != segment) {
			break
		}
		segment = b.l.segmentFor(v.BaseOffset())
		out = append(out, v...)
	}
	return out
}

// firstOf is what a linear search by time answers.
func (b *lookupBench) firstOf(at kafka.TimestampMs, end kafka.Offset) foundRecord {
	for _, r := range b.records {
		if r.timestamp >= at && r.offset >= b.l.LogStartOffset && r.offset < end {
			return r
		}
	}
	return foundRecord{kafka.NoOffset, kafka.NoTimestamp}
}

// plausible tells whether a file of the time index names a batch that is as young as
// it says but not the first to be so, as no entry does that is not rotten.
func (b *lookupBench) plausible() bool {
	for i := range b.l.segments {
		s := &b.l.segments[i]
		f := b.n.fs.find(SegmentPath(b.l.Log, s.base, disk.FileTimeIndex))
		for at := 0; f != nil && at+timeEntrySize <= len(f.bytes); at += timeEntrySize {
			e := decodeTimeEntry(f.bytes[at:])
			youngest := kafka.NoTimestamp
			for _, v := range b.batches {
				if v.BaseOffset() < s.base {
					continue
				}
				if v.LastOffset() == s.base+kafka.Offset(e.rel) && int64(v.MaxTimestamp()) == e.timestamp && youngest >= v.MaxTimestamp() {
					return true
				}
				youngest = max(youngest, v.MaxTimestamp())
			}
		}
	}
	return false
}

func TestFetchAgainstLinearSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newLookupBench(t)
		for range 20 {
			end := b.drawEnd(t)
			offset := kafka.Offset(rapid.Int64Range(0, int64(end)).Draw(t, "offset"))
			maxBytes := int32(rapid.IntRange(0, 3000).Draw(t, "maxBytes"))
			c, p := b.n.lookup(b.l, func(c *Lookup) { b.l.Fetch(c, offset, end, maxBytes) }, nil)
			want := b.fetched(offset, end, maxBytes)
			if p != Found || len(c.Records) == 0 && len(want) > 0 || !bytes.HasPrefix(want, c.Records) {
				t.Fatalf("fetch at %d below %d, %d bytes: %v, %d bytes of %d", offset, end, maxBytes, p, len(c.Records), len(want))
			}
			if short := len(want) - len(c.Records); short > 0 && len(c.Records) < int(maxBytes)-slack {
				t.Fatalf("fetch at %d below %d: %d bytes of %d with room for %d", offset, end, len(c.Records), len(want), maxBytes)
			}
		}
	})
}

func TestFindTimestampAgainstLinearSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newLookupBench(t)
		b.l.HighWatermark = b.l.LogEndOffset
		if rapid.Bool().Draw(t, "start") {
			var a disk.Append
			b.l.SetLogStart(kafka.Offset(rapid.Int64Range(0, int64(b.l.LogEndOffset)).Draw(t, "logStart")), &a)
			b.l.LogStarted(b.l.NextLogStart())
		}
		largest := kafka.NoTimestamp
		for _, r := range b.records {
			if r.offset >= b.l.SegmentBase(0) {
				largest = max(largest, r.timestamp)
			}
		}
		if largest != b.l.MaxTimestamp() {
			t.Fatalf("largest timestamp is %d, not %d", largest, b.l.MaxTimestamp())
		}
		for range 20 {
			end := b.drawEnd(t)
			at := kafka.TimestampMs(rapid.Int64Range(0, max(0, int64(largest))+10).Draw(t, "time"))
			c, p := b.n.lookup(b.l, func(c *Lookup) { b.l.FindTimestamp(c, at, end) }, b.codecs)
			want := b.firstOf(at, end)
			if p != Found || c.Offset != want.offset || c.Timestamp != want.timestamp {
				t.Fatalf("time %d below %d from %d: %v %d@%d, want %d@%d", at, end, b.l.LogStartOffset, p, c.Offset, c.Timestamp, want.offset, want.timestamp)
			}
			if c.Offset != kafka.NoOffset && c.Epoch != b.l.EpochAt(c.Offset) {
				t.Fatalf("epoch %d at %d", c.Epoch, c.Offset)
			}
		}
	})
}

// TestLookupsInRot flips bits in every file of the log. A lookup answers right,
// or says that there is damage; a rotten index alone hurts neither a fetch nor a
// search by time, unless an entry of the time index came to tell of another batch
// what is true of it.
func TestLookupsInRot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newLookupBench(t)
		rotten := false
		for range rapid.IntRange(1, 6).Draw(t, "flips") {
			s := &b.l.segments[rapid.IntRange(0, len(b.l.segments)-1).Draw(t, "segment")]
			kind := disk.FileKind(rapid.IntRange(0, 2).Draw(t, "file"))
			f := b.n.fs.find(SegmentPath(b.l.Log, s.base, kind))
			if f == nil || len(f.bytes) == 0 {
				continue
			}
			f.bytes = append([]byte(nil), f.bytes...)
			f.bytes[rapid.IntRange(0, len(f.bytes)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			rotten = rotten || kind == disk.FileLog
		}
		for range 20 {
			end := b.drawEnd(t)
			offset := kafka.Offset(rapid.Int64Range(0, int64(end)-1).Draw(t, "offset"))
			c, p := b.n.lookup(b.l, func(c *Lookup) { b.l.Fetch(c, offset, end, 1000) }, nil)
			want := b.fetched(offset, end, 1000)
			switch {
			case p == Damaged && rotten:
			case p != Found:
				t.Fatalf("fetch at %d below %d: %v without damage to the data", offset, end, p)
			case len(c.Records) == 0 || !bytes.HasPrefix(want, c.Records):
				t.Fatalf("fetch at %d below %d: wrong bytes, %d of %d", offset, end, len(c.Records), len(want))
			}
			at := kafka.TimestampMs(rapid.Int64Range(0, max(0, int64(b.l.MaxTimestamp()))+10).Draw(t, "time"))
			c, p = b.n.lookup(b.l, func(c *Lookup) { b.l.FindTimestamp(c, at, end) }, b.codecs)
			switch first := b.firstOf(at, end); {
			case p == Damaged && rotten || b.plausible():
			case p != Found:
				t.Fatalf("search for %d below %d: %v without damage to the data", at, end, p)
			case c.Offset != first.offset || c.Timestamp != first.timestamp:
				t.Fatalf("search for %d below %d: %d@%d, want %d@%d", at, end, c.Offset, c.Timestamp, first.offset, first.timestamp)
			}
		}
	})
}

func TestFetchOfNothing(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	l := n.create(Synced, 0)
	n.lead(l, 0)
	n.append(l, testBatch(1, 2, 10, batch.Plain()))
	var c Lookup
	l.Fetch(&c, 0, 2, 100) // not yet written
	if l.Next(&c, &disk.Read{}) || len(c.Records) != 0 {
		t.Fatal("read what no writer has written")
	}
	n.sync()
	l.Fetch(&c, 2, 2, 100) // at the end
	if l.Next(&c, &disk.Read{}) {
		t.Fatal("read at the end")
	}
	l.Fetch(&c, 0, 1, 100) // the batch ends above
	if !l.Next(&c, &disk.Read{}) {
		t.Fatal("no read")
	}
}

func TestLookupIsStaleAfterTruncation(t *testing.T) {
	n := twoLogs(t, 30, smallLimits())
	l := n.logs[0]
	var c Lookup
	var r disk.Read
	l.Fetch(&c, 20, l.LogEndOffset, 100)
	if !l.Next(&c, &r) {
		t.Fatal("no read")
	}
	bytes, err := n.read(&r)
	var a disk.Append
	l.TruncateTo(15, &a)
	n.emit(a, l)
	n.sync()
	n.alive()
	if p := l.Feed(&c, bytes, err); p != Stale || l.Next(&c, &r) {
		t.Fatalf("%v", p)
	}
}

// TestRottenEntryCostsFewReads: behind a rotten index entry the segment is read
// from an earlier one, and in large pieces however little was asked for.
func TestRottenEntryCostsFewReads(t *testing.T) {
	limits := DefaultLimits()
	n := startNode(t, newCrashFS(), &limits)
	n.cfg.SegmentBytes = 1 << 20
	l := n.create(Synced, 0)
	n.lead(l, 0)
	for i := range uint64(2000) {
		n.append(l, testBatch(i+1, 1, 50, batch.Plain()))
	}
	n.sync()
	n.journal.press(l)
	n.sync()
	n.alive()
	index := n.fs.find(SegmentPath(l.Log, 0, disk.FileIndex)).bytes
	for at, bit := range map[int]byte{
		515*indexEntrySize + 5: 0x02, // an earlier position
		515*indexEntrySize + 2: 0x40, // an offset behind what is looked for, before entries that lead nearer
	} {
		index[at] ^= bit
		fewReads(t, n, l)
		index[at] ^= bit
	}
}

func fewReads(t *testing.T, n *testNode, l *Log) {
	t.Helper()
	reads := 0
	c := Lookup{}
	var r disk.Read
	l.Fetch(&c, 1900, l.LogEndOffset, 100)
	for l.Next(&c, &r) {
		b, err := n.read(&r)
		if reads++; l.Feed(&c, b, err) > Found {
			t.Fatal("damaged")
		}
	}
	if v := batch.View(c.Records); len(v) == 0 || v.BaseOffset() != 1900 {
		t.Fatal("not found")
	}
	if reads > 4 {
		t.Fatalf("%d reads", reads)
	}
}
