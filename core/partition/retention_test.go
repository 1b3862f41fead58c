package partition

import (
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// sameFrom tells whether producers that were found are all there should be, but
// for batches below an offset: what a truncation or recovery rebuilds is made of
// the batches from the log start on, as in Kafka, and of what a checkpoint held.
func sameFrom(from kafka.Offset, found, all *producers) bool {
	if from == 0 {
		return false
	}
	for i := range all.slots {
		x := &all.slots[i]
		if !x.used || x.n == 0 || x.cached[x.n-1].lastOffset < from {
			continue
		}
		y := found.find(x.id)
		if y == nil || y.epoch != x.epoch {
			return false
		}
		for _, c := range x.cached[:x.n] {
			same := func(o cachedBatch) bool {
				return o.baseOffset == c.baseOffset && o.lastOffset == c.lastOffset && o.baseSequence == c.baseSequence && o.lastSequence == c.lastSequence
			}
			if c.lastOffset >= from && !slices.ContainsFunc(y.cached[:y.n], same) {
				return false
			}
		}
	}
	for i := range found.slots {
		if y := &found.slots[i]; y.used && all.find(y.id) == nil {
			return false
		}
	}
	return true
}

// retained is a log of segments with one batch each, stamped a second apart.
func retained(t *testing.T, batches int) (*testNode, *Log) {
	n := startNode(t, newCrashFS(), smallLimits())
	n.cfg.SegmentBytes = 60
	n.cfg.RetentionMs, n.cfg.RetentionBytes, n.cfg.Deleted = -1, -1, true
	l := n.create(Synced, 0)
	n.lead(l, 0)
	for id := range uint64(batches) {
		v := testBatch(id+1, 1, 30, batch.Plain())
		n.append(l, v)
	}
	n.sync()
	n.alive()
	l.HighWatermark = l.LogEndOffset
	for i := range l.segments {
		l.segments[i].maxTimestamp = kafka.TimestampMs(1000 * i)
	}
	return n, l
}

// TestSizeFromIsTheSizeToBe: what a log start will leave is told before it has moved.
func TestSizeFromIsTheSizeToBe(t *testing.T) {
	n, l := retained(t, 6)
	if l.SizeFrom(0) != l.Size() {
		t.Errorf("from 0 %d bytes of %d", l.SizeFrom(0), l.Size())
	}
	told := l.SizeFrom(4)
	var a disk.Append
	l.SetLogStart(4, &a)
	n.emit(a, l)
	if l.LogStarted(4); told != l.Size() || told == 0 {
		t.Errorf("told were %d bytes, and left are %d", told, l.Size())
	}
}

func TestExpiredByTime(t *testing.T) {
	n, l := retained(t, 10)
	n.cfg.RetentionMs = 3000
	if got := l.Expired(3000, &n.cfg); got != 0 {
		t.Errorf("of just the age: %d", got)
	}
	if got := l.Expired(6001, &n.cfg); got != 4 {
		t.Errorf("at 6001 up to %d, not 4", got)
	}
	l.segments[1].maxTimestamp = 1 << 40 // a producer's clock was ahead
	if got := l.Expired(6001, &n.cfg); got != 1 {
		t.Errorf("behind a record of the future up to %d, not 1", got)
	}
	l.segments[1].maxTimestamp = 1000
	l.HighWatermark = 2
	if got := l.Expired(1<<40, &n.cfg); got != 2 {
		t.Errorf("above the high watermark: %d", got)
	}
	n.cfg.Deleted = false
	if got := l.Expired(1<<40, &n.cfg); got != 0 {
		t.Errorf("a log that is only compacted: %d", got)
	}
}

func TestExpiredActiveSegment(t *testing.T) {
	n, l := retained(t, 3)
	n.cfg.RetentionMs = 1000
	if got := l.Expired(1<<40, &n.cfg); got != 3 || l.Segments() != 4 {
		t.Errorf("up to %d with %d segments: the active one is sealed and goes too", got, l.Segments())
	}
}

func TestExpiredBySize(t *testing.T) {
	n, l := retained(t, 10)
	one := l.segments[0].size
	n.cfg.RetentionBytes = 4*one + 1
	if got := l.Expired(0, &n.cfg); got != 5 {
		t.Errorf("up to %d, not 5: what is left is not below the bound", got)
	}
	n.cfg.RetentionBytes = 0
	if got := l.Expired(0, &n.cfg); got != 9 {
		t.Errorf("up to %d, not 9: never the active segment", got)
	}
}

// TestLogStartWaitsForItsEntry makes sure that nobody is told of a log start
// that a crash could take back.
func TestLogStartWaitsForItsEntry(t *testing.T) {
	n, l := retained(t, 5)
	var a disk.Append
	l.SetLogStart(3, &a)
	n.emit(a, l)
	if l.LogStartOffset != 0 || l.NextLogStart() != 3 {
		t.Fatalf("start %d, next %d", l.LogStartOffset, l.NextLogStart())
	}
	n.sync()
	l.LogStarted(3)
	if l.LogStartOffset != 3 || l.SegmentBase(0) != 3 || len(l.gone) != 3 {
		t.Fatalf("start %d, first segment %d, %d gone", l.LogStartOffset, l.SegmentBase(0), len(l.gone))
	}
	l.LogStarted(2)
	if l.LogStartOffset != 3 {
		t.Fatal("the log start goes back")
	}
}

// TestFilesWaitForReaders makes sure that a segment's files stay while a read
// that began before it left the table is under way, and go then.
func TestFilesWaitForReaders(t *testing.T) {
	n, l := retained(t, 5)
	lease := l.BeginRead()
	var a disk.Append
	l.SetLogStart(3, &a)
	n.emit(a, l)
	n.sync()
	l.LogStarted(3)
	n.sync()
	n.sync()
	if n.fs.find(SegmentPath(l.Log, 0, disk.FileLog)) == nil {
		t.Fatal("a file that is read was removed")
	}
	if !l.EndRead(lease) {
		t.Fatal("the end of the read frees nothing")
	}
	n.sync()
	n.sync()
	for base := range kafka.Offset(3) {
		if n.fs.find(SegmentPath(l.Log, base, disk.FileLog)) != nil {
			t.Errorf("segment %d is still there", base)
		}
	}
	if len(l.gone) != 0 || l.unnamed != 0 {
		t.Errorf("%d segments are about to go, %d of them not named", len(l.gone), l.unnamed)
	}
}

func TestCrashAtEveryCallOfRetention(t *testing.T) {
	everyCall(t, func() *testNode {
		n, _ := retained(t, 8)
		return n
	}, func(n *testNode) {
		l := n.logs[0]
		var a disk.Append
		l.SetLogStart(5, &a)
		n.emit(a, l)
		n.sync()
		if n.dead == nil {
			l.LogStarted(5)
		}
		for range 3 {
			n.sync()
		}
	}, func(t *testing.T, n *testNode) {
		if len(n.logs) != 1 || n.logs[0].Fenced != "" {
			t.Fatalf("%d logs", len(n.logs))
		}
		l := n.logs[0]
		if l.LogStartOffset != 0 && l.LogStartOffset != 5 || l.LogEndOffset != 8 {
			t.Fatalf("from %d to %d", l.LogStartOffset, l.LogEndOffset)
		}
		if got := len(batchIDs(n.fetch(l, l.LogStartOffset, 1<<20))); got != int(8-l.LogStartOffset) {
			t.Fatalf("%d batches from %d on", got, l.LogStartOffset)
		}
	})
}

func TestPolicyClock(t *testing.T) {
	limits := DefaultLimits()
	limits.ClockSlack, limits.ClockGrace = 5*kafka.Second, kafka.Minute
	const wall = kafka.TimestampMs(1_000_000)
	now := kafka.Now{Mono: 0, Wall: wall}
	pass := func(d kafka.Duration, step kafka.TimestampMs) {
		now.Mono = now.Mono.Add(d)
		now.Wall += kafka.TimestampMs(d/kafka.Millisecond) + step
	}
	var c PolicyClock
	c.Begin(now, kafka.NoTimestamp, &limits)
	check := func(what string, want kafka.TimestampMs, doubted bool) {
		t.Helper()
		if got, stepped := c.Now(now, &limits); got != want || stepped != doubted {
			t.Errorf("%s: %d, doubted %v, not %d, %v", what, got-wall, stepped, want-wall, doubted)
		}
	}
	pass(10*kafka.Second, 0)
	check("with the wall clock", wall+10_000, false)
	pass(10*kafka.Second, 3_600_000)
	check("set forward", wall+20_000+10, true)
	pass(10*kafka.Second, 0)
	check("still ahead", wall+30_000+20, false)
	pass(0, -3_600_000)
	check("set right", wall+30_000, false)
	pass(0, -10_000)
	check("set back", wall+20_000, false)
	pass(0, 86_400_000)
	check("ahead again", wall+20_000, true)
	pass(kafka.Minute, 0)
	check("believed", now.Wall, false)
	c.Begin(now, now.Wall-4000, &limits)
	check("a short stop", now.Wall, false)
	c.Begin(now, now.Wall-6000, &limits)
	check("a long stop", now.Wall-6000, false)
	pass(kafka.Minute, 0)
	check("a long stop, believed", now.Wall, false)
	if c.Doubt(now) {
		t.Error("a clock that goes on from what was kept is doubted")
	}
	c.Begin(now, kafka.NoTimestamp, &limits)
	if !c.Doubt(now) {
		t.Error("a clock that begins with nothing is believed")
	}
	pass(kafka.Second, 0)
	check("with nothing kept", 1001, false)
	pass(limits.ClockGrace, 0)
	check("with nothing kept, believed", now.Wall, false)
}

func TestKeptTime(t *testing.T) {
	fs := newCrashFS()
	if at, err := keptTime(fs); at != kafka.NoTimestamp || err != nil {
		t.Fatalf("of an empty directory: %d, %v", at, err)
	}
	if _, err := NoteTime(fs, &NoteTimeArgs{Time: 12345}); err != nil {
		t.Fatal(err)
	}
	if at, err := keptTime(fs); at != 12345 || err != nil {
		t.Fatalf("%d, %v", at, err)
	}
}

// TestEpochsBelowTheLogStart: followers may ask for what lies between the beginning
// of the first segment and the log start, so where histories part there must be told.
func TestEpochsBelowTheLogStart(t *testing.T) {
	n := startNode(t, newCrashFS(), smallLimits())
	l := n.create(Synced, 0)
	for epoch := range kafka.LeaderEpoch(3) {
		n.lead(l, epoch)
		n.append(l, testBatch(uint64(epoch)+1, 2, 10, batch.Plain()))
	}
	n.sync()
	n.alive()
	l.HighWatermark = l.LogEndOffset
	var a disk.Append
	l.SetLogStart(5, &a)
	n.emit(a, l)
	n.sync()
	l.LogStarted(5)
	for _, when := range []string{"live", "recovered"} {
		if epoch, end := l.EndOffsetForEpoch(0); epoch != 0 || end != 2 || l.LogStartOffset != 5 {
			t.Errorf("%s: epoch 0 ends as %d at %d, the log starts at %d", when, epoch, end, l.LogStartOffset)
		}
		n.fs = n.fs.afterKill()
		n.start()
		n.alive()
		l = n.logs[0]
	}
}
