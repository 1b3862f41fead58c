package group

import "trialog/core/kafka"

// ConsumerValue is the value of a record of the consumer protocol (KIP-848), of
// which a group has many: what it is as a whole, and of each member who it is,
// what it shall have and what it has. It is immutable once it has been appended.
//
//sumtype:decl
type ConsumerValue interface{ consumerValue() }

// GroupEpoch is how often what bears on the group's assignment has changed
// (ConsumerGroupMetadata).
type GroupEpoch struct {
	Epoch int32
	// Hash is of the topics that the group reads, as they were when the epoch began.
	Hash int64
}

// TopicsSeen is what Kafka before 4.1 wrote instead of GroupEpoch.Hash
// (ConsumerGroupPartitionMetadata). It is taken back when the group goes.
type TopicsSeen struct{}

// ConsumerMember is who a member is and what it wants (ConsumerGroupMemberMetadata).
type ConsumerMember struct {
	InstanceID         string // empty: a dynamic member
	Rack               string // empty: not told
	Client             Client
	Topics             []string // sorted
	Regex              string   // RE2; empty: none
	RebalanceTimeoutMs int32
	Assignor           string // empty: whatever the others want
	// Classic is of a member that speaks the classic protocol; nil: it speaks this one.
	Classic *ClassicSpeaker
}

// TargetEpoch is the group epoch whose assignment the targets are
// (ConsumerGroupTargetAssignmentMetadata).
type TargetEpoch struct{ Epoch int32 }

// Target is what a member shall have (ConsumerGroupTargetAssignmentMember).
type Target struct{ Partitions Partitions }

// Current is what a member has (ConsumerGroupCurrentMemberAssignment).
type Current struct {
	Epoch int32
	// Previous is the epoch that the member spoke in before: one that it may name
	// again, as it need not have seen the answer that told it of Epoch.
	Previous int32
	State    MemberState
	Assigned Partitions
	// Revoking are partitions that it is to give up and has not given up yet.
	Revoking Partitions
	// AssignedSince and RevokingSince are the epochs in which the member was given
	// each of them, in the same order. It has had them ever since, and nobody else
	// has: a commit of any epoch from there on is of whoever has the partition
	// (KIP-1251).
	AssignedSince, RevokingSince []int32
}

// since is the epoch from which on the member has had a partition; false: it has not.
func (c *Current) since(tp kafka.TopicPartition) (int32, bool) {
	if i, found := c.Assigned.find(tp); found {
		return c.AssignedSince[i], true
	}
	if i, found := c.Revoking.find(tp); found {
		return c.RevokingSince[i], true
	}
	return 0, false
}

// sinceOf is since when the member has had each of some partitions; those that it
// has not had it is given in an epoch.
func (c *Current) sinceOf(ps Partitions, epoch int32) []int32 {
	if len(ps) == 0 {
		return nil
	}
	all := make([]int32, len(ps))
	for i, tp := range ps {
		if since, has := c.since(tp); has {
			all[i] = since
		} else {
			all[i] = epoch
		}
	}
	return all
}

// MemberState says what a member waits for.
type MemberState int8

// The states of a member, by Kafka's numbers.
const (
	// MemberStable: it has what it shall have.
	MemberStable MemberState = 0
	// MemberUnrevoked: it has been told to give partitions up and has not said
	// that it has.
	MemberUnrevoked MemberState = 1
	// MemberUnreleased: others have not given up what it shall have.
	MemberUnreleased MemberState = 2
)

// ResolvedRegex is which topics match a regular expression that members of the
// group subscribe with (ConsumerGroupRegularExpression).
type ResolvedRegex struct {
	Topics  []string // sorted
	Version int64    // of the metadata that it was matched against
	At      kafka.TimestampMs
}

func (*GroupEpoch) consumerValue()     {}
func (*TopicsSeen) consumerValue()     {}
func (*ConsumerMember) consumerValue() {}
func (*TargetEpoch) consumerValue()    {}
func (*Target) consumerValue()         {}
func (*Current) consumerValue()        {}
func (*ResolvedRegex) consumerValue()  {}
