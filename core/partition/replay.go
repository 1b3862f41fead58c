package partition

import (
	"errors"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// replay carries out again what the journal says beyond each log's checkpoint,
// in the order of the LSNs and up to next. Writing bytes again that are there
// already changes nothing, so a crash costs another run and no more.
func (r *recovery) replay(generations []generationFiles, next kafka.LSN) error {
	g := gather{files: newDescriptors(r.fs, r.args.Limits.OpenFiles)}
	expected := kafka.LSN(0)
	_, err := scanJournal(r.fs, generations, r.salt, func(e *entry) error {
		if e.hurt || e.LSN >= next || e.LSN < expected {
			return nil
		}
		expected = e.LSN + 1
		return r.replayEntry(e, &g)
	})
	if err == nil {
		err = g.flush()
	}
	return errors.Join(err, g.files.closeAll())
}

func (r *recovery) replayEntry(e *entry, g *gather) error {
	if r.survey.isDeleted(e.Log) {
		return nil
	}
	x := r.logs[e.Log]
	if e.Kind == disk.EntryCreate && (x == nil || x.covered == 0) {
		return r.create(e, x)
	}
	if x == nil || e.LSN <= x.covered || x.stop != 0 && e.LSN >= x.stop {
		return nil // contained, or behind damage
	}
	l := x.log
	x.dirty = true
	l.LastLSN = e.LSN
	switch e.Kind {
	case disk.EntryAppend:
		return r.redoAppend(x, e, g)
	case disk.EntryTruncateTo:
		return r.redoTruncate(x, e, g)
	case disk.EntryEpochStart:
		x.startEpoch(e.LeaderEpoch, e.BaseOffset)
	case disk.EntryLogStart:
		l.LogStartOffset = max(l.LogStartOffset, e.BaseOffset)
		l.LocalLogStartOffset = l.LogStartOffset
	case disk.EntryMode:
		if err := g.finish(l.Log); err != nil {
			return err
		}
		return r.redoMode(x, e)
	default:
		// A checkpoint covers the creation of its log, and of a deleted log no
		// entry comes this far.
	}
	return nil
}

// create begins a log, or tells a ghost who it was.
func (r *recovery) create(e *entry, x *recovered) error {
	id, err := decodeIdentity(e.Bytes)
	if err != nil || id.Log != e.Log || e.BaseOffset < 0 {
		return nil // not of our making; the log's other entries find no log
	}
	if x != nil {
		x.log.Identity = id
		if x.stop != 0 && e.LSN >= x.stop {
			return nil
		}
	}
	l := newLog(id, e.BaseOffset, r.args.Limits, r.args.Now.Wall)
	l.LastLSN = e.LSN
	l.Fenced = string(e.Bytes[identitySize:])
	if x == nil {
		x = r.add(&recovered{log: l})
	} else {
		if x.log.Fenced != "" {
			l.Fenced = x.log.Fenced
		}
		l.interval = x.log.interval
		x.log = l
	}
	x.dirty = true
	return r.fs.MkdirAll(LogDir(l.Log))
}

// redoAppend writes a batch again, or finds it where the journal points, and
// accounts for it.
func (r *recovery) redoAppend(x *recovered, e *entry, g *gather) (err error) {
	l, v := x.log, batch.View(e.Bytes)
	if r.survey.undone(&e.Append) {
		return nil
	}
	if e.Pointer {
		if v, err = r.pointers.find(r.fs, &e.Append); err != nil {
			return err
		}
		if v == nil {
			x.stop = e.LSN
			x.fence("a large batch is missing or damaged in its segment")
			return nil
		}
	}
	if !v.Whole() || v.Size() != len(v) || !v.Intact() || !l.takes(v) {
		return x.breakOff(e.LSN)
	}
	if e.Segment != l.active().base {
		if e.Segment != l.LogEndOffset || l.active().size == 0 {
			return x.breakOff(e.LSN)
		}
		l.roll()
	}
	if e.Pos != l.active().size {
		return x.breakOff(e.LSN)
	}
	x.take(r.args.Now, v)
	if e.Pointer {
		r.result.Large++
		return nil
	}
	r.result.Redone++
	return g.write(l.Log, e.Segment, e.Pos, e.Bytes)
}

// take accounts for a batch that is in its segment.
func (x *recovered) take(now kafka.Now, v batch.View) {
	l := x.log
	base, last := v.BaseOffset(), v.LastOffset()
	if l.active().size == 0 {
		l.ActiveSince = now.Wall
	}
	l.verbatim(v)
	l.apply(now, base, last, kafka.NoTimestamp, v, l.interval)
}

// breakOff fences a log whose entry does not continue it. That is no crash's
// doing; the rest of the node goes on.
func (x *recovered) breakOff(lsn kafka.LSN) error {
	x.stop, x.must = lsn, true
	x.log.Fence("its journal entries do not continue it")
	return nil
}

// redoTruncate cuts what the checkpoint has of a log, or what readTail has read:
// batches of the journal that are undone were not redone. The files are cut at
// the end, since what follows in the journal may stand in them already.
func (r *recovery) redoTruncate(x *recovered, e *entry, g *gather) error {
	l, end := x.log, e.BaseOffset
	if end >= l.LogEndOffset {
		l.truncateEpochs(end)
		if l.LogEndOffset < l.LogStartOffset { // it lay within a batch that is undone
			l.LogEndOffset, l.gaps = l.LogStartOffset, true
		}
		return nil
	}
	if err := g.finish(l.Log); err != nil {
		return err
	}
	x.cut = min(x.cut, end)
	x.must = x.must || end < x.base // the checkpoint on disk tells of what is gone
	_, err := l.cutTable(r.fs, max(end, l.segments[0].base))
	if errors.Is(err, errShort) {
		x.fence("bytes below a truncation are missing or damaged")
		x.stop = l.LastLSN
		return nil
	}
	return err
}

// redoMode changes the mode. What a replicated log held until then was not
// journaled: it ends where its intact batches end. Bytes behind a synced one's
// end are nobody's, and must not be taken for the replicated one's.
func (r *recovery) redoMode(x *recovered, e *entry) error {
	if len(e.Bytes) != 1 || Mode(e.Bytes[0]) != Synced && Mode(e.Bytes[0]) != Replicated {
		return x.breakOff(e.LSN)
	}
	if x.log.Mode == Replicated {
		if err := r.readTail(x); err != nil {
			return err
		}
		x.epochsTo(x.log.LogEndOffset, anyEpoch)
	} else if err := r.cutTail(x, true); err != nil {
		return err
	}
	x.log.Mode = Mode(e.Bytes[0])
	x.must = true // redo never meets bytes of both modes
	return nil
}

// startEpoch notes the start of an epoch. The batches before it of a replicated
// log have not been met yet, so there it waits for them.
func (x *recovered) startEpoch(epoch kafka.LeaderEpoch, start kafka.Offset) {
	if x.log.Mode == Synced {
		x.log.startEpoch(epoch, start)
		return
	}
	for n := len(x.epochs); n > 0 && x.epochs[n-1].Start >= start; n-- {
		x.epochs = x.epochs[:n-1]
	}
	x.epochs = append(x.epochs, EpochEntry{Epoch: epoch, Start: start})
}

// epochsTo hands the waiting epochs that start at offset to the log. Those that
// start below it, where no batch does, or above largest, the epoch of the batch
// at offset, were undone by a truncation, which a replicated log does not journal.
func (x *recovered) epochsTo(offset kafka.Offset, largest kafka.LeaderEpoch) {
	n := 0
	for ; n < len(x.epochs) && x.epochs[n].Start <= offset; n++ {
		if x.epochs[n].Start == offset && x.epochs[n].Epoch <= largest {
			x.log.startEpoch(x.epochs[n].Epoch, x.epochs[n].Start)
		}
	}
	x.epochs = x.epochs[n:]
}

const anyEpoch kafka.LeaderEpoch = 1<<31 - 1
