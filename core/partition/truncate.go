package partition

import (
	"errors"
	"slices"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// TruncateTo undoes everything at and above offset, which should be the end of
// a batch, and fills in the entry to emit. The log serves again once upkeep has
// cut the files, after the entry is durable, and rebuilt the producer state
// from what is left: no byte beyond the cut is overwritten before.
func (l *Log) TruncateTo(offset kafka.Offset, out *disk.Append) {
	must.True(l.Serving(), "P8: truncation of a log that does not serve")
	must.True(offset >= l.NextLogStart() && offset <= l.LogEndOffset, "P2: truncation within the log")
	l.Incarnation++
	l.truncating = true
	l.LargestEndOffset = max(l.LargestEndOffset, l.LogEndOffset)
	l.endAt(offset)
	l.entry(disk.EntryTruncateTo, out)
}

// endAt moves the log's end down, and everything that must not pass it.
func (l *Log) endAt(offset kafka.Offset) {
	l.LogEndOffset = offset
	l.WrittenEndOffset = min(l.WrittenEndOffset, offset)
	l.DurableEndOffset = min(l.DurableEndOffset, offset)
	l.HighWatermark = min(l.HighWatermark, offset)
	l.cleaned = min(l.cleaned, offset)
	l.truncateEpochs(offset)
}

// TruncateArgs starts Truncate. The job owns shadow, a copy of the log.
type TruncateArgs struct {
	now     kafka.Now
	log     *Log
	shadow  *Log
	lsn     kafka.LSN
	durable kafka.LSN
}

// TruncateResult is what is left of the log.
type TruncateResult struct {
	log     *Log
	shadow  *Log
	lsn     kafka.LSN
	damaged bool // what should be left is not all there
}

func (j *Journal) truncateArgs(now kafka.Now, l *Log) *TruncateArgs {
	shadow := *l
	shadow.segments = slices.Clone(l.segments)
	shadow.epochs = slices.Clone(l.epochs)
	shadow.producers = producers{}
	shadow.gone, shadow.leases = slices.Clone(l.gone), nil
	shadow.truncating = false
	return &TruncateArgs{now: now, log: l, shadow: &shadow, lsn: j.next - 1, durable: j.durable}
}

// Truncate is the job behind TruncateTo. The checkpoint of what is left comes
// before the cut of the files: a crash in between leaves bytes that nothing
// counts, never a checkpoint of bytes that are gone.
func Truncate(fs disk.FS, args any) (any, error) {
	a := args.(*TruncateArgs)
	r := &TruncateResult{log: a.log, shadow: a.shadow, lsn: a.lsn}
	l := a.shadow
	end := l.LogEndOffset
	gone, err := l.cutTable(fs, end)
	if err == nil {
		err = rebuildProducers(fs, l, a.now, end)
	}
	if errors.Is(err, errShort) {
		r.damaged = true
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := Checkpoint(fs, l.snapshot(a.now, a.lsn, a.durable)); err != nil {
		return nil, err
	}
	for _, g := range l.gone { // appends may make files of the same names again
		if g.base >= l.active().base {
			gone = append(gone, g.segmentName)
		}
	}
	return r, l.cutFiles(fs, gone)
}

// cutTable drops the segments at and above end from the log's table, builds the
// one that end falls into anew, and returns the bases of those dropped.
func (l *Log) cutTable(fs disk.FS, end kafka.Offset) (gone []segmentName, err error) {
	i := l.segmentFor(end)
	old := l.segments[i]
	s, next, err := rescan(fs, l.Log, old.segmentName, old.size, end, l.interval)
	if err != nil {
		return nil, err
	}
	s.runningMax = s.maxTimestamp
	if i > 0 {
		s.runningMax = max(s.runningMax, l.segments[i-1].runningMax)
	}
	for _, x := range l.segments[i+1:] {
		gone = append(gone, x.segmentName)
	}
	l.segments = append(l.segments[:i:i], s)
	if start := l.NextLogStart(); next < start { // the log start lay within the batch that goes
		next, l.gaps = start, true
	}
	l.endAt(next)
	if empty, replaced := l.freshActive(); replaced {
		gone = append([]segmentName{empty}, gone...)
	}
	l.upkeep.synced, l.upkeep.named = min(l.upkeep.synced, s.base), min(l.upkeep.named, s.base)
	return gone, nil
}

// cutFiles makes the files what the table says: those of segments that are gone
// are removed, newest first, and the last one left ends where the log does.
func (l *Log) cutFiles(fs disk.FS, gone []segmentName) error {
	for _, n := range slices.Backward(gone) {
		if err := removeSegment(fs, l.Log, n); err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		if err := fs.SyncDir(LogDir(l.Log)); err != nil {
			return err
		}
	}
	err := cutFile(fs, l.active().path(l.Log, disk.FileLog), l.active().size, true)
	if errors.Is(err, disk.ErrNotExist) && l.active().size == 0 {
		return nil
	}
	return err
}

// truncated takes over what the job left.
func (l *Log) truncated(r *TruncateResult) {
	l.truncating = false
	l.Incarnation++ // lookups since TruncateTo may stand in the old table
	if r.damaged {
		l.Fence("bytes below a truncation are missing or damaged")
		return
	}
	s := r.shadow
	l.segments, l.producers = s.segments, s.producers
	l.gone = slices.DeleteFunc(l.gone, func(g goneSegment) bool { return g.base >= s.active().base && slices.Contains(s.gone, g) })
	l.endAt(s.LogEndOffset)
	l.CheckpointLSN = r.lsn
	l.unnamed = len(l.gone)
	l.upkeep.bytes = 0
	l.upkeep.synced, l.upkeep.named = s.active().base, s.active().base
	for i := range l.segments {
		x := &l.segments[i]
		x.index.keep(len(x.index.tail), l.limits.IndexBlockEntries)
		x.times.keep(len(x.times.tail), l.limits.IndexBlockEntries)
	}
	l.WrittenEndOffset = l.LogEndOffset
	l.DurableEndOffset = l.LogEndOffset
	l.LogStarted(l.NextLogStart()) // its entry is older than the truncation's
}
