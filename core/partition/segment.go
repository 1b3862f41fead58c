package partition

import (
	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// segmentName is what names a segment's files. No two segments that a log has
// had bear the same, as long as files of either are there.
type segmentName struct {
	base    kafka.Offset // offset of the first record that it may hold
	version uint32       // 0: as appended; else by the cleaner
}

func (n segmentName) path(log kafka.LogID, kind disk.FileKind) string {
	return VersionPath(log, n.base, n.version, kind)
}

// segment is a stretch of the log in one file. The last one of a log is active,
// and of version 0; the others never change.
type segment struct {
	segmentName
	size int64 // bytes of whole batches

	maxTimestamp       kafka.TimestampMs // largest record timestamp, NoTimestamp when empty
	maxTimestampOffset kafka.Offset      // last offset of the first batch that holds it (as Kafka keeps it)
	runningMax         kafka.TimestampMs // largest of this and all earlier segments: a time search is binary

	sinceIndex int64 // bytes appended behind the batch of the last index entry
	index      sparse[indexEntry]
	times      sparse[timeEntry]
	unindexed  bool // the index files are not what they should be
}

func newSegment(base kafka.Offset) segment {
	return segment{segmentName: segmentName{base: base}, maxTimestamp: kafka.NoTimestamp, maxTimestampOffset: kafka.NoOffset, runningMax: kafka.NoTimestamp}
}

// add accounts for a batch at the segment's end.
func (s *segment) add(last kafka.Offset, size int, maxTimestamp kafka.TimestampMs, interval int32) {
	if maxTimestamp > s.maxTimestamp {
		s.maxTimestamp = maxTimestamp
		s.maxTimestampOffset = last
		s.runningMax = max(s.runningMax, maxTimestamp)
	}
	if s.sinceIndex > int64(interval) {
		s.index.add(indexEntry{rel: s.rel(last), pos: uint32(s.size)})
		s.indexTime()
		s.sinceIndex = 0
	}
	s.sinceIndex += int64(size)
	s.size += int64(size)
}

// indexTime adds a time entry if time has moved on since the last one. It says
// that every record up to now is at most maxTimestamp old.
func (s *segment) indexTime() {
	if s.maxTimestamp < 0 || s.times.count() > 0 && s.times.newest.timestamp >= int64(s.maxTimestamp) {
		return
	}
	s.times.add(timeEntry{timestamp: int64(s.maxTimestamp), rel: s.rel(s.maxTimestampOffset)})
}

func (s *segment) rel(o kafka.Offset) uint32 { return uint32(o - s.base) }

// fits tells whether a batch may still go into the active segment.
func (l *Log) fits(now kafka.Now, last kafka.Offset, size int, cfg *Config) bool {
	s := l.active()
	switch {
	case s.size == 0:
		return true
	case s.size+int64(size) > int64(cfg.SegmentBytes):
		return false
	case last-s.base > 1<<31-1: // Kafka's index holds offsets relative to the base in 31 bits
		return false
	default:
		return int64(now.Wall-l.ActiveSince) < cfg.segmentMs()
	}
}

// roll seals the active segment and begins the next at the log's end.
func (l *Log) roll() {
	s := l.active()
	s.indexTime() // as Kafka: the last time entry holds the segment's largest timestamp
	next := newSegment(l.LogEndOffset)
	next.runningMax = s.runningMax
	l.segments = append(l.segments, next)
}

// freshActive lets a log whose last segment is the cleaner's go on in one of
// version 0, which is what appends are written to, and returns the one that it
// takes the place of, if that holds nothing.
func (l *Log) freshActive() (empty segmentName, replaced bool) {
	s := l.active()
	switch {
	case s.version == 0:
		return empty, false
	case s.size > 0:
		l.roll()
		return empty, false
	}
	empty = s.segmentName
	next := newSegment(l.LogEndOffset)
	if n := len(l.segments); n > 1 {
		next.runningMax = l.segments[n-2].runningMax
	}
	*s = next
	return empty, true
}

// segmentFor returns the place of the segment that holds offset: the last one
// whose base is not larger. Offsets below the first segment answer 0.
func (l *Log) segmentFor(offset kafka.Offset) int {
	lo, hi := 0, len(l.segments)
	for lo+1 < hi {
		mid := int(uint(lo+hi) >> 1)
		if l.segments[mid].base <= offset {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// Size is the number of bytes in the log's segments.
func (l *Log) Size() int64 { return l.sizeOf(0) }

// SizeFrom is what Size will be once the log start is at an offset.
func (l *Log) SizeFrom(start kafka.Offset) int64 { return l.sizeOf(l.below(start)) }

// sizeOf is the number of bytes from the i-th segment on.
func (l *Log) sizeOf(i int) (n int64) {
	for ; i < len(l.segments); i++ {
		n += l.segments[i].size
	}
	return n
}

// Segments is the number of segments.
func (l *Log) Segments() int { return len(l.segments) }

// SegmentBase is the base offset of the i-th segment.
func (l *Log) SegmentBase(i int) kafka.Offset { return l.segments[i].base }

// RecordsPath is the file that holds the records of the i-th segment.
func (l *Log) RecordsPath(i int) string { return l.segments[i].path(l.Log, disk.FileLog) }

// Rewritten is the offset below which the cleaner has taken records out of the
// log's segments since it was recovered; 0: nowhere.
func (l *Log) Rewritten() kafka.Offset { return l.rewritten }

// FirstOffset is the first offset that the log may hold records of: the log
// start, or, where that lies within a segment, that segment's base.
func (l *Log) FirstOffset() kafka.Offset { return min(l.LogStartOffset, l.segments[0].base) }

// MaxTimestamp is the largest record timestamp in the log, NoTimestamp when none.
func (l *Log) MaxTimestamp() kafka.TimestampMs { return l.active().runningMax }

// maxTimestampOf is what a batch adds to the time index.
func maxTimestampOf(b batch.View, logAppendTime kafka.TimestampMs) kafka.TimestampMs {
	if logAppendTime != kafka.NoTimestamp {
		return logAppendTime
	}
	return b.MaxTimestamp()
}
