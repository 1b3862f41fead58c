package group

import "trialog/core/kafka"

// Input is what a broker tells the machine of one coordinator partition. The sum
// is closed; values are passed by pointer, and neither they nor the byte slices
// in them are kept.
//
//sumtype:decl
type Input interface{ groupInput() }

// Ticket correlates a request with its Answer.
type Ticket uint64

// Tick says that time has passed. An early one is a no-op.
type Tick struct{ Known Topics }

// Appended says that the oldest of Effects.Appends is in the log, which ends at End.
type Appended struct{ End kafka.Offset }

// Refused says that the oldest of Effects.Appends is not in the log, and why.
type Refused struct{ Err kafka.ErrorCode }

// Committed says how much of the log counts.
type Committed struct{ HighWatermark kafka.Offset }

// Loaded says that everything has been replayed.
type Loaded struct{}

// Closed says that the partition is not led here any more. Nobody who waits will
// get what he waits for; nothing may be asked of the machine after it.
type Closed struct{ Err kafka.ErrorCode }

// TopicGone says that a life of a topic is over: what was committed for it is
// forgotten.
type TopicGone struct {
	Topic string
	ID    kafka.TopicID
}

// Member says which member of a group speaks. An empty InstanceID: it names none.
type Member struct {
	Group      string
	ID         string
	InstanceID string
}

// Client is where a member is reached.
type Client struct{ ID, Host string }

// Join is JoinGroup (API 11).
type Join struct {
	Ticket Ticket
	Member
	Client
	SessionTimeoutMs   int32
	RebalanceTimeoutMs int32
	ProtocolType       string
	Protocols          []Protocol // in the member's order of preference
	// RequireMemberID has a dynamic member that names no ID come again with the one
	// that it is given (KIP-394).
	RequireMemberID bool
	// MaySkip: the client understands that a static leader need not assign (KIP-814).
	MaySkip bool
	Reason  string
	Known   Topics
}

// Abandoned says that nobody will see the answer to a Join that waits. Whoever
// has never been told its member ID cannot come again: it is out.
type Abandoned struct {
	Ticket Ticket
	Group  string
}

// Protocol is one way of assigning that a member supports, with what it wants
// whoever assigns to know.
type Protocol struct {
	Name     string
	Metadata []byte
}

// Sync is SyncGroup (API 14). An empty ProtocolType or Protocol is not looked at.
type Sync struct {
	Ticket Ticket
	Member
	Generation   int32
	ProtocolType string
	Protocol     string
	Assignments  []Assignment // of the leader
	Known        Topics
}

// Assignment is what a leader gives a member.
type Assignment struct {
	Member string
	Bytes  []byte
}

// Heartbeat is Heartbeat (API 12).
type Heartbeat struct {
	Ticket Ticket
	Member
	Generation int32
	Known      Topics
}

// Leave is LeaveGroup (API 13). Answer.Codes are in the order of Members.
type Leave struct {
	Ticket  Ticket
	Group   string
	Members []Leaver
	Known   Topics
}

// Leaver is a member that leaves or, named by its instance ID alone, is removed.
type Leaver struct{ ID, InstanceID, Reason string }

// Commit is OffsetCommit (API 8), with what needs no coordinator refused before.
// Answer.Codes, if there are any, are in the order of Offsets.
type Commit struct {
	Ticket Ticket
	Member
	Generation int32 // of a classic group, or the epoch of a member; negative: outside any
	Version    int16 // of the request: what is unknown is told differently
	Offsets    []Committing
}

// Committing is one partition of a Commit.
type Committing struct {
	Topic     string
	Partition kafka.PartitionIndex
	Offset    Offset // CommittedAt is the machine's to fill in
}

// DeleteOffsets is OffsetDelete (API 47). Answer.Codes are in the order of
// Partitions, if Answer.Err is NONE.
type DeleteOffsets struct {
	Ticket     Ticket
	Group      string
	Partitions []TopicPartition
}

// TopicPartition names a partition as the records do.
type TopicPartition struct {
	Topic     string
	Partition kafka.PartitionIndex
}

// Delete is DeleteGroups (API 42) of one group. Place is the answer's, for
// requests that name several.
type Delete struct {
	Ticket Ticket
	Place  int32
	Group  string
}

func (*Tick) groupInput()          {}
func (*Appended) groupInput()      {}
func (*Refused) groupInput()       {}
func (*Committed) groupInput()     {}
func (*Loaded) groupInput()        {}
func (*Closed) groupInput()        {}
func (*TopicGone) groupInput()     {}
func (*Join) groupInput()          {}
func (*Abandoned) groupInput()     {}
func (*Sync) groupInput()          {}
func (*Heartbeat) groupInput()     {}
func (*Leave) groupInput()         {}
func (*Commit) groupInput()        {}
func (*DeleteOffsets) groupInput() {}
func (*Delete) groupInput()        {}
