package group

import "trialog/core/kafka"

// Record is one record of __consumer_offsets, decoded. It is immutable once it
// has been appended: both views share what it points to.
type Record struct {
	Kind  RecordKind
	Group string

	// Of an OffsetRecord. Without a Value the offset is taken back.
	Topic     string
	Partition kafka.PartitionIndex
	HasValue  bool
	Offset    Offset

	// Classic is of a ClassicRecord; nil: the group is gone.
	Classic *ClassicValue

	// Name and Consumer are of the records of the consumer protocol: the member's ID
	// or the regular expression, and the value, of the type that goes with the kind;
	// nil: what the record said is taken back.
	Name     string
	Consumer ConsumerValue
}

// RecordKind tells the records of __consumer_offsets apart.
type RecordKind uint8

// The kinds of records.
const (
	// UnknownRecord is of a kind that this version does not know; it is kept in the
	// log and otherwise left alone.
	UnknownRecord RecordKind = iota
	OffsetRecord
	ClassicRecord
	GroupEpochRecord     // of GroupEpoch
	TopicsSeenRecord     // of TopicsSeen
	ConsumerMemberRecord // of ConsumerMember
	TargetEpochRecord    // of TargetEpoch
	TargetRecord         // of Target
	CurrentRecord        // of Current
	RegexRecord          // of ResolvedRegex
)

// consumers tells whether a kind is of the consumer protocol.
func (k RecordKind) consumers() bool { return k >= GroupEpochRecord }

// Offset is what a group has committed for a partition.
type Offset struct {
	Offset      kafka.Offset
	LeaderEpoch kafka.LeaderEpoch // of the record before it; NoLeaderEpoch: not told
	Metadata    string
	CommittedAt kafka.TimestampMs
	// ExpiresAt is set by requests of versions 2 to 4 that name a retention time;
	// NoTimestamp: offsets.retention.minutes decides.
	ExpiresAt kafka.TimestampMs
	// TopicID names the life of the topic that it was committed for, zero if an
	// older broker has written it.
	TopicID kafka.TopicID
}

// ClassicValue is a classic group as the log has it: the last generation whose
// assignment has been given out, or the group's becoming empty.
type ClassicValue struct {
	ProtocolType string // "consumer", "connect", …; empty: nobody has joined yet
	Generation   int32
	Protocol     string // empty: none
	Leader       string // a member ID; empty: none
	// StateAt is when the group came into its state, by the wall clock.
	StateAt kafka.TimestampMs
	Members []ClassicMember
}

// ClassicMember is one member of a ClassicValue.
type ClassicMember struct {
	ID                 string
	InstanceID         string // group.instance.id; empty: a dynamic member
	ClientID           string
	ClientHost         string
	RebalanceTimeoutMs int32
	SessionTimeoutMs   int32
	Subscription       []byte // its metadata for Protocol
	Assignment         []byte
}
