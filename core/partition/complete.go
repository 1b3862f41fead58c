package partition

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// complete makes a log's files what its table says, rebuilds what depends on
// them, and leaves the log ready to serve, or fenced.
func (r *recovery) complete(x *recovered) error {
	l := x.log
	if l.Fenced == "" {
		if err := r.settle(x); err != nil {
			return err
		}
	}
	x.epochsTo(l.LogEndOffset, anyEpoch)
	l.truncateEpochs(l.LogEndOffset + 1)                     // one that starts at the end was seen, and older ones are refused
	l.LogStartOffset = min(l.LogStartOffset, l.LogEndOffset) // a fenced log keeps what it can
	l.LocalLogStartOffset = max(l.LocalLogStartOffset, l.LogStartOffset)
	l.HighWatermark = min(max(l.HighWatermark, l.LogStartOffset), l.LogEndOffset)
	l.WrittenEndOffset, l.DurableEndOffset = l.LogEndOffset, l.LogEndOffset
	l.cleaned = min(l.cleaned, l.LogEndOffset)
	if l.Fenced == "" {
		l.forgetSegments(l.below(l.LogStartOffset))
		l.forgetEpochs()
	}
	if err := l.Invariants(); err != nil && l.Fenced == "" {
		x.fence("recovery broke an invariant: " + err.Error())
	}
	return nil
}

// settle cuts and verifies the files of a log that is not fenced.
func (r *recovery) settle(x *recovered) error {
	l := x.log
	if l.Mode == Replicated && !r.result.Clean {
		if err := r.readTail(x); err != nil {
			return err
		}
	}
	if l.LogEndOffset < l.LogStartOffset {
		l.restartAt(l.LogStartOffset)
		x.dirty, x.must = true, true
		x.cut = 0
	}
	if err := r.cutTail(x, !r.redoable(l)); err != nil {
		return err
	}
	if l.Fenced != "" {
		return nil
	}
	if err := r.reindex(x); err != nil || l.Fenced != "" {
		return err
	}
	if x.cut < noCut {
		cut := min(x.cut, l.LogEndOffset)
		err := rebuildProducers(r.fs, l, r.args.Now, cut)
		if errors.Is(err, errShort) {
			x.fence("bytes of the log are missing or damaged")
			return nil
		}
		return err
	}
	return nil
}

func (x *recovered) fence(reason string) {
	x.dirty, x.must = true, true
	x.log.Fence(reason)
}

// restartAt empties a log: it begins and ends at offset.
func (l *Log) restartAt(offset kafka.Offset) {
	l.segments = []segment{newSegment(offset)}
	l.LogEndOffset = offset
	l.upkeep.synced, l.upkeep.named = offset, offset
}

// readTail takes the batches of a replicated log that stand behind what is
// known of it: whole, intact, in order. The first that is not ends the log.
// One may be of an older epoch than the checkpoint's newest, in which this
// replica led and nothing was written: it followed again since, and the files of a
// log were cut before it led, so that nothing else can stand there.
func (r *recovery) readTail(x *recovered) error {
	l := x.log
	for {
		s := l.active()
		path := s.path(l.Log, disk.FileLog)
		size, err := sizeOf(r.fs, path)
		if err != nil {
			return err
		}
		from := s.size
		_, err = walk(r.fs, path, from, size, func(v batch.View, _ int64) bool {
			if v.Count() < 0 || v.LastOffsetDelta() < 0 || !l.Continues(v) {
				return false
			}
			x.epochsTo(v.BaseOffset(), v.LeaderEpoch())
			x.take(r.args.Now, v)
			x.dirty = true
			return true
		})
		if err != nil {
			return err
		}
		if err := writeAgain(r.fs, path, from, l.active().size); err != nil {
			return err
		}
		next := SegmentPath(l.Log, l.LogEndOffset, disk.FileLog)
		if l.active().size < size || l.active().size == 0 || l.active().base == l.LogEndOffset {
			return nil
		}
		if n, err := sizeOf(r.fs, next); err != nil || n == 0 {
			return err
		}
		l.roll()
	}
}

// writeAgain writes bytes [from, end) of a file over themselves. Where an fsync
// has failed the page cache holds bytes that no later fsync takes to the disk,
// and nothing tells which; what is written anew it takes.
func writeAgain(fs disk.FS, path string, from, end int64) (err error) {
	if from >= end {
		return nil
	}
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buf := make([]byte, min(walkBuffer, end-from))
	for pos := from; pos < end; {
		n, err := readAt(f, buf[:min(int64(len(buf)), end-pos)], pos)
		if err != nil {
			return err
		}
		if n == 0 {
			return errShort
		}
		if err := writeAt(f, buf[:n], pos); err != nil {
			return err
		}
		pos += int64(n)
	}
	return nil
}

// sizeOf is a file's size, 0 when it does not exist.
func sizeOf(fs disk.FS, path string) (size int64, err error) {
	f, err := fs.Open(path)
	if errors.Is(err, disk.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return f.Size()
}

// cutTail removes bytes and segments that the log's table does not know: they
// were written and never acknowledged, or undone. A file that is shorter than
// the table says has lost what was durable.
func (r *recovery) cutTail(x *recovered, durably bool) error {
	l := x.log
	known := make([]segmentName, 0, len(l.segments))
	for i := range l.segments {
		s := &l.segments[i]
		known = append(known, s.segmentName)
		path := s.path(l.Log, disk.FileLog)
		size, err := sizeOf(r.fs, path)
		if err != nil {
			return err
		}
		if size < s.size {
			x.fence("a segment is shorter than it was")
			return nil
		}
		if size > s.size {
			if err := cutFile(r.fs, path, s.size, durably); err != nil {
				return err
			}
			r.result.Cut++
		}
	}
	names, err := r.fs.ReadDir(LogDir(l.Log))
	if err != nil {
		return err
	}
	removed := false
	for _, name := range names {
		if stray(name, known) {
			if err := r.fs.Remove(LogDir(l.Log) + "/" + name); err != nil {
				return err
			}
			removed = true
			r.result.Strays = append(r.result.Strays, LogDir(l.Log)+"/"+name)
		}
	}
	if !removed {
		return nil
	}
	r.result.Cut++
	if durably {
		return r.fs.SyncDir(LogDir(l.Log))
	}
	l.upkeep.named = min(l.upkeep.named, l.active().base) // the next checkpoint comes after it
	return nil
}

// redoable tells whether the journal holds, and goes on holding, all that the
// log's checkpoint does not vouch for. What a power cut then does to the log's
// files the next recovery makes good: nothing there has to be durable.
func (r *recovery) redoable(l *Log) bool { return r.keep && l.Mode == Synced }

// stray tells whether a file of a log's directory belongs to no known segment.
func stray(name string, known []segmentName) bool {
	for kind := range suffixes {
		if n, ok := segmentOf(name, disk.FileKind(kind)); ok {
			i, found := slices.BinarySearchFunc(known, n.base, func(k segmentName, base kafka.Offset) int { return cmp.Compare(k.base, base) })
			return !found || known[i] != n
		}
	}
	return strings.HasSuffix(name, temporary)
}

// reindex builds the index of segments anew whose files do not hold what the
// checkpoint counted.
func (r *recovery) reindex(x *recovered) error {
	l := x.log
	for i := range l.segments {
		s := &l.segments[i]
		if !s.unindexed {
			continue
		}
		fresh, _, err := rescan(r.fs, l.Log, s.segmentName, s.size, noCut, l.interval)
		if errors.Is(err, errShort) || err == nil && fresh.size != s.size {
			x.fence("bytes of a segment are missing or damaged")
			return nil
		}
		if err != nil {
			return err
		}
		fresh.runningMax = s.runningMax
		*s = fresh
		l.upkeep.synced = min(l.upkeep.synced, s.base)
		x.dirty, x.must = true, true
	}
	return nil
}

// loadIndexes reads what memory holds of the index files: every n-th entry and
// the last. A file that is not what the checkpoint counted is built anew later.
func (l *Log) loadIndexes(fs disk.FS) error {
	for i := range l.segments {
		s := &l.segments[i]
		ok, err := load(fs, s.path(l.Log, disk.FileIndex), &s.index, indexEntrySize, l.limits.IndexBlockEntries, decodeIndexEntry,
			func(e indexEntry) bool { return e.rel > 0 && e.pos > 0 && int64(e.pos) < s.size }, // never the first batch
			func(a, b indexEntry) bool { return a.rel < b.rel && a.pos < b.pos && int64(b.pos) < s.size })
		if err != nil {
			return err
		}
		s.unindexed = !ok
		ok, err = load(fs, s.path(l.Log, disk.FileTimeIndex), &s.times, timeEntrySize, l.limits.IndexBlockEntries, decodeTimeEntry,
			func(e timeEntry) bool { return e.timestamp >= 0 },
			func(a, b timeEntry) bool { return a.timestamp < b.timestamp && a.rel < b.rel })
		if err != nil {
			return err
		}
		s.unindexed = s.unindexed || !ok
	}
	return nil
}

// load reads the stored entries of one index. It reports whether they are all
// there, begin as they may, and rise.
func load[E indexed](fs disk.FS, path string, x *sparse[E], size, block int, decode func([]byte) E, first func(E) bool, rise func(a, b E) bool) (ok bool, err error) {
	if x.stored == 0 {
		return true, nil
	}
	f, err := fs.Open(path)
	if errors.Is(err, disk.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buf := make([]byte, min(x.stored, 8192)*size)
	for i := 0; i < x.stored; {
		n := min(len(buf)/size, x.stored-i)
		got, err := readAt(f, buf[:n*size], int64(i*size))
		if err != nil || got < n*size {
			return false, err
		}
		for k := range n {
			e := decode(buf[k*size:])
			if i > 0 && !rise(x.newest, e) || i == 0 && !first(e) {
				return false, nil
			}
			if i%block == 0 {
				x.samples = append(x.samples, e)
			}
			x.newest = e
			i++
		}
	}
	return true, nil
}
