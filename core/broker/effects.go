package broker

import (
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
	"trialog/core/quorum"
)

// Effects is what a driver must carry out after one or more Steps. Slices are
// reused: the driver hands the value over, carries everything out, and calls
// Reset before it is filled again. No order holds between kinds; order within
// a kind is kept.
type Effects struct {
	Replies   []Reply
	Sends     []Send
	Appends   []disk.Append // to the journal and the segments, strictly in order
	Reads     []disk.Read   // in any order
	Jobs      []disk.Job    // each in a goroutine of its own
	Proposals []quorum.Propose
	// Reconfigures go to the quorum's engine, in order; nothing answers them.
	Reconfigures []quorum.Reconfigure
	Joins        []Joined
	Mutes        []Mute
	Notes        []Note // what an operator should read; the driver logs them
	Halt         Halt
	Watch        must.Watch

	// reply bodies, whose memory is used again after Reset
	produce arena[protocol.ProduceResponse]
	fetch   arena[protocol.FetchResponse]
}

// Reply answers a request. The driver encodes Body (protocol.AppendResponse)
// before Reset. Replies of a connection come in request order.
type Reply struct {
	Conn          kafka.ConnID
	Key           int16
	Version       int16
	CorrelationID int32
	// Body is nil when nothing goes on the wire (Produce with acks=0).
	Body protocol.Body
	// Request is the body of the request that this answers, handed back: a driver
	// that keeps a protocol.FreeList may put it there. Its record bytes may still
	// be referred to by Appends.
	Request protocol.Body
	// Close asks for the connection to be closed after what was sent before it.
	Close bool
}

// Send is a request to another broker on its inter-broker listener; PeerReply answers it.
type Send struct {
	Ref     kafka.Ref
	To      kafka.BrokerID
	Host    string
	Port    int32
	Key     int16
	Version int16
	Body    protocol.Body
}

// Joined answers JoinQuorum; it goes to the node that asked.
type Joined struct {
	Ref    kafka.Ref
	Answer quorum.Joined
}

// Mute stops or resumes reading from a connection (throttling, back-pressure).
type Mute struct {
	Conn kafka.ConnID
	On   bool
}

// Level grades a Note.
type Level uint8

// The levels of notes.
const (
	Info Level = iota
	Warn
	Error
)

// Note is a log line as data. Fields that do not apply are zero, offsets and
// epochs NoOffset and NoLeaderEpoch.
type Note struct {
	Level     Level
	Text      string // constant, so that a driver can rate-limit by it
	Topic     string
	Partition kafka.PartitionIndex
	Epoch     kafka.LeaderEpoch
	Offset    kafka.Offset
	Detail    string
}

// Halt ends the incarnation once everything emitted before has been carried out.
type Halt struct {
	Set    bool
	Clean  bool   // a controlled shutdown has finished
	Reason string // why not, for the log and the exit status
}

// Reset empties the effects and keeps their memory.
func (e *Effects) Reset() {
	clear(e.Replies) // bodies and record bytes are not ours to keep alive
	clear(e.Appends)
	e.Replies = e.Replies[:0]
	e.Sends = e.Sends[:0]
	e.Appends = e.Appends[:0]
	e.Reads = e.Reads[:0]
	e.Jobs = e.Jobs[:0]
	e.Proposals = e.Proposals[:0]
	e.Reconfigures = e.Reconfigures[:0]
	e.Joins = e.Joins[:0]
	e.Mutes = e.Mutes[:0]
	e.Notes = e.Notes[:0]
	e.Halt = Halt{}
	e.Watch.Reset()
	e.resetBodies()
}

// resetBodies takes the reply bodies back and lets go of the records they held.
func (e *Effects) resetBodies() {
	for _, f := range e.fetch.items[:e.fetch.used] {
		for i := range f.Partitions {
			f.Partitions[i].Records = nil
		}
	}
	e.produce.reset()
	e.fetch.reset()
}

// Empty tells whether there is anything to carry out.
func (e *Effects) Empty() bool {
	return len(e.Replies) == 0 && len(e.Sends) == 0 && len(e.Appends) == 0 && len(e.Reads) == 0 &&
		len(e.Jobs) == 0 && len(e.Proposals) == 0 && len(e.Reconfigures) == 0 && len(e.Joins) == 0 && len(e.Mutes) == 0 && len(e.Notes) == 0 &&
		!e.Halt.Set && !e.Watch.Dirty()
}
