package partition

import (
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// Journal numbers a node's appends and knows what the journal on disk is still
// needed for. A broker has one; Recover returns it.
type Journal struct {
	limits  *Limits
	ref     kafka.Ref   // of the last append
	written kafka.Ref   // as the driver said
	next    kafka.LSN   // of the next journaled append
	durable kafka.LSN   // the largest LSN known durable
	lastLog kafka.LogID // of the newest entry
	nextLog kafka.LogID

	generations ring[generation] // oldest first; the last one is written to
	total       int64            // bytes in all generations
	unsynced    ring[numbered]   // journaled appends that wait for their sync
	pending     int64            // their bytes

	upkeep upkeep
}

// generation is one directory of the journal.
type generation struct {
	first kafka.LSN
	bytes int64
}

type numbered struct {
	ref   kafka.Ref
	lsn   kafka.LSN
	bytes int64
}

// NewJournal begins a journal whose next entry gets number next; nextLog is the
// next log ID. Recovery calls it.
func NewJournal(next kafka.LSN, nextLog kafka.LogID, limits *Limits) *Journal {
	must.True(next >= 1, "J1: LSNs begin at 1")
	j := &Journal{limits: limits, next: next, durable: next - 1, nextLog: nextLog}
	j.generations.push(generation{first: next})
	return j
}

// NewLogID returns an ID that no log of this disk has had.
func (j *Journal) NewLogID() kafka.LogID {
	id := j.nextLog
	j.nextLog++
	return id
}

// Number gives an append of log l its Ref and, if it is journaled, its LSN and
// what goes with it. Appends are numbered in the order in which they are
// emitted, right after the call that filled them in.
func (j *Journal) Number(a *disk.Append, l *Log) {
	j.ref++
	a.Ref = j.ref
	a.Durable = j.durable
	if journaled(a.Kind, l.Mode) {
		j.enter(a, l)
	}
	j.touch(l, a)
}

// enter gives an append its place in the journal.
func (j *Journal) enter(a *disk.Append, l *Log) {
	a.LSN = j.next
	a.PrevLSN = l.LastLSN
	a.PrevLog = j.lastLog
	a.Pointer = a.Kind == disk.EntryAppend && j.limits.LargeBatchBytes > 0 && int64(len(a.Bytes)) >= j.limits.LargeBatchBytes
	a.Generation = j.place(FrameSize(a))
	if l.LastLSN == 0 {
		l.FirstLSN = a.LSN
	}
	l.LastLSN = a.LSN
	j.lastLog = l.Log
	j.next++
	j.unsynced.push(numbered{ref: a.Ref, lsn: a.LSN, bytes: FrameSize(a)})
	j.pending += FrameSize(a)
}

// journaled tells which entries go to the journal (D4): batches and truncations
// of logs in Synced mode, and everything else of every log.
func journaled(kind disk.EntryKind, mode Mode) bool {
	switch kind {
	case disk.EntryAppend, disk.EntryTruncateTo:
		return mode == Synced
	default:
		return true
	}
}

// place accounts for a frame and returns the generation that it goes to.
func (j *Journal) place(size int64) kafka.LSN {
	g := j.generations.back()
	if g.bytes > 0 && g.bytes+size > j.limits.GenerationBytes {
		g = j.generations.push(generation{first: j.next})
	}
	g.bytes += size
	j.total += size
	return g.first
}

// Written notes that every append up to ref can be read.
func (j *Journal) Written(ref kafka.Ref) { j.written = max(j.written, ref) }

// Synced notes that every journaled append up to ref is durable.
func (j *Journal) Synced(ref kafka.Ref) {
	for j.unsynced.len() > 0 && j.unsynced.front().ref <= ref {
		n := j.unsynced.pop()
		j.durable = n.lsn
		j.pending -= n.bytes
	}
}

// Full tells that appends must wait until generations have been released.
func (j *Journal) Full() bool { return j.total > j.limits.JournalBytes }

// Pending is the number of bytes that were emitted and are not yet durable.
func (j *Journal) Pending() int64 { return j.pending }

// Bytes is the number of bytes in all generations.
func (j *Journal) Bytes() int64 { return j.total }

// Durable is the largest LSN known durable.
func (j *Journal) Durable() kafka.LSN { return j.durable }

// NextLSN is the number that the next journaled append gets.
func (j *Journal) NextLSN() kafka.LSN { return j.next }

// LastRef is the number of the last append.
func (j *Journal) LastRef() kafka.Ref { return j.ref }

// Generation is the first LSN of the generation that is written to; a Writer is
// opened with it.
func (j *Journal) Generation() kafka.LSN { return j.generations.back().first }
