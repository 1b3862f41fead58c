package partition

import (
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// Log is one replica's log. It is plain data: methods that change it fill in
// the disk.Append that a driver must carry out, and never wait for one.
//
// Fields are for reading; only this package writes them, save HighWatermark.
type Log struct {
	Identity

	// LogStartOffset is the first offset that may be read.
	LogStartOffset kafka.Offset
	// LocalLogStartOffset is the first offset on this disk; the same until
	// segments are tiered.
	LocalLogStartOffset kafka.Offset
	// LogEndOffset is one past the last record appended.
	LogEndOffset kafka.Offset
	// LargestEndOffset is the largest LogEndOffset before a truncation, since recovery.
	LargestEndOffset kafka.Offset
	// WrittenEndOffset is one past what a read finds (see Written).
	WrittenEndOffset kafka.Offset
	// DurableEndOffset is one past what survives a power cut (see Synced).
	DurableEndOffset kafka.Offset
	// HighWatermark is kept here by the replication machine, so that a
	// checkpoint has it; after recovery it is the checkpoint's.
	HighWatermark kafka.Offset
	// Incarnation rises with every truncation. A completion that was emitted
	// under another one says nothing about this log any more.
	Incarnation uint32
	// FirstLSN is the entry that created the log, 0 when an earlier incarnation
	// of the broker did, or none has yet.
	FirstLSN kafka.LSN
	// LastLSN is the log's newest journal entry, 0 when none.
	LastLSN kafka.LSN
	// CheckpointLSN is the LSN of the checkpoint on disk, 0 when none.
	CheckpointLSN kafka.LSN
	// Fenced says why the log must not be served, empty when it may. Bytes
	// that were acknowledged are damaged or missing: it heals from a replica.
	Fenced string
	// ActiveSince is the wall time of receipt of the active segment's first batch.
	ActiveSince kafka.TimestampMs

	limits    *Limits
	segments  []segment // by base offset; the last is active
	epochs    []EpochEntry
	producers producers
	forgotten kafka.ProducerID  // every producer that was forgotten has an ID up to it; NoProducerID: none was
	open      []openTransaction // by first offset
	aborted   []AbortedRange    // by last offset

	interval   int32         // index.interval.bytes of the last append
	gaps       bool          // offsets are not dense: batches came verbatim from a cleaned log
	nextStart  kafka.Offset  // asked for by SetLogStart
	layout     uint32        // rises when segments leave the table
	leases     []lease       // reads under way, by rising layout
	gone       []goneSegment // segments whose files are still there, as they left
	unnamed    int           // of gone: those that the checkpoint on disk no longer names
	truncating bool          // between TruncateTo and Truncated
	deleted    bool
	cleaned    kafka.Offset      // below it the cleaner has been
	horizon    kafka.TimestampMs // when the first of the tombstones that it met may go, NoTimestamp: never
	rewritten  kafka.Offset      // see Rewritten
	versions   uint32            // the largest version given to a segment
	upkeep     upkeepState
}

// New begins an empty log at offset start, and fills in the EntryCreate to emit.
// id.Log comes from Journal.NewLogID. limits is shared and not changed.
func New(now kafka.Now, id Identity, start kafka.Offset, limits *Limits, out *disk.Append) *Log {
	l := newLog(id, start, limits, now.Wall)
	*out = disk.Append{
		Kind:       disk.EntryCreate,
		Log:        id.Log,
		Segment:    start,
		BaseOffset: start,
		Timestamp:  kafka.NoTimestamp,
		Bytes:      appendIdentity(nil, id),
	}
	return l
}

// NewFenced begins a log that must not be served, and why. Its entry says so
// too: a crash right after it must not bring back an empty log that serves.
func NewFenced(now kafka.Now, id Identity, start kafka.Offset, limits *Limits, reason string, out *disk.Append) *Log {
	must.True(reason != "", "a log is fenced for a reason")
	l := New(now, id, start, limits, out)
	out.Bytes = append(out.Bytes, reason...)
	l.Fence(reason)
	return l
}

func newLog(id Identity, start kafka.Offset, limits *Limits, wall kafka.TimestampMs) *Log {
	must.True(start >= 0, "a log starts at an offset")
	return &Log{
		Identity:            id,
		LogStartOffset:      start,
		LocalLogStartOffset: start,
		LogEndOffset:        start,
		WrittenEndOffset:    start,
		DurableEndOffset:    start,
		HighWatermark:       start,
		ActiveSince:         wall,
		limits:              limits,
		segments:            []segment{newSegment(start)},
		producers:           newProducers(),
		forgotten:           kafka.NoProducerID,
		horizon:             kafka.NoTimestamp,
	}
}

// Written says that everything below end, appended under incarnation, can be
// read. Stale and repeated completions change nothing.
func (l *Log) Written(incarnation uint32, end kafka.Offset) {
	if incarnation == l.Incarnation && end > l.WrittenEndOffset {
		must.True(end <= l.LogEndOffset, "P3: written beyond the log's end")
		l.WrittenEndOffset = end
	}
}

// Synced says that everything below end, appended under incarnation, is
// durable. It is for logs in Synced mode; those in Replicated mode become
// durable by checkpoints.
func (l *Log) Synced(incarnation uint32, end kafka.Offset) {
	if incarnation == l.Incarnation && end > l.DurableEndOffset {
		must.True(end <= l.LogEndOffset, "P3: durable beyond the log's end")
		l.DurableEndOffset = end
	}
}

// Serving tells whether the log may be read and appended to.
func (l *Log) Serving() bool { return l.Fenced == "" && !l.deleted && !l.truncating }

// Truncating tells that TruncateTo waits for its job.
func (l *Log) Truncating() bool { return l.truncating }

// SetMode changes the durability mode and fills in the entry to emit. The log
// takes no appends until a checkpoint has made all of it durable (Appendable),
// so that redo never meets bytes of both modes.
func (l *Log) SetMode(mode Mode, out *disk.Append) {
	must.True(mode == Synced || mode == Replicated, "a known mode")
	l.Mode = mode
	l.entry(disk.EntryMode, out)
	out.Bytes = []byte{byte(mode)}
	l.upkeep.urgent = true
	l.upkeep.modes++
}

// Settling tells that a change of mode waits for a checkpoint.
func (l *Log) Settling() bool { return l.Fenced == "" && !l.deleted && l.upkeep.urgent }

// Delete ends the log and fills in the entry to emit. Upkeep removes its files
// once the entry is durable.
func (l *Log) Delete(out *disk.Append) {
	l.deleted = true
	l.Incarnation++
	l.entry(disk.EntryDelete, out)
}

// Deleted tells whether Delete was called.
func (l *Log) Deleted() bool { return l.deleted }

// entry fills in an Append that is not a batch.
func (l *Log) entry(kind disk.EntryKind, out *disk.Append) {
	*out = disk.Append{
		Kind:        kind,
		Log:         l.Log,
		Segment:     l.active().base,
		Pos:         l.active().size,
		BaseOffset:  l.LogEndOffset,
		LeaderEpoch: l.LatestEpoch(),
		Timestamp:   kafka.NoTimestamp,
	}
}

func (l *Log) active() *segment { return &l.segments[len(l.segments)-1] }
