package partition

import (
	"math"
	"slices"
	"strings"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// bare is a log without a disk, for what it decides.
func bare(t testing.TB) *Log {
	limits := DefaultLimits()
	var a disk.Append
	l := New(kafka.Now{}, Identity{Log: 1, Mode: Synced}, 0, &limits, &a)
	l.BecomeLeader(0, &a)
	return l
}

// produce appends what CheckProducer lets through and returns its decision.
func produce(l *Log, now kafka.Now, p batch.Producer, records int) Decision {
	v := testBatch(1, records, 8, p)
	d := l.CheckProducer(v)
	if d.Verdict == Fresh {
		cfg := DefaultConfig()
		var a disk.Append
		l.AppendAsLeader(now, l.LatestEpoch(), v, &cfg, &a)
	}
	return d
}

func seq(epoch kafka.ProducerEpoch, base kafka.Sequence) batch.Producer {
	return batch.Producer{ID: 8, Epoch: epoch, BaseSequence: base}
}

// TestIdempotence follows kafka.md §3.2, one step a line.
func TestIdempotence(t *testing.T) {
	type step struct {
		name    string
		p       batch.Producer
		records int
		verdict Verdict
		err     kafka.ErrorCode
		base    kafka.Offset
	}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"no state: sequence 0", []step{
			{"overtaking", seq(3, 77), 2, Refused, kafka.ErrOutOfOrderSequenceNumber, 0},
			{"first", seq(3, 0), 77, Fresh, 0, 0}, {"next", seq(3, 77), 2, Fresh, 0, 0},
		}},
		{"an exact duplicate of each of the last five", []step{
			{"1", seq(0, 0), 1, Fresh, 0, 0}, {"2", seq(0, 1), 2, Fresh, 0, 0}, {"3", seq(0, 3), 1, Fresh, 0, 0},
			{"4", seq(0, 4), 1, Fresh, 0, 0}, {"5", seq(0, 5), 1, Fresh, 0, 0},
			{"again 1", seq(0, 0), 1, Duplicate, 0, 0}, {"again 2", seq(0, 1), 2, Duplicate, 0, 1}, {"again 5", seq(0, 5), 1, Duplicate, 0, 5},
			{"6", seq(0, 6), 1, Fresh, 0, 0},
			{"an older duplicate falls through", seq(0, 0), 1, Refused, kafka.ErrOutOfOrderSequenceNumber, 0},
			{"again 2", seq(0, 1), 2, Duplicate, 0, 1},
			{"same base, other length", seq(0, 1), 1, Refused, kafka.ErrOutOfOrderSequenceNumber, 0},
			{"a gap", seq(0, 8), 1, Refused, kafka.ErrOutOfOrderSequenceNumber, 0},
			{"7", seq(0, 7), 1, Fresh, 0, 0},
		}},
		{"epochs", []step{
			{"first", seq(4, 0), 1, Fresh, 0, 0},
			{"older epoch", seq(3, 1), 1, Refused, kafka.ErrInvalidProducerEpoch, 0},
			{"older epoch, known sequence", seq(3, 0), 1, Refused, kafka.ErrInvalidProducerEpoch, 0},
			{"newer epoch not at 0", seq(5, 1), 1, Refused, kafka.ErrOutOfOrderSequenceNumber, 0},
			{"newer epoch at 0", seq(5, 0), 1, Fresh, 0, 0},
			{"what was right before", seq(4, 1), 1, Refused, kafka.ErrInvalidProducerEpoch, 0},
			{"its duplicate", seq(5, 0), 1, Duplicate, 0, 1},
		}},
		{"the sequence wraps between batches, of a producer that was forgotten", []step{
			{"last", seq(0, math.MaxInt32), 1, Fresh, 0, 0},
			{"minus", seq(0, math.MinInt32), 1, Refused, kafka.ErrOutOfOrderSequenceNumber, 0},
			{"zero", seq(0, 0), 1, Fresh, 0, 0},
			{"again", seq(0, math.MaxInt32), 1, Duplicate, 0, 0},
		}},
		{"the sequence wraps within a batch, of a producer that was forgotten", []step{
			{"last", seq(0, math.MaxInt32-1), 4, Fresh, 0, 0},
			{"again", seq(0, math.MaxInt32-1), 4, Duplicate, 0, 0},
			{"zero", seq(0, 0), 1, Refused, kafka.ErrOutOfOrderSequenceNumber, 0},
			{"two", seq(0, 2), 1, Fresh, 0, 0},
		}},
		{"without idempotence", []step{{"1", batch.Plain(), 1, Fresh, 0, 0}, {"same", batch.Plain(), 1, Fresh, 0, 0}}},
	} {
		l := bare(t)
		if strings.Contains(c.name, "forgotten") {
			l.forgotten = 8
		}
		for _, s := range c.steps {
			end := l.LogEndOffset
			d := produce(l, kafka.Now{}, s.p, s.records)
			if d.Verdict != s.verdict || d.Err != s.err || d.Verdict == Duplicate && (d.BaseOffset != s.base || d.LastOffset != s.base+kafka.Offset(s.records)-1) {
				t.Fatalf("%s, %s: %+v", c.name, s.name, d)
			}
			if d.Verdict != Fresh && l.LogEndOffset != end {
				t.Fatalf("%s, %s: appended", c.name, s.name)
			}
			if err := l.Invariants(); err != nil {
				t.Fatalf("%s, %s: %v", c.name, s.name, err)
			}
		}
	}
}

// TestCheckChangesNothing: a batch that is checked and then refused for another
// reason leaves no trace, so its retry is fresh (KAFKA-6683).
func TestCheckChangesNothing(t *testing.T) {
	l := bare(t)
	produce(l, kafka.Now{}, seq(0, 0), 1)
	before := producersString(&l.producers)
	for range 3 {
		if d := l.CheckProducer(testBatch(1, 3, 8, seq(0, 1))); d.Verdict != Fresh {
			t.Fatalf("%+v", d)
		}
		if d := l.CheckProducer(testBatch(1, 1, 8, batch.Producer{ID: 99})); d.Verdict != Fresh {
			t.Fatalf("%+v", d)
		}
	}
	if after := producersString(&l.producers); after != before {
		t.Fatalf("%s became %s", before, after)
	}
}

// TestExpiryGoesByReceipt: neither old record timestamps nor a wall clock that
// jumps make the log forget a producer; 24 hours without a batch do.
func TestExpiryGoesByReceipt(t *testing.T) {
	l := bare(t)
	now := kafka.Now{Mono: 5_000, Wall: 1 << 40}
	produce(l, now, seq(0, 0), 1) // its record timestamps are of 1970
	now.Wall += 1 << 40
	now.Mono = now.Mono.Add(23 * kafka.Hour)
	if n := l.ExpireProducers(now); n != 0 {
		t.Fatalf("%d forgotten", n)
	}
	if d := produce(l, now, seq(0, 0), 1); d.Verdict != Duplicate {
		t.Fatalf("%+v", d)
	}
	produce(l, now, seq(0, 1), 1)
	now.Mono = now.Mono.Add(23 * kafka.Hour)
	if n := l.ExpireProducers(now); n != 0 || l.Producers() != 1 {
		t.Fatalf("%d forgotten", n)
	}
	now.Mono = now.Mono.Add(kafka.Hour)
	if n := l.ExpireProducers(now); n != 1 || l.Producers() != 0 {
		t.Fatalf("%d forgotten, %d left", n, l.Producers())
	}
	if d := produce(l, now, seq(0, 500), 1); d.Verdict != Fresh {
		t.Fatalf("%+v", d)
	}
}

// TestExpiryOverRestart: the time a producer has been idle survives a restart.
func TestExpiryOverRestart(t *testing.T) {
	limits := smallLimits()
	n := startNode(t, newCrashFS(), limits)
	l := n.create(Synced, 0)
	n.lead(l, 0)
	n.append(l, testBatch(1, 1, 8, seq(0, 0)))
	n.now.Mono = n.now.Mono.Add(20 * kafka.Hour)
	n.sync()
	n.journal.press(l)
	n.sync()
	n.alive()
	m := &testNode{t: t, fs: n.fs.restart(), limits: limits, cfg: smallConfig(), now: kafka.Now{Mono: 12}}
	m.start()
	m.alive()
	m.now.Mono = m.now.Mono.Add(3 * kafka.Hour)
	if got := m.logs[0].ExpireProducers(m.now); got != 0 {
		t.Fatal("forgotten too early")
	}
	m.now.Mono = m.now.Mono.Add(kafka.Hour)
	if got := m.logs[0].ExpireProducers(m.now); got != 1 {
		t.Fatal("not forgotten")
	}
}

func TestEpochs(t *testing.T) {
	limits := DefaultLimits()
	var a disk.Append
	l := New(kafka.Now{}, Identity{Log: 1, Mode: Synced}, 0, &limits, &a)
	ask := func(epoch, wantEpoch kafka.LeaderEpoch, want kafka.Offset) {
		t.Helper()
		if e, o := l.EndOffsetForEpoch(epoch); e != wantEpoch || o != want {
			t.Fatalf("epoch %d: %d ends at %d, want %d at %d", epoch, e, o, wantEpoch, want)
		}
	}
	ask(0, -1, -1)
	l.BecomeLeader(2, &a)
	if a.Kind != disk.EntryEpochStart || a.LeaderEpoch != 2 || a.BaseOffset != 0 {
		t.Fatalf("%+v", a)
	}
	produce(l, kafka.Now{}, batch.Plain(), 5)
	l.BecomeLeader(4, &a) // writes nothing
	l.BecomeLeader(6, &a)
	produce(l, kafka.Now{}, batch.Plain(), 5)
	if l.BecomeLeader(6, &a) {
		t.Fatal("the same epoch twice")
	}
	if want := []EpochEntry{{2, 0}, {6, 5}}; !slices.Equal(l.Epochs(), want) {
		t.Fatalf("%v", l.Epochs())
	}
	ask(-1, -1, -1)
	ask(1, 1, 0)  // below all known
	ask(2, 2, 5)  // ends where the next begins
	ask(3, 2, 5)  // the largest not larger
	ask(4, 2, 5)  // an epoch in which nothing was written
	ask(6, 6, 10) // the latest ends at the log's end
	ask(7, -1, -1)
	for o, want := range map[kafka.Offset]kafka.LeaderEpoch{0: 2, 4: 2, 5: 6, 10: 6} {
		if got := l.EpochAt(o); got != want {
			t.Fatalf("epoch at %d is %d", o, got)
		}
	}
	l.TruncateTo(5, &a)
	if want := []EpochEntry{{2, 0}}; !slices.Equal(l.Epochs(), want) || a.Kind != disk.EntryTruncateTo || a.BaseOffset != 5 {
		t.Fatalf("%v, %+v", l.Epochs(), a)
	}
	ask(6, -1, -1)
}

func TestCheckRecords(t *testing.T) {
	l := bare(t)
	v := testBatch(1, 1, 100, batch.Plain())
	now := kafka.Now{Wall: 1_000_000}
	ok := batch.Checked{Done: true, MinTimestamp: 1000, MaxTimestamp: 1000, KeylessCount: 1}
	for _, c := range []struct {
		name    string
		checked batch.Checked
		edit    func(*Config)
		want    kafka.ErrorCode
	}{
		{"fine", ok, func(*Config) {}, kafka.None},
		{"what the reader found", batch.Checked{Err: kafka.ErrCorruptMessage}, func(*Config) {}, kafka.ErrCorruptMessage},
		{"larger than max.message.bytes", ok, func(c *Config) { c.MaxMessageBytes = int32(len(v) - 1) }, kafka.ErrMessageTooLarge},
		{"exactly max.message.bytes", ok, func(c *Config) { c.MaxMessageBytes = int32(len(v)) }, kafka.None},
		{"larger than a segment", ok, func(c *Config) { c.SegmentBytes = int32(len(v) - 1) }, kafka.ErrRecordListTooLarge},
		{"compacted without key", ok, func(c *Config) { c.Compacted = true }, kafka.ErrInvalidRecord},
		{"too old", ok, func(c *Config) { c.TimestampBeforeMaxMs = 998_999 }, kafka.ErrInvalidTimestamp},
		{"just not too old", ok, func(c *Config) { c.TimestampBeforeMaxMs = 999_000 }, kafka.None},
		{"too new", batch.Checked{MinTimestamp: 5, MaxTimestamp: 1_000_001}, func(c *Config) { c.TimestampAfterMaxMs = 0 }, kafka.ErrInvalidTimestamp},
		{"largest bounds", batch.Checked{MinTimestamp: 5, MaxTimestamp: 1 << 50}, func(c *Config) { c.TimestampAfterMaxMs = math.MaxInt64 }, kafka.None},
		{"log append time: the client's does not matter", batch.Checked{MaxTimestamp: 1 << 50}, func(c *Config) { c.LogAppendTime = true }, kafka.None},
		{"no timestamps", batch.Checked{MinTimestamp: -1, MaxTimestamp: -1}, func(c *Config) { c.TimestampBeforeMaxMs = 5 }, kafka.None},
	} {
		cfg := DefaultConfig()
		c.edit(&cfg)
		if got := l.CheckRecords(now, v, &c.checked, &cfg); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// TestRoll: by size, by age, and before an offset outgrows the index.
func TestRoll(t *testing.T) {
	cfg := DefaultConfig()
	cfg.SegmentBytes, cfg.SegmentMs = 300, 1000
	l := bare(t)
	now := kafka.Now{Wall: 50_000}
	var a disk.Append
	add := func(v batch.View) kafka.Offset {
		l.AppendVerbatim(now, v, &cfg, &a)
		return a.Segment
	}
	at := func(base kafka.Offset, size int) batch.View {
		v := testBatch(1, 1, size, batch.Plain())
		v.Stamp(base, 0, kafka.NoTimestamp)
		return v
	}
	if s := add(at(0, 200)); s != 0 || a.Pos != 0 {
		t.Fatalf("first batch in segment %d", s)
	}
	if s := add(at(1, 8)); s != 1 || a.Pos != 0 {
		t.Fatalf("a full segment: batch in %d", s)
	}
	now.Wall += 999
	if s := add(at(2, 8)); s != 1 || a.Pos == 0 {
		t.Fatalf("batch in %d", s)
	}
	now.Wall++
	if s := add(at(3, 8)); s != 3 {
		t.Fatalf("an old segment: batch in %d", s)
	}
	now.Wall -= 100_000 // the clock steps back
	if s := add(at(4, 8)); s != 3 {
		t.Fatalf("batch in %d", s)
	}
	if s := add(at(4+1<<31, 8)); s != 5 {
		t.Fatalf("an offset beyond the index: batch in %d", s)
	}
	if err := l.Invariants(); err != nil {
		t.Fatal(err)
	}
}

// TestStaleCompletions: what was emitted before a truncation says nothing after it.
func TestStaleCompletions(t *testing.T) {
	l := bare(t)
	produce(l, kafka.Now{}, batch.Plain(), 10)
	before := l.Incarnation
	l.Written(before, 10)
	l.Synced(before, 5)
	var a disk.Append
	l.TruncateTo(3, &a)
	if l.WrittenEndOffset != 3 || l.DurableEndOffset != 3 {
		t.Fatalf("written %d, durable %d", l.WrittenEndOffset, l.DurableEndOffset)
	}
	l.Written(before, 10)
	l.Synced(before, 10)
	if l.WrittenEndOffset != 3 || l.DurableEndOffset != 3 {
		t.Fatal("a stale completion counted")
	}
}

// TestNoAllocationPerBatch covers append, numbering and the writer's frame.
func TestNoAllocationPerBatch(t *testing.T) {
	limits := DefaultLimits()
	l := bare(t)
	j := NewJournal(1, 2, &limits)
	w := Writer{sink: discardSink{}, generation: 1, files: newDescriptors(discardFS{}, 10)}
	cfg := DefaultConfig()
	v := testBatch(1, 10, 100, batch.Producer{ID: 1})
	appends := make([]disk.Append, 1)
	var c Lookup
	var r disk.Read
	step := func() {
		v := v // the same sequence for ever: only the decision is timed
		if l.CheckProducer(v).Verdict == Refused {
			t.Fatal("refused")
		}
		l.AppendAsLeader(kafka.Now{}, 0, v, &cfg, &appends[0])
		j.Number(&appends[0], l)
		if err := w.Write(appends); err != nil {
			t.Fatal(err)
		}
		j.Written(appends[0].Ref)
		j.Synced(appends[0].Ref)
		l.Written(0, l.LogEndOffset)
		l.Synced(0, l.LogEndOffset)
		l.Fetch(&c, l.LogEndOffset-1, l.LogEndOffset, 1000)
		if !l.Next(&c, &r) {
			t.Fatal("no read")
		}
	}
	for range 1000 {
		step()
	}
	if n := testing.AllocsPerRun(2000, step); n != 0 {
		t.Fatalf("%v allocations per batch", n)
	}
}

// discard is a sink, and discardFS a file system, that keep nothing.
type discard struct{}

func (discard) Open(kafka.LSN) error                   { return nil }
func (discard) Append([]byte) error                    { return nil }
func (discard) Sync() error                            { return nil }
func (discard) Close() error                           { return nil }
func (discard) ReadAt([]byte, int64) (int, error)      { return 0, nil }
func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (discard) Truncate(int64) error                   { return nil }
func (discard) Size() (int64, error)                   { return 0, nil }

type discardFS struct{ disk.FS }

func (discardFS) Open(string) (disk.File, error) { return discard{}, nil }

func BenchmarkAppend(b *testing.B) {
	limits := DefaultLimits()
	l := bare(b)
	j := NewJournal(1, 2, &limits)
	w := Writer{sink: discardSink{}, generation: 1, files: newDescriptors(discardFS{}, 10)}
	cfg := DefaultConfig()
	v := testBatch(1, 10, 100, batch.Plain())
	appends := make([]disk.Append, 1)
	b.ReportAllocs()
	b.SetBytes(int64(len(v)))
	for b.Loop() {
		l.AppendAsLeader(kafka.Now{}, 0, v, &cfg, &appends[0])
		j.Number(&appends[0], l)
		if err := w.Write(appends); err != nil {
			b.Fatal(err)
		}
		j.Synced(appends[0].Ref)
	}
}

// discardSink is discard as a Sink.
type discardSink struct{ discard }

func (discardSink) Sync([]disk.File) error { return nil }
