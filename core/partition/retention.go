package partition

import (
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// NextLogStart is LogStartOffset, or the one that SetLogStart has asked for and
// that is not durable yet.
func (l *Log) NextLogStart() kafka.Offset { return max(l.LogStartOffset, l.nextStart) }

// SetLogStart asks for a later first readable offset and fills in the entry to
// emit; LogStarted makes it so once that is durable. Nobody is told of a log
// start that a crash could take back. It must not pass the high watermark
// (KAFKA-5634).
func (l *Log) SetLogStart(start kafka.Offset, out *disk.Append) {
	must.True(start >= l.NextLogStart() && start <= l.HighWatermark, "P2: the log start only rises, and not past the high watermark")
	l.nextStart = start
	l.entry(disk.EntryLogStart, out)
	out.BaseOffset = start
}

// LogStarted says that the entry which moved the log start to an offset is
// durable. Segments that lie wholly below it leave the table.
func (l *Log) LogStarted(start kafka.Offset) {
	if l.deleted || l.truncating || start <= l.LogStartOffset {
		return // a log that is being cut has it when that is done
	}
	must.True(start <= l.HighWatermark, "P2: the log start stays at or below the high watermark")
	l.LogStartOffset, l.LocalLogStartOffset = start, start
	l.forgetSegments(l.below(start))
	l.forgetEpochs()
}

// below is how many segments lie wholly below an offset; never the active one.
func (l *Log) below(start kafka.Offset) int {
	n := 0
	for n+1 < len(l.segments) && l.segments[n+1].base <= start {
		n++
	}
	return n
}

// forgetEpochs drops the epochs that ended below the first offset: a follower whose
// end lies between that and the log start is still told where histories part.
func (l *Log) forgetEpochs() {
	start, n := l.FirstOffset(), 0
	for n+1 < len(l.epochs) && l.epochs[n+1].Start <= start {
		n++
	}
	l.epochs = l.epochs[:copy(l.epochs, l.epochs[n:])]
}

// Expired decides how far the log start may move by retention.ms and
// retention.bytes: over whole sealed segments, oldest first, that lie below the
// high watermark; NextLogStart when nothing is due. policy is the PolicyClock's
// time. A segment is as old as its youngest record, so that one with a timestamp
// in the future holds back what stands behind it, as in Kafka.
//
// An active segment that is too old is sealed first: a topic that is no longer
// written to would keep its last records for ever.
func (l *Log) Expired(policy kafka.TimestampMs, cfg *Config) kafka.Offset {
	start := l.NextLogStart()
	if !cfg.Deleted || !l.Serving() {
		return start
	}
	if s := l.active(); s.size > 0 && l.HighWatermark == l.LogEndOffset && s.maxTimestamp != kafka.NoTimestamp && s.tooOld(policy, cfg) {
		l.roll()
	}
	excess := l.countedFrom(start) - cfg.RetentionBytes
	for i := l.segmentFor(start); i+1 < len(l.segments); i++ {
		s, end := &l.segments[i], l.segments[i+1].base
		large := cfg.RetentionBytes >= 0 && excess >= s.size
		if end > l.HighWatermark || !large && !s.tooOld(policy, cfg) {
			break
		}
		excess -= s.size
		start = max(start, end)
	}
	return start
}

// countedFrom is about how much lies between the beginning of the segment that
// holds an offset and the high watermark, and never more: what has not counted
// yet may be gone after a crash, and what was deleted for its sake with it.
func (l *Log) countedFrom(offset kafka.Offset) int64 {
	var n int64
	last := l.segmentFor(l.HighWatermark)
	for i := l.segmentFor(offset); i < last; i++ {
		n += l.segments[i].size
	}
	if l.HighWatermark == l.LogEndOffset {
		return n + l.segments[last].size
	}
	return n + l.segments[last].floor(l.HighWatermark)
}

// tooOld tells whether every record of a segment is older than retention.ms.
// Records without any timestamp have no age.
func (s *segment) tooOld(policy kafka.TimestampMs, cfg *Config) bool {
	return cfg.RetentionMs >= 0 && s.maxTimestamp != kafka.NoTimestamp && int64(policy-s.maxTimestamp) > cfg.RetentionMs
}
