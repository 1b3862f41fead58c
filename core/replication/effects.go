package replication

import (
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// Effects is what one or more Steps of a replica ask for. Slices are reused.
type Effects struct {
	// Appends go to the journal and the segments in order. Ref, LSN, Durable and
	// PrevLSN are the broker's to fill.
	Appends []Append
	// Answers end produces.
	Answers []Answer
	// Wakes are waiting fetches that should look again. They no longer wait.
	Wakes []Ticket
	// Progress says that the high watermark, the last stable offset, the log
	// start or the role changed.
	Progress bool
	// Propose says that Proposal has something to ask of the controller.
	Propose bool
	Watch   *must.Watch
}

// Append is one entry with what the replica wants to know when it completes.
type Append struct {
	disk.Append
	Incarnation uint32       // the log's, for Written and Synced
	End         kafka.Offset // the log's end once this is in
}

// Answer ends a produce.
type Answer struct {
	Ticket         Ticket
	Err            kafka.ErrorCode
	Message        string // constant; empty unless Err says too little
	BaseOffset     kafka.Offset
	AppendTime     kafka.TimestampMs // NoTimestamp under CreateTime
	LogStartOffset kafka.Offset
	Duplicate      bool
}

// Reset empties the effects and keeps their memory.
func (e *Effects) Reset() {
	clear(e.Appends)
	e.Appends = e.Appends[:0]
	e.Answers = e.Answers[:0]
	e.Wakes = e.Wakes[:0]
	e.Progress, e.Propose = false, false
}
