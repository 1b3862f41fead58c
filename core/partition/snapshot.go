package partition

import (
	"errors"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// CheckpointArgs is a snapshot of one log, and what must be durable before it counts.
type CheckpointArgs struct {
	log        *Log
	path       string
	state      []byte // the encoded checkpoint
	segments   []dirtySegment
	newNames   bool // files were made since the last checkpoint
	newLog     bool // and so was the log's directory
	recovering bool // the directory of logs is synced once for all of them
	ref        kafka.Ref
	lsn        kafka.LSN
	end        kafka.Offset
	bytes      int64  // appended before the snapshot, since the one before
	gone       int    // segments that it no longer names
	modes      uint32 // changes of mode that it contains
}

// dirtySegment is a segment with bytes or index entries that may not be durable.
type dirtySegment struct {
	segmentName
	size    int64
	indexAt int // entries in the file before these
	index   []indexEntry
	timesAt int
	times   []timeEntry
}

// CheckpointResult says that a checkpoint is on disk.
type CheckpointResult struct{ args *CheckpointArgs }

// snapshot takes what a checkpoint of l as of the journal's entry lsn needs. It
// counts once the appends so far are written; then the job may run.
func (l *Log) snapshot(now kafka.Now, lsn, durable kafka.LSN) *CheckpointArgs {
	a := &CheckpointArgs{
		log:    l,
		path:   checkpointPath(l.Log),
		state:  encodeCheckpoint(now, l, lsn, durable),
		newLog: l.CheckpointLSN == 0,
		ref:    l.upkeep.lastRef,
		lsn:    lsn,
		end:    l.LogEndOffset,
		bytes:  l.upkeep.bytes,
		modes:  l.upkeep.modes,
		gone:   len(l.gone),
	}
	if l.Fenced != "" { // the reason is what there is to keep; files may be missing
		a.end = l.DurableEndOffset
		return a
	}
	for i := l.segmentFor(l.upkeep.synced); i < len(l.segments); i++ {
		s := &l.segments[i]
		a.newNames = a.newNames || s.base >= l.upkeep.named || s.index.stored == 0 && len(s.index.tail) > 0 || s.times.stored == 0 && len(s.times.tail) > 0
		a.segments = append(a.segments, dirtySegment{
			segmentName: s.segmentName, size: s.size,
			indexAt: s.index.stored, index: append([]indexEntry(nil), s.index.tail...),
			timesAt: s.times.stored, times: append([]timeEntry(nil), s.times.tail...),
		})
	}
	return a
}

// Checkpoint is the job that makes a snapshot durable: the segments' bytes and
// index entries first, then their names, then the checkpoint that vouches for them.
func Checkpoint(fs disk.FS, args any) (any, error) {
	a := args.(*CheckpointArgs)
	for i := range a.segments {
		if err := a.segments[i].sync(fs, a.log.Log); err != nil {
			return nil, err
		}
	}
	if a.newLog {
		if err := writeLabel(fs, &a.log.Identity); err != nil {
			return nil, err
		}
	}
	if a.newNames || a.newLog {
		if err := fs.SyncDir(dirOf(a.path)); err != nil {
			return nil, err
		}
	}
	if err := replaceFile(fs, a.path, a.state); err != nil {
		return nil, err
	}
	if a.newLog && !a.recovering {
		if err := fs.SyncDir(logsDir); err != nil {
			return nil, err
		}
	}
	return &CheckpointResult{args: a}, nil
}

// writeLabel keeps whose log it is beside the checkpoint. The directory is
// synced after it, with the names of the segments.
func writeLabel(fs disk.FS, id *Identity) error {
	if !id.Known() {
		return nil
	}
	f, err := openOrCreate(fs, labelPath(id))
	if err != nil {
		return err
	}
	return f.Close()
}

// sync makes a segment's bytes durable, and its index entries. An empty segment
// may have no file yet, or one that recovery has cut in memory only: its bytes
// must not come back once no journal tells that they are nobody's.
func (d *dirtySegment) sync(fs disk.FS, log kafka.LogID) error {
	if d.size == 0 {
		err := syncFile(fs, d.path(log, disk.FileLog))
		if errors.Is(err, disk.ErrNotExist) {
			return nil
		}
		return err
	}
	if err := syncPaced(fs, d.path(log, disk.FileLog), d.size); err != nil {
		return err
	}
	var e encoder
	for _, x := range d.index {
		e.b = x.append(e.b)
	}
	if err := writeEntries(fs, d.path(log, disk.FileIndex), e.b, int64(d.indexAt)*indexEntrySize); err != nil {
		return err
	}
	e.b = nil
	for _, x := range d.times {
		e.b = x.append(e.b)
	}
	return writeEntries(fs, d.path(log, disk.FileTimeIndex), e.b, int64(d.timesAt)*timeEntrySize)
}

// writeEntries puts entries into an index file, durably. What may follow them
// in the file is of an earlier life; no checkpoint counts it. A file that is
// written anew is another one under the same name: the checkpoint on disk may
// count what the old one holds, and a power cut would mix the two.
func writeEntries(fs disk.FS, path string, b []byte, at int64) error {
	if len(b) == 0 {
		return nil
	}
	f, err := fs.Open(path)
	switch {
	case errors.Is(err, disk.ErrNotExist):
		if f, err = fs.Create(path); err != nil {
			return err
		}
	case err != nil:
		return err
	case at == 0:
		if err := f.Close(); err != nil {
			return err
		}
		return renewFile(fs, path, b)
	}
	return putEntries(f, b, at)
}

func putEntries(f disk.File, b []byte, at int64) (err error) {
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Truncate(at); err != nil {
		return err
	}
	if err := writeAt(f, b, at); err != nil {
		return err
	}
	return f.Sync()
}

// checkpointed takes note of a checkpoint that is on disk. What it made durable
// was written before the job began, also where the log was cut or deleted in
// between and no longer listened to what completions said.
func (l *Log) checkpointed(a *CheckpointArgs) {
	l.CheckpointLSN = a.lsn
	l.upkeep.bytes -= a.bytes
	l.unnamed = a.gone
	if a.modes == l.upkeep.modes { // and no other change since
		l.upkeep.urgent = false
	}
	end := min(a.end, l.LogEndOffset)
	l.WrittenEndOffset = max(l.WrittenEndOffset, end)
	l.DurableEndOffset = max(l.DurableEndOffset, end)
	for i := range a.segments {
		d := &a.segments[i]
		s := &l.segments[l.segmentFor(d.base)]
		if s.segmentName != d.segmentName { // it has left the table meanwhile
			continue
		}
		s.index.keep(len(d.index), l.limits.IndexBlockEntries)
		s.times.keep(len(d.times), l.limits.IndexBlockEntries)
		l.upkeep.synced = d.base
		if d.size > 0 {
			l.upkeep.named = d.base + 1
		}
	}
}
