package broker

import (
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/core/quorum"
)

// Input is what a driver tells a broker. The sum is closed; values are passed
// by pointer and not kept, except record bytes and bodies, which are handed over.
//
//sumtype:decl
type Input interface{ brokerInput() }

// Start is the first input of an incarnation, given once.
type Start struct{}

// Tick says that time has passed. An early one is a no-op.
type Tick struct{}

// ConnectionOpened announces an accepted connection.
type ConnectionOpened struct {
	Conn       kafka.ConnID
	Listener   string // the listener's name
	ClientHost string
}

// ConnectionClosed says that nothing more comes from, or reaches, a connection.
type ConnectionClosed struct{ Conn kafka.ConnID }

// Request is one decoded request. The requests of a connection are delivered
// in arrival order. Records in it have been checked (protocol.Checked.Done).
type Request struct {
	Conn          kafka.ConnID
	Principal     string // "User:ANONYMOUS" before authentication
	ClientID      string
	Tenant        string
	Key           int16
	Version       int16
	CorrelationID int32
	// Body is nil when Err says why it could not be decoded.
	Body protocol.Body
	// Err is UNSUPPORTED_VERSION for a version or key outside our table,
	// INVALID_REQUEST for a body that does not parse.
	Err kafka.ErrorCode
}

// Written says that every Append up to Ref is in the page cache: a read finds it.
type Written struct{ Ref kafka.Ref }

// Synced says that every journaled Append up to Ref is durable.
type Synced struct{ Ref kafka.Ref }

// Failed says that a write or a sync failed. Nothing after it can be trusted;
// the broker fences itself.
type Failed struct{ Err error }

// ReadDone answers a disk.Read. Bytes may be shorter than asked, at the end of
// a file; they belong to the broker from now on.
type ReadDone struct {
	Ref   kafka.Ref
	Bytes []byte
	Err   error
}

// JobDone answers a disk.Job.
type JobDone struct {
	Ref    kafka.Ref
	Result any
	Err    error
}

// Quorum carries an event of the metadata quorum.
type Quorum struct{ Event quorum.Event }

// JoinQuorum passes on what a node without a replica of the metadata quorum asks
// of this one; Effects.Joins answers it, once. Ref is the driver's.
type JoinQuorum struct {
	Ref  kafka.Ref
	Join quorum.Join
}

// PeerReply answers a Send. Body is nil when the peer could not be reached or
// the connection broke: the request may have taken effect or not.
type PeerReply struct {
	Ref  kafka.Ref
	Body protocol.Body
}

// DiskSpace reports the free bytes under the data directory, now and then.
type DiskSpace struct{ Free int64 }

// Shutdown asks for a controlled shutdown; Effects.Halt answers.
type Shutdown struct{}

func (*Start) brokerInput()            {}
func (*Tick) brokerInput()             {}
func (*ConnectionOpened) brokerInput() {}
func (*ConnectionClosed) brokerInput() {}
func (*Request) brokerInput()          {}
func (*Written) brokerInput()          {}
func (*Synced) brokerInput()           {}
func (*Failed) brokerInput()           {}
func (*ReadDone) brokerInput()         {}
func (*JobDone) brokerInput()          {}
func (*Quorum) brokerInput()           {}
func (*JoinQuorum) brokerInput()       {}
func (*PeerReply) brokerInput()        {}
func (*DiskSpace) brokerInput()        {}
func (*Shutdown) brokerInput()         {}
