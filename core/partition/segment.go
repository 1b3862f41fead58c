package partition

import (
	"trialog/core/batch"
	"trialog/core/kafka"
)

// segment is a stretch of the log in one file. The last one of a log is active;
// the others never change.
type segment struct {
	base kafka.Offset // offset of the first record it may hold; names the file
	size int64        // bytes of whole batches

	maxTimestamp       kafka.TimestampMs // largest record timestamp, NoTimestamp when empty
	maxTimestampOffset kafka.Offset      // last offset of the first batch that holds it (as Kafka keeps it)
	runningMax         kafka.TimestampMs // largest of this and all earlier segments: a time search is binary

	sinceIndex int64 // bytes appended behind the batch of the last index entry
	index      sparse[indexEntry]
	times      sparse[timeEntry]
	unindexed  bool // the index files are not what they should be
}

func newSegment(base kafka.Offset) segment {
	return segment{base: base, maxTimestamp: kafka.NoTimestamp, maxTimestampOffset: kafka.NoOffset, runningMax: kafka.NoTimestamp}
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
		return int64(now.Wall-l.ActiveSince) < cfg.SegmentMs
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
func (l *Log) Size() int64 {
	var n int64
	for i := range l.segments {
		n += l.segments[i].size
	}
	return n
}

// Segments is the number of segments.
func (l *Log) Segments() int { return len(l.segments) }

// SegmentBase is the base offset of the i-th segment.
func (l *Log) SegmentBase(i int) kafka.Offset { return l.segments[i].base }

// MaxTimestamp is the largest record timestamp in the log, NoTimestamp when none.
func (l *Log) MaxTimestamp() kafka.TimestampMs { return l.active().runningMax }

// maxTimestampOf is what a batch adds to the time index.
func maxTimestampOf(b batch.View, logAppendTime kafka.TimestampMs) kafka.TimestampMs {
	if logAppendTime != kafka.NoTimestamp {
		return logAppendTime
	}
	return b.MaxTimestamp()
}
