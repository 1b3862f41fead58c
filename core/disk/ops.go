package disk

import "trialog/core/kafka"

// EntryKind says what an Append changes.
type EntryKind uint8

// The kinds of entries. All but EntryAppend and EntryTruncateTo of logs in
// replicated mode are journaled whatever the log's mode.
const (
	EntryAppend     EntryKind = iota + 1 // Bytes is one record batch for a segment
	EntryCreate                          // a log begins; Bytes is its identity (core/partition encodes it)
	EntryEpochStart                      // LeaderEpoch starts at BaseOffset
	EntryLogStart                        // the log now starts at BaseOffset
	EntryMode                            // the durability mode changes; Bytes[0] is the mode
	EntryDelete                          // the log ends
	EntryTruncateTo                      // everything at and above BaseOffset is undone
)

// Append is a write that the driver carries out in order: journaled when LSN
// is not zero, and, for EntryAppend, into the segment at Pos. The bytes are
// stamped in the copy that is written; Bytes itself is never changed.
type Append struct {
	Ref         kafka.Ref   // rises by one with every Append of a broker incarnation
	LSN         kafka.LSN   // dense among journaled entries; 0: not journaled
	Durable     kafka.LSN   // the largest LSN known durable when this was emitted
	PrevLSN     kafka.LSN   // the previous journal entry of the same log, 0 when none
	PrevLog     kafka.LogID // the log of the entry before this one in the journal, 0 when none
	Generation  kafka.LSN   // the first LSN of the journal generation that the entry goes to
	Kind        EntryKind
	Pointer     bool // the journal gets the batch's header only, and the segment is synced with it
	Log         kafka.LogID
	Segment     kafka.Offset      // base offset of the segment, which names its file
	Pos         int64             // byte position in the segment
	BaseOffset  kafka.Offset      // stamped into the batch
	LeaderEpoch kafka.LeaderEpoch // stamped into the batch
	Timestamp   kafka.TimestampMs // stamped as LogAppendTime; NoTimestamp: leave CreateTime
	Bytes       []byte
}

// Journaled tells whether the entry goes to the journal, which a sync then
// makes durable.
func (a *Append) Journaled() bool { return a.LSN != 0 }

// FileKind selects one of a segment's files.
type FileKind uint8

// The files of a segment, with Kafka's suffixes.
const (
	FileLog       FileKind = iota // .log
	FileIndex                     // .index
	FileTimeIndex                 // .timeindex
)

// Read asks for Len bytes at Pos. A read past the end of the file returns what
// there is.
type Read struct {
	Ref     kafka.Ref
	Log     kafka.LogID
	Segment kafka.Offset
	Version uint32 // of the segment's files, 0: as they were first written
	File    FileKind
	Pos     int64
	Len     int32
}

// Job is a sequential function that a driver runs off its loop. Run must use
// nothing but the file system and the arguments it was given. The arguments
// must not be changed by anyone until the job's result has come in.
type Job struct {
	Ref  kafka.Ref
	Name string // for logs and traces: "recover", "checkpoint", …
	Run  func(fs FS, args any) (result any, err error)
	Args any
	// Closing: nothing is appended any more, so that nobody waits for a sync that
	// this job's would delay.
	Closing bool
	// Hasty: the job would rather fail with ErrNoSpace than wait for room, as
	// every other one does: it can be begun again later, and takes room until then.
	Hasty bool
}
