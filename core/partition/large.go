package partition

import (
	"bytes"
	"errors"
	"slices"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// A large batch of a synced log goes to the disk once. Its bytes are synced in
// their segment, and the journal gets a pointer: a frame whose payload is the
// stamped header of the batch, with its size and CRC. Both are synced at once,
// and nothing that was emitted later counts before either is durable.
//
// What that asks of recovery, which finds other entries' bytes in the journal:
//
//   - A pointer above the newest durable mark whose batch is not in the segment
//     ends the journal, as a torn frame does: whatever follows was never synced.
//   - One at or below the mark is damage of its log.
//   - Bytes that a later truncation undid may have been overwritten since, and
//     redoing what it undid would overwrite them: undone entries are left out
//     (cuts), of pointers and of all others.

// large is a segment with a large batch that is not synced.
type large struct {
	log     kafka.LogID
	segment kafka.Offset
}

// note remembers that a pointer's bytes are to be synced in their segment.
func (w *Writer) note(a *disk.Append) {
	if l := (large{a.Log, a.Segment}); !slices.Contains(w.large, l) {
		w.large = append(w.large, l)
	}
}

// syncAll syncs the journal and the segments of large batches, all at once if
// the sink likes, and makes the names of those segments durable.
func (w *Writer) syncAll() error {
	if len(w.large) == 0 {
		return w.sink.Sync(nil)
	}
	files := w.opened[:0]
	var err error
	for _, l := range w.large {
		var f disk.File
		if f, err = w.files.fs.Open(w.paths.of(l.log, l.segment)); err != nil {
			break
		}
		files = append(files, f)
	}
	if err == nil {
		err = w.sink.Sync(files)
	}
	for _, f := range files {
		err = errors.Join(err, f.Close())
	}
	clear(files)
	w.opened = files[:0]
	for i := 0; err == nil && i < len(w.large); i++ {
		err = w.name(w.large[i])
	}
	w.large = w.large[:0]
	return err
}

// name makes the names of a segment and of its log durable, which otherwise
// wait for a checkpoint.
func (w *Writer) name(l large) error {
	segment, known := w.named[l.log]
	if known && segment == l.segment {
		return nil
	}
	if err := w.files.fs.SyncDir(LogDir(l.log)); err != nil {
		return err
	}
	if !known {
		if err := w.files.fs.SyncDir(logsDir); err != nil {
			return err
		}
	}
	w.named[l.log] = l.segment
	return nil
}

// pointers finds the batches that pointers name. What it returns stands until the
// next one is looked for.
type pointers struct {
	batch []byte
	paths recordsPaths
}

// find returns the batch that a pointer names if it stands in its segment as it
// was written, nil if it does not.
func (p *pointers) find(fs disk.FS, a *disk.Append) (v batch.View, err error) {
	h := batch.View(a.Bytes)
	if len(h) != batch.HeaderSize || h.Size() < batch.HeaderSize || a.Pos < 0 {
		return nil, nil
	}
	f, err := fs.Open(p.paths.of(a.Log, a.Segment))
	if errors.Is(err, disk.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil || size-a.Pos < int64(h.Size()) {
		return nil, err
	}
	p.batch = slices.Grow(p.batch[:0], h.Size())
	v = p.batch[:h.Size()]
	n, err := readAt(f, v, a.Pos)
	if err != nil || n < len(v) || !v.Whole() || !bytes.Equal(v[:batch.HeaderSize], h) || !v.Intact() {
		return nil, err
	}
	return v, nil
}

// settleLarge ends the journal where a large batch is missing that no mark
// vouches for, and makes those durable that are there: after a mere crash of
// the process they may stand in the page cache only.
func (r *recovery) settleLarge(s *survey) error {
	for {
		s.cuts.settle(s.next)
		torn, err := r.firstTorn(s)
		if err != nil {
			return err
		}
		if torn == 0 {
			break
		}
		s.next = torn // which may take away what has undone an earlier one
		s.torn = true
		r.result.TornLarge++
	}
	for i := range s.large {
		if a := &s.large[i]; r.counts(s, a) {
			if err := secureLarge(r.fs, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstTorn is the first pointer whose batch should be there and is not, 0 when none.
func (r *recovery) firstTorn(s *survey) (kafka.LSN, error) {
	for i := range s.large {
		a := &s.large[i]
		if !r.counts(s, a) {
			continue
		}
		v, err := r.pointers.find(r.fs, a)
		if err != nil {
			return 0, err
		}
		if v == nil {
			return a.LSN, nil
		}
	}
	return 0, nil
}

// counts tells whether a pointer above the mark is one that replay will follow.
func (r *recovery) counts(s *survey, a *disk.Append) bool {
	if a.LSN <= s.marked || a.LSN >= s.next || s.isDeleted(a.Log) || s.undone(a) {
		return false
	}
	x := r.logs[a.Log]
	return x == nil || a.LSN > x.covered
}

// secureLarge writes a large batch again and makes it durable, and its name.
func secureLarge(fs disk.FS, a *disk.Append) error {
	path := SegmentPath(a.Log, a.Segment, disk.FileLog)
	if err := writeAgain(fs, path, a.Pos, a.Pos+int64(batch.View(a.Bytes).Size())); err != nil {
		return err
	}
	if err := syncFile(fs, path); err != nil {
		return err
	}
	if err := fs.SyncDir(LogDir(a.Log)); err != nil {
		return err
	}
	return fs.SyncDir(logsDir)
}
