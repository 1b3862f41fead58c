package partition

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// found is a record as a reader finds it.
type found struct {
	offset    kafka.Offset
	timestamp kafka.TimestampMs
	key       string
	value     string // "": a tombstone
	epoch     kafka.LeaderEpoch
}

var cleanCodecs = batch.Codecs{batch.Snappy: batch.RunLength{}}

// keyed is a log of keyed records: what was appended, by offset.
type keyed struct {
	wall    kafka.TimestampMs // the wall clock, where it is ahead of the time that is believed
	n       *testNode
	l       *Log
	rand    kafka.Rand
	written map[kafka.Offset]found
	serial  uint64
}

func newKeyed(t tb, fs *crashFS, limits *Limits, mode Mode, seed uint64) *keyed {
	n := startNode(t, fs, limits)
	n.cfg.Compacted, n.cfg.Deleted, n.cfg.MinCleanableDirtyRatio = true, false, 0
	l := n.create(mode, 0)
	n.lead(l, 2)
	return &keyed{n: n, l: l, rand: kafka.NewRand(seed), written: map[kafka.Offset]found{}}
}

// put appends batches of one to three records of few keys, by two producers and
// by nobody, some compressed, one in five records a tombstone.
func (k *keyed) put(batches, keys int) {
	for range batches {
		var b batch.Builder
		b.Reset()
		base := k.l.LogEndOffset
		for i := range 1 + int(k.rand.Uint64()%3) {
			k.serial++
			r := found{offset: base + kafka.Offset(i), timestamp: kafka.TimestampMs(1000 + k.serial*10),
				key: fmt.Sprint("k", k.rand.Uint64()%uint64(keys)), epoch: k.l.LatestEpoch()}
			if k.rand.Uint64()%5 > 0 {
				r.value = fmt.Sprint("value ", k.serial)
			}
			k.written[r.offset] = r
			b.Append(r.timestamp, []byte(r.key), bytesOrNil(r.value))
		}
		p := batch.Plain()
		if id := kafka.ProducerID(k.rand.Uint64() % 3); id > 0 {
			p = batch.Producer{ID: id, BaseSequence: sequenceOf(k.l, id)}
		}
		v := b.BuildFor(p)
		if k.rand.Uint64()%3 == 0 {
			packed, err := b.BuildPacked(p, batch.Snappy, batch.RunLength{})
			if err != nil {
				k.n.t.Fatalf("%v", err)
			}
			v = packed
		}
		k.n.append(k.l, slices.Clone(v))
	}
}

func bytesOrNil(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

// counts lets all of the log count, and a checkpoint vouch for it.
func (k *keyed) counts() {
	k.n.sync()
	k.l.HighWatermark = k.l.LogEndOffset
	k.n.journal.press(k.l)
	k.n.sync()
}

func (k *keyed) begin(policy kafka.TimestampMs) bool {
	return k.n.journal.Clean(k.l, &k.n.cfg, &CleanOptions{Policy: policy, Wall: k.wall, Codecs: &cleanCodecs})
}

// clean runs passes until none is due, and returns how they ended.
func (k *keyed) clean(policy kafka.TimestampMs) (ended []Swept) {
	for k.n.dead == nil && k.begin(policy) {
		k.n.upkeep()
		if s, ok := k.n.journal.Swept(); ok {
			ended = append(ended, s)
		}
		k.n.upkeep()
		if len(ended) > 300 {
			k.n.t.Fatalf("the cleaner finds no end: %+v", k.l.Dirt(policy, &k.n.cfg))
		}
	}
	return ended
}

// readAll reads all records of a log from an offset on, by fetches.
func readAll(n *testNode, l *Log, offset kafka.Offset) (out []found, batches []batch.View) {
	for offset < l.WrittenEndOffset {
		c, p := n.lookup(l, func(c *Lookup) { l.Fetch(c, offset, l.WrittenEndOffset, 300) }, nil)
		if p != Found {
			n.t.Fatalf("fetch at %d: %v", offset, p)
		}
		if len(c.Records) == 0 {
			return out, batches
		}
		for v := batch.View(c.Records); v.Whole(); v = v[v.Size():] {
			plain, _, err := v[:v.Size()].Decompress(&cleanCodecs, 1<<20, nil)
			if err != nil && v.Count() > 0 {
				n.t.Fatalf("%v", err)
			}
			it := batch.Iterate(plain, v.Count())
			var r batch.Record
			for it.Next(&r) {
				out = append(out, found{v.BaseOffset() + kafka.Offset(r.OffsetDelta), v.BaseTimestamp() + kafka.TimestampMs(r.TimestampDelta), string(r.Key), string(r.Value), v.LeaderEpoch()})
			}
			if it.Err() != nil {
				n.t.Fatalf("%v", it.Err())
			}
			batches = append(batches, v[:v.Size()])
			offset = v.NextOffset()
		}
	}
	return out, batches
}

// judge compares what a log holds with what was written to it: every record as
// it was, in order; of each key the newest; below where it was cleaned one of
// each key; tombstones unless they may be gone; and who wrote last.
func (k *keyed) judge(n *testNode, l *Log, tombstones bool) {
	t := n.t
	t.Helper()
	if l.Fenced != "" {
		t.Fatalf("fenced: %s", l.Fenced)
	}
	records, batches := readAll(n, l, l.LogStartOffset)
	newest, last := map[string]kafka.Offset{}, map[string]found{}
	for _, o := range slices.Sorted(maps.Keys(k.written)) {
		if o < l.LogEndOffset {
			newest[k.written[o].key] = o
		}
	}
	next := kafka.Offset(0)
	for _, r := range records {
		if w, ok := k.written[r.offset]; !ok || w != r || r.offset < next {
			t.Fatalf("at %d stands %+v, and %+v was written", r.offset, r, w)
		}
		if was, ok := last[r.key]; ok && r.offset < l.cleaned {
			t.Fatalf("%q stands at %d and at %d, below %d, where all is clean", r.key, was.offset, r.offset, l.cleaned)
		}
		next, last[r.key] = r.offset+1, r
	}
	for key, o := range newest { //order: each key is judged by itself
		if _, ok := last[key]; o < l.LogStartOffset || !ok && k.written[o].value == "" && !tombstones {
			continue
		}
		if last[key] != k.written[o] {
			t.Fatalf("%q stands at %+v, and was last written as %+v", key, last[key], k.written[o])
		}
	}
	again := rebuilt(n.now, batches)
	for i := range l.producers.slots {
		e := &l.producers.slots[i]
		if f := again.find(e.id); e.used && (f == nil || f.n == 0 || f.cached[f.n-1].lastSequence != e.cached[e.n-1].lastSequence || f.epoch != e.epoch) {
			t.Fatalf("the log does not tell that producer %d has been as far as %d", e.id, e.cached[e.n-1].lastSequence)
		}
	}
	for _, offset := range []kafka.Offset{l.LogStartOffset, l.LogEndOffset / 3, l.LogEndOffset / 2, l.LogEndOffset - 1} {
		offset = max(offset, l.LogStartOffset)
		i, _ := slices.BinarySearchFunc(records, offset, func(r found, o kafka.Offset) int { return int(r.offset - o) })
		tail, _ := readAll(n, l, offset)
		for len(tail) > 0 && tail[0].offset < offset {
			tail = tail[1:]
		}
		if !slices.Equal(tail, records[i:]) {
			t.Fatalf("from %d on %v is read, not %v", offset, tail, records[i:])
		}
	}
	for _, w := range records { // timestamps rise with offsets
		c, p := n.lookup(l, func(c *Lookup) { l.FindTimestamp(c, w.timestamp-3, l.WrittenEndOffset) }, &cleanCodecs)
		if p != Found || c.Offset != w.offset || c.Timestamp != w.timestamp {
			t.Fatalf("by time %d: %v, %d, not %d", w.timestamp-3, p, c.Offset, w.offset)
		}
	}
}

// TestCleaning goes through lives of logs: appends, passes with maps and jobs of
// all sizes, restarts, power cuts.
func TestCleaning(t *testing.T) {
	removed, full, merged := int64(0), 0, 0
	for seed := range uint64(40) {
		rand := kafka.NewRand(seed + 1000)
		limits := smallLimits()
		limits.CleanBytes = 1 + int64(rand.Uint64()%3000)
		limits.CleanerMapBytes = int64(rand.Uint64() % 600)
		mode := Synced
		if seed%2 == 1 {
			mode = Replicated
		}
		k := newKeyed(t, newCrashFS(), limits, mode, seed)
		k.n.cfg.DeleteRetentionMs = int64(rand.Uint64() % 3 * 1000)
		policy := kafka.TimestampMs(10_000)
		for range 6 {
			k.put(5+int(rand.Uint64()%25), 1+int(rand.Uint64()%9))
			k.counts()
			policy += kafka.TimestampMs(rand.Uint64() % 1500)
			before := k.l.Segments()
			for _, s := range k.clean(policy) {
				if s.Given || s.NoRoom || s.Bad != "" {
					t.Fatalf("seed %d: %+v", seed, s)
				}
				if s.Stats.MapBytes > max(limits.CleanerMapBytes, 48) {
					t.Fatalf("the map takes %d bytes of %d", s.Stats.MapBytes, limits.CleanerMapBytes)
				}
				removed += s.Stats.Removed
				if s.Stats.Full {
					full++
				}
			}
			if k.l.Segments() < before {
				merged++
			}
			if err := k.l.Invariants(); err != nil {
				t.Fatal(err)
			}
			k.judge(k.n, k.l, false)
			k.n.sync()
			fs := k.n.fs.restart()
			if rand.Uint64()%2 == 0 {
				fs = k.n.fs.powerCut(func() bool { return rand.Uint64()%3 == 0 })
			}
			m := startNode(t, fs, limits)
			m.cfg = k.n.cfg
			m.checkFiles(m.logs[0])
			if end := m.logs[0].LogEndOffset; end != k.l.LogEndOffset {
				t.Fatalf("seed %d: the log ends at %d, not %d", seed, end, k.l.LogEndOffset)
			}
			k.n, k.l = m, m.logs[0]
			k.judge(k.n, k.l, false)
			k.lead()
		}
	}
	t.Logf("%d records removed, %d maps full, %d times fewer segments", removed, full, merged)
	if removed == 0 || full == 0 || merged == 0 {
		t.Error("the cleaner had nothing to do")
	}
}

func (k *keyed) lead() { k.n.lead(k.l, k.l.LatestEpoch()+1) }

// dirtyLog is a log with several sealed segments that were never cleaned, and
// one that was.
func dirtyLog(t *testing.T, mode Mode, cleanBytes int64) *keyed {
	limits := smallLimits()
	limits.CleanBytes = cleanBytes
	k := newKeyed(t, newCrashFS(), limits, mode, 3)
	k.put(14, 4)
	k.counts()
	k.clean(5000)
	k.put(22, 4)
	k.counts()
	k.n.alive()
	return k
}

func TestCrashAtEveryCallOfCleaning(t *testing.T) {
	for _, mode := range []Mode{Synced, Replicated} {
		var k *keyed
		everyCall(t, func() *testNode {
			k = dirtyLog(t, mode, 900)
			return k.n
		}, func(*testNode) {
			k.clean(6000)
			k.n.sync()
		}, func(t *testing.T, n *testNode) {
			if len(n.logs) != 1 || n.logs[0].LogEndOffset != k.l.LogEndOffset {
				t.Fatalf("%d logs", len(n.logs))
			}
			n.logs[0].HighWatermark = n.logs[0].LogEndOffset
			again := &keyed{n: n, l: n.logs[0], written: k.written}
			again.judge(n, n.logs[0], true)
		})
	}
}

// TestErrorAtEveryCallOfCleaning: neither a full disk nor an error ends the node
// or changes what the log holds. A full disk is tried again, a log with an error
// is left alone, and what was left half done is removed.
func TestErrorAtEveryCallOfCleaning(t *testing.T) {
	for _, failure := range []error{disk.ErrNoSpace, disk.ErrIO} {
		for call := 1; ; call++ {
			k := dirtyLog(t, Synced, 900)
			if !k.begin(6000) {
				t.Fatal("nothing to clean")
			}
			ended := k.fails(call, failure)
			if !ended.NoRoom && ended.Bad == "" {
				if call < 10 {
					t.Fatalf("a pass makes %d calls", call)
				}
				break
			}
			if (failure == disk.ErrNoSpace) != ended.NoRoom || (k.l.Uncleanable() == "") != ended.NoRoom {
				t.Fatalf("%v: %+v, %q", failure, ended, k.l.Uncleanable())
			}
			k.n.sync()
			k.n.sync()
			k.judge(k.n, k.l, true)
			k.n.checkFiles(k.l)
		}
	}
}

// fails runs the pass under way; the n-th call of its jobs fails, and those that follow it in a job.
func (k *keyed) fails(n int, failure error) Swept {
	for {
		for _, job := range k.n.journal.Due(k.n.now, nil) {
			before := k.n.fs.calls
			if job.Name == "clean" && n > 0 {
				k.n.fs.stop, k.n.fs.err = before+n, failure
			}
			result, err := job.Run(k.n.fs, job.Args)
			if k.n.fs.stop, k.n.fs.err = 0, nil; job.Name == "clean" {
				n -= k.n.fs.calls - before
			}
			if err != nil {
				k.n.t.Fatalf("%s ends the node: %v", job.Name, err)
			}
			k.n.journal.Done(k.n.now, result)
		}
		if s, ok := k.n.journal.Swept(); ok {
			return s
		}
	}
}

// TestPassEndsWithItsSegments: a log that is cut, deleted, or loses segments to
// retention around a pass is left as whoever did that wanted it.
func TestPassEndsWithItsSegments(t *testing.T) {
	for jobs := range 12 {
		for _, act := range []string{"truncate", "delete", "retain"} {
			k := dirtyLog(t, Synced, 700)
			l := k.l
			k.begin(6000)
			for range jobs {
				k.job()
			}
			var a disk.Append
			start := l.segments[len(l.segments)/2].base
			switch act {
			case "truncate":
				l.TruncateTo(l.active().base, &a)
			case "delete":
				l.Delete(&a)
			case "retain":
				l.SetLogStart(start, &a)
			}
			k.n.emit(a, l)
			k.n.sync()
			if act == "retain" {
				l.LogStarted(start)
			}
			for range 4 {
				k.n.sync()
			}
			k.n.alive()
			if k.n.journal.Cleaning() {
				t.Fatalf("%s after %d jobs: the pass goes on", act, jobs)
			}
			if act == "delete" {
				if k.n.fs.find(LogDir(l.Log)) != nil {
					t.Fatal("the log's directory is still there")
				}
				continue
			}
			k.judge(k.n, l, true)
			k.n.checkFiles(l)
			m := startNode(t, k.n.fs.powerCut(nil), k.n.limits)
			(&keyed{n: m, l: m.logs[0], written: k.written}).judge(m, m.logs[0], true)
		}
	}
}

// TestReadersKeepOldVersions: who began to read a segment before it was swapped
// finds its file until he is done.
func TestReadersKeepOldVersions(t *testing.T) {
	k := dirtyLog(t, Synced, 1<<20)
	var c Lookup
	var r disk.Read
	k.l.Fetch(&c, 0, k.l.LogEndOffset, 200)
	if !k.l.Next(&c, &r) {
		t.Fatal("nothing to read")
	}
	lease := k.l.BeginRead()
	k.clean(6000)
	k.n.sync()
	k.n.sync()
	b, err := k.n.read(&r)
	if err != nil {
		t.Fatalf("the file was removed under its reader: %v", err)
	}
	if p := k.l.Feed(&c, b, nil); p != More && p != Found {
		t.Fatalf("the reader is told %v", p)
	}
	k.l.EndRead(lease)
	k.n.sync()
	k.n.sync()
	if _, err := k.n.read(&r); !errors.Is(err, disk.ErrNotExist) {
		t.Fatalf("the old file stays: %v", err)
	}
	k.judge(k.n, k.l, true)
}

// TestTombstonesOutliveTheirHorizon: deletions stay readable for
// delete.retention.ms from their first cleaning, and go after that without
// anything new in the log, also where the clock was not believed at first.
func TestTombstonesOutliveTheirHorizon(t *testing.T) {
	for _, believed := range []kafka.TimestampMs{10_000, 100} {
		tombstonesOutlive(t, believed)
	}
}

func tombstonesOutlive(t *testing.T, believed kafka.TimestampMs) {
	k := newKeyed(t, newCrashFS(), smallLimits(), Synced, 5)
	k.n.cfg.DeleteRetentionMs = 500
	k.put(40, 3)
	for range 8 {
		k.put(1, 1)
	}
	for key := range 3 {
		var b batch.Builder
		b.Reset()
		k.serial++
		r := found{offset: k.l.LogEndOffset, timestamp: kafka.TimestampMs(1000 + k.serial*10), key: fmt.Sprint("k", key), epoch: 2}
		k.written[r.offset] = r
		b.Append(r.timestamp, []byte(r.key), nil)
		k.n.append(k.l, slices.Clone(b.Build()))
	}
	last := k.l.LogEndOffset
	for i := range 30 { // seal them, under another key
		var b batch.Builder
		b.Reset()
		k.serial++
		r := found{offset: k.l.LogEndOffset, timestamp: kafka.TimestampMs(1000 + k.serial*10), key: "filler", value: fmt.Sprint(binary.MaxVarintLen64, "………………………", i), epoch: 2}
		k.written[r.offset] = r
		b.Append(r.timestamp, []byte(r.key), []byte(r.value))
		k.n.append(k.l, slices.Clone(b.Build()))
	}
	k.counts()
	tombstones := func() (n int) {
		records, _ := readAll(k.n, k.l, 0)
		for _, r := range records {
			if r.value == "" && r.offset < last {
				n++
			}
		}
		return n
	}
	k.wall = 10_000
	k.clean(believed)
	if got := tombstones(); got != 3 {
		t.Fatalf("%d tombstones after the first cleaning, not 3", got)
	}
	if k.clean(10_499) != nil {
		t.Fatal("a pass is due before the horizon")
	}
	if k.clean(10_500) == nil {
		t.Fatal("no pass is due at the horizon")
	}
	if got := tombstones(); got != 0 {
		t.Fatalf("%d tombstones after their time", got)
	}
	k.judge(k.n, k.l, false)
}

// TestPassGoesAsFarAsACheckpointVouches: a log that is always ahead of its
// checkpoint is cleaned nevertheless.
func TestPassGoesAsFarAsACheckpointVouches(t *testing.T) {
	k := newKeyed(t, newCrashFS(), smallLimits(), Synced, 9)
	k.n.limits.CheckpointBytes, k.n.limits.JournalBytes, k.n.limits.GenerationBytes = 1<<40, 1<<40, 1<<40
	k.put(30, 3)
	k.counts()
	vouched := k.l.active().base
	k.put(30, 3)
	k.n.sync()
	k.l.HighWatermark = k.l.LogEndOffset
	if !k.begin(6000) {
		t.Fatal("no pass begins")
	}
	k.n.upkeep()
	if k.l.Cleaned() != vouched {
		t.Fatalf("cleaned up to %d, not %d", k.l.Cleaned(), vouched)
	}
	k.clean(6000)
	if k.l.Cleaned() != k.l.active().base {
		t.Fatalf("cleaned up to %d at last, not %d", k.l.Cleaned(), k.l.active().base)
	}
	k.judge(k.n, k.l, true)
}
