package partition

import (
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// TruncateTo undoes everything at and above offset, which must be the end of a
// batch or the log's start, and fills in the entry to emit. The log serves again
// once upkeep has cut the files, after the entry is durable, and rebuilt the
// producer state from what is left: no byte beyond the cut is overwritten before.
func (l *Log) TruncateTo(offset kafka.Offset, out *disk.Append) {
	must.True(l.Serving(), "P8: truncation of a log that does not serve")
	must.True(offset >= l.LogStartOffset && offset <= l.LogEndOffset, "P2: truncation within the log")
	l.LogEndOffset = offset
	l.Incarnation++
	l.truncating = true
	l.entry(disk.EntryTruncateTo, out)
	l.WrittenEndOffset = min(l.WrittenEndOffset, offset)
	l.DurableEndOffset = min(l.DurableEndOffset, offset)
	l.HighWatermark = min(l.HighWatermark, offset)
	l.truncateEpochs()
}
