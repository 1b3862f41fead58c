package partition

import (
	"io"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// Lookup finds records over one or more reads: a fetch, or a search by time.
// It holds no memory of its own and is reused.
//
//	log.Fetch(&c, offset, end, maxBytes)          // or log.FindTimestamp
//	for log.Next(&c, &read) {                     // emit the read, wait for its result
//		switch log.Feed(&c, bytes, err) { … }
//	}
//
// On Unpack a job looks through one batch (Log.Search, SearchBatch), and what
// Log.Searched says of its result takes the place of what Feed said.
type Lookup struct {
	// Records, after a fetch: whole batches from the one that holds the offset
	// on, each verified, all below the end asked for. Empty when there are none
	// yet. It aliases the last bytes fed.
	Records []byte
	// Offset and Timestamp, after a search by time: the first record at or
	// after the time asked for; NoOffset and NoTimestamp when there is none
	// below the end asked for. Epoch is its batch's leader epoch.
	Offset    kafka.Offset
	Timestamp kafka.TimestampMs
	Epoch     kafka.LeaderEpoch

	cursor cursor
}

// Sought is the first offset that the lookup has not found records of: of a
// damaged log, where the damage is or little before it.
func (c *Lookup) Sought() kafka.Offset { return c.cursor.target }

// cursor is where a lookup stands.
type cursor struct {
	byTime      bool
	stage       stage
	distrust    bool // the index led astray: start at the segment's beginning
	far         bool // an entry of the index is rotten, and where to begin is far from the target
	incarnation uint32
	layout      uint32
	target      kafka.Offset      // the offset asked for; by time, where the scan begins
	time        kafka.TimestampMs // asked for
	youngest    kafka.TimestampMs // what the time index says of the batch that ends at target; NoTimestamp when it led to none
	end         kafka.Offset
	maxBytes    int32
	segment     segmentName  // that is looked into
	block       int          // of the index that is read
	began       int64        // where in the segment its index has led
	pos         int64        // of the batch at which the data that is read begins
	want        int64        // bytes to read from there
	next        kafka.Offset // the base offset of the batch at pos, NoOffset when not known
	last        kafka.Offset // its last offset, likewise
	asked       int32        // bytes of the read that is out
	candidate   batch.View   // what a job is to look through, between Unpack and Search
}

type stage uint8

const (
	finished stage = iota
	readIndex
	readTimes
	readData
)

// Progress is what Feed says.
type Progress uint8

// The progress of a lookup.
const (
	More    Progress = iota // call Next again
	Found                   // the lookup is complete; see its fields
	Stale                   // the log was truncated meanwhile: begin again
	Passed                  // the log start has passed what a fetch looks for: it is out of range
	Damaged                 // bytes that must be there are not, or not intact: fence the log
	Broken                  // the read failed: the disk is in trouble
	Unpack                  // a search by time needs a batch looked through: see Search
)

// slack is read in addition to what was asked for: the batch that holds an
// offset begins up to an index interval behind the index entry that leads to it.
const slack = 8 << 10

// Fetch begins a lookup of the batches from the one that holds offset, all of
// whose records lie below end (high watermark, last stable offset, or, for a
// follower, WrittenEndOffset). At least one batch is returned if there is one,
// even above maxBytes (KIP-74). offset lies within [LogStartOffset, end]; a
// follower's may lie below, in the first segment.
func (l *Log) Fetch(c *Lookup, offset, end kafka.Offset, maxBytes int32) {
	*c = Lookup{Offset: kafka.NoOffset, Timestamp: kafka.NoTimestamp, Epoch: kafka.NoLeaderEpoch, cursor: cursor{
		incarnation: l.Incarnation,
		layout:      l.layout,
		target:      offset,
		end:         min(end, l.WrittenEndOffset),
		maxBytes:    max(0, min(maxBytes, l.limits.MaxFetchBytes)),
	}}
	if offset < c.cursor.end {
		l.enter(c, l.segmentFor(offset))
	}
}

// FindTimestamp begins a search for the first record below end whose timestamp
// is at least t (ListOffsets). For the record with the largest timestamp ask
// for MaxTimestamp.
func (l *Log) FindTimestamp(c *Lookup, t kafka.TimestampMs, end kafka.Offset) {
	*c = Lookup{Offset: kafka.NoOffset, Timestamp: kafka.NoTimestamp, Epoch: kafka.NoLeaderEpoch, cursor: cursor{
		byTime:      true,
		incarnation: l.Incarnation,
		layout:      l.layout,
		time:        t,
		youngest:    kafka.NoTimestamp,
		end:         min(end, l.WrittenEndOffset),
		maxBytes:    l.limits.ReadAheadBytes,
	}}
	if l.LogStartOffset >= c.cursor.end {
		return
	}
	// The largest timestamps up to each segment rise: the first that reaches t is the first segment that does.
	i := search(len(l.segments), func(i int) bool { return l.segments[i].runningMax < t })
	l.enterByTime(c, max(i, l.segmentFor(l.LogStartOffset)))
}

// enter goes to the segment at place i and finds where to read it from.
func (l *Log) enter(c *Lookup, i int) {
	s, k := &l.segments[i], &c.cursor
	k.segment, k.began, k.pos, k.stage = s.segmentName, 0, 0, readData
	k.want = k.step() + slack
	k.next, k.last = s.base, kafka.NoOffset
	if k.target <= s.base || k.distrust {
		return
	}
	rel := s.rel(k.target)
	if n := search(len(s.index.tail), func(i int) bool { return s.index.tail[i].rel <= rel }); n > 0 {
		k.lead(s, s.index.tail[n-1])
		return
	}
	n := search(len(s.index.samples), func(i int) bool { return s.index.samples[i].rel <= rel })
	if n > 0 {
		k.block, k.stage = n-1, readIndex
	}
}

// enterByTime goes to the first segment from place i on that has a record of
// the time asked for.
func (l *Log) enterByTime(c *Lookup, i int) {
	k := &c.cursor
	for i < len(l.segments) && l.segments[i].maxTimestamp < k.time {
		i++
	}
	if i == len(l.segments) || l.segments[i].base >= k.end {
		k.stage = finished
		return
	}
	s := &l.segments[i]
	k.target, k.youngest = max(s.base, l.LogStartOffset), kafka.NoTimestamp
	before := func(e timeEntry) bool { return e.timestamp <= int64(k.time) }
	if n := search(len(s.times.tail), func(i int) bool { return before(s.times.tail[i]) }); n > 0 {
		k.skipTo(s, s.times.tail[n-1])
	} else if n := search(len(s.times.samples), func(i int) bool { return before(s.times.samples[i]) }); n > 0 && !k.distrust {
		k.segment, k.block, k.stage = s.segmentName, n-1, readTimes
		return
	}
	l.enter(c, i)
}

// walkBytes is the least that one read takes while a segment is read from its
// beginning, or from far before what is looked for, because an index is rotten:
// whoever asked may want very little, but waits for all of it.
const walkBytes = 256 << 10

// step is how much one read takes where no batch needs more. What a fetch looks for
// begins within slack of where the index leads, unless that is rotten or sparse.
func (k *cursor) step() int64 {
	if k.distrust || k.far || !k.byTime && k.pos-k.began >= slack {
		return max(int64(k.maxBytes), walkBytes)
	}
	return int64(k.maxBytes)
}

// Next fills in the read that the lookup needs, all but Ref. False: the lookup
// is complete, without a read.
func (l *Log) Next(c *Lookup, r *disk.Read) bool {
	k := &c.cursor
	if k.stage == finished {
		return false
	}
	*r = disk.Read{Log: l.Log, Segment: k.segment.base, Version: k.segment.version}
	s := l.at(k)
	switch k.stage {
	case readIndex:
		r.File = disk.FileIndex
		l.block(r, k.block, s.index.stored, indexEntrySize)
	case readTimes:
		r.File = disk.FileTimeIndex
		l.block(r, k.block, s.times.stored, timeEntrySize)
	default:
		r.File = disk.FileLog
		r.Pos = k.pos
		r.Len = int32(min(k.want, s.size-k.pos))
	}
	k.asked = r.Len
	return true
}

// block addresses a block of an index: the entries from one that memory holds
// up to the next.
func (l *Log) block(r *disk.Read, block, stored, size int) {
	first := block * l.limits.IndexBlockEntries
	r.Pos = int64(first * size)
	r.Len = int32(min(l.limits.IndexBlockEntries, stored-first) * size)
}

func (l *Log) at(k *cursor) *segment { return &l.segments[l.segmentFor(k.segment.base)] }

// Feed takes what the read returned. The bytes belong to the lookup's owner and
// are not written to.
func (l *Log) Feed(c *Lookup, bytes []byte, err error) Progress {
	k := &c.cursor
	if k.incarnation != l.Incarnation {
		k.stage = finished
		return Stale
	}
	if err != nil && err != io.EOF {
		k.stage = finished
		return Broken
	}
	if k.layout != l.layout && k.stage != finished {
		if k.layout = l.layout; l.at(k).segmentName != k.segment {
			return l.relocate(c)
		}
	}
	switch k.stage {
	case readIndex:
		l.feedIndex(k, bytes)
		return More
	case readTimes:
		l.feedTimes(c, bytes)
		return More
	case readData:
		if k.byTime {
			return l.feedScan(c, bytes)
		}
		return l.feedFetch(c, bytes)
	default:
		return Found
	}
}

// relocate begins again: the segment that was looked into has left the table.
func (l *Log) relocate(c *Lookup) Progress {
	k := c.cursor
	switch {
	case k.byTime:
		l.FindTimestamp(c, k.time, k.end)
	case k.target < l.FirstOffset():
		c.cursor.stage = finished
		return Passed
	default:
		l.Fetch(c, k.target, k.end, k.maxBytes)
	}
	return More
}

// feedIndex takes the position of the last entry that does not lie beyond the
// target. Entries that do not rise from the one in memory are rotten: then that
// one is where to begin.
func (l *Log) feedIndex(k *cursor, bytes []byte) {
	s := l.at(k)
	best := s.index.samples[k.block]
	k.stage = readData
	for at := indexEntrySize; at+indexEntrySize <= len(bytes); at += indexEntrySize {
		e := decodeIndexEntry(bytes[at:])
		if e.rel <= best.rel || e.pos <= best.pos || int64(e.pos) >= s.size {
			k.far = true
			break
		}
		if e.rel > s.rel(k.target) {
			break
		}
		best = e
	}
	k.lead(s, best)
	k.want = k.step() + slack
}

// lead goes to the batch of an index entry.
func (k *cursor) lead(s *segment, e indexEntry) {
	k.began, k.pos = int64(e.pos), int64(e.pos)
	k.next, k.last = kafka.NoOffset, s.base+kafka.Offset(e.rel)
}

// feedTimes does the same in the time index, whose entries lead to offsets.
func (l *Log) feedTimes(c *Lookup, bytes []byte) {
	k := &c.cursor
	s := l.at(k)
	best := s.times.samples[k.block]
	for at := timeEntrySize; at+timeEntrySize <= len(bytes); at += timeEntrySize {
		e := decodeTimeEntry(bytes[at:])
		if e.timestamp <= best.timestamp || e.rel <= best.rel {
			k.far = true
			break
		}
		if e.timestamp > int64(k.time) {
			break
		}
		best = e
	}
	k.skipTo(s, best)
	l.enter(c, l.segmentFor(k.segment.base))
}

// skipTo has a search begin at the batch of a time entry.
func (k *cursor) skipTo(s *segment, e timeEntry) {
	if at := s.base + kafka.Offset(e.rel); at > k.target {
		k.target, k.youngest = at, kafka.TimestampMs(e.timestamp)
	}
}

// Fence stops the log from being served. Journal.Fence also has it remembered.
func (l *Log) Fence(reason string) {
	if l.Fenced == "" {
		l.Fenced = reason
	}
}
