package partition

import (
	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// DeleteRecords moves a log start to any offset, within a batch too. A log that
// holds nothing behind such a start (a power cut took what was not synced, a
// truncation reached down to it, and the batch went whole) ends within a batch of
// its leader's. The leader can send that whole only: the follower's log begins
// anew at the batch's base, and its log start stays where it is. (Apache Kafka
// begins anew as well, and lets the log start follow from the leader later.)

// NewWithin begins an empty log for such a batch: it begins at base, and
// everything below start, which the batch holds, is deleted. It fills in two
// entries to emit, in their order.
func NewWithin(now kafka.Now, id Identity, base, start kafka.Offset, limits *Limits, create, logStart *disk.Append) *Log {
	l := New(now, id, base, limits, create)
	l.LogStartOffset, l.LocalLogStartOffset, l.HighWatermark = start, start, start
	l.LogEndOffset, l.WrittenEndOffset, l.DurableEndOffset = start, start, start
	l.entry(disk.EntryLogStart, logStart)
	return l
}

// Straddled tells whether a log that holds no records ends within a batch that it
// was not begun for.
func (l *Log) Straddled(v batch.View) bool { return l.within(v) && !l.begins(v) }

func (l *Log) within(v batch.View) bool {
	return l.LogEndOffset == l.LogStartOffset && v.BaseOffset() < l.LogEndOffset && v.LastOffset() >= l.LogEndOffset
}

// begins tells whether a batch is what the log, which is empty, was begun for.
func (l *Log) begins(v batch.View) bool {
	return len(l.segments) == 1 && l.active().size == 0 && l.active().base == v.BaseOffset() && l.within(v)
}

// takes tells whether a batch may stand at the log's end by its offsets.
func (l *Log) takes(v batch.View) bool { return v.BaseOffset() >= l.LogEndOffset || l.begins(v) }

// Continues tells whether a batch may stand at the log's end by its offsets and
// its epoch.
func (l *Log) Continues(v batch.View) bool {
	return l.begins(v) || v.BaseOffset() >= l.LogEndOffset && v.LeaderEpoch() >= l.EpochAt(l.LogEndOffset-1)
}
