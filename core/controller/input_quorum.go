package controller

import (
	"trialog/core/kafka"
	"trialog/core/quorum"
)

// Members passes on quorum.Members.
type Members struct{ Members *quorum.Members }

func (*Members) controllerInput() {}

// JoinQuorum gives a node its replica of the metadata quorum; see quorum.Join.
type JoinQuorum struct {
	Node      kafka.BrokerID
	Directory kafka.DirectoryID
}

// AddVoter lets a node's replica vote (API 80). Directory zero stands for any.
type AddVoter struct {
	ClusterID string // empty: not asked about
	Node      kafka.BrokerID
	Directory kafka.DirectoryID
}

// RemoveVoter takes a voter out of the quorum (API 81).
type RemoveVoter struct {
	ClusterID string // empty: not asked about
	Node      kafka.BrokerID
	Directory kafka.DirectoryID
}

// DescribeQuorum asks who is in the quorum (API 55).
type DescribeQuorum struct{}

func (*JoinQuorum) controllerBody()     {}
func (*AddVoter) controllerBody()       {}
func (*RemoveVoter) controllerBody()    {}
func (*DescribeQuorum) controllerBody() {}

// JoinQuorumResult answers JoinQuorum.
type JoinQuorumResult struct{ Replica quorum.ReplicaID }

// VoterResult answers AddVoter and RemoveVoter.
type VoterResult struct{}

// DescribeQuorumResult answers DescribeQuorum.
type DescribeQuorumResult struct {
	Leader    kafka.BrokerID
	Epoch     kafka.ControllerEpoch
	Committed uint64               // index of the last entry known to be committed
	Replicas  []QuorumReplicaState // by replica ID
}

// QuorumReplicaState is one replica of DescribeQuorumResult.
type QuorumReplicaState struct {
	Node      kafka.BrokerID
	Directory kafka.DirectoryID // zero for a founder
	Voter     bool              // in the engine, not only decided
	Applied   uint64            // index of the last entry that it is known to act on
	HeardAt   kafka.TimestampMs // when it said so; NoTimestamp for never
}

func (*JoinQuorumResult) controllerResult()     {}
func (*VoterResult) controllerResult()          {}
func (*DescribeQuorumResult) controllerResult() {}
