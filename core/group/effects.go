package group

import (
	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/must"
)

// Effects is what one Step asks for. Slices are reused. Every Append is answered
// by Appended or Refused, in order, before the machine is given anything else.
type Effects struct {
	Appends []Append
	Answers []Answer
	// Causes tell why groups began to rebalance, for people.
	Causes []GroupCause
	Watch  *must.Watch
}

// Append is one batch for the coordinator's partition, with acks=all.
type Append struct {
	Batch   batch.View
	Checked batch.Checked
}

// Answer ends a request.
type Answer struct {
	Ticket Ticket
	Place  int32 // of a Delete
	Err    kafka.ErrorCode
	Joined Joined // of a Join
	Synced Synced // of a Sync
	Beaten Beaten // of a ConsumerHeartbeat
	Text   string // why, of some errors
	// Codes are of a Leave, a DeleteOffsets and a Commit; nil: there is nothing to say.
	Codes []kafka.ErrorCode
}

// Joined answers a Join. On an error only Member may be set.
type Joined struct {
	Generation     int32
	ProtocolType   string
	Protocol       string
	Leader         string
	Member         string
	SkipAssignment bool
	Members        []JoinedMember // the leader's to read
}

// JoinedMember is what a leader is told of a member.
type JoinedMember struct {
	ID         string
	InstanceID string
	Metadata   []byte
}

// Synced answers a Sync.
type Synced struct {
	ProtocolType string
	Protocol     string
	Assignment   []byte
}

// GroupCause is a Cause with the group that it is of.
type GroupCause struct {
	Group string
	Cause
}

// Reset empties the effects and keeps their memory.
func (e *Effects) Reset() {
	clear(e.Appends)
	clear(e.Answers)
	e.Appends, e.Answers, e.Causes = e.Appends[:0], e.Answers[:0], e.Causes[:0]
}
