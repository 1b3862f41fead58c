package controller

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/quorum"
)

// Effects is what the broker carries out after one or more Steps. The slices
// may be the broker's own; Step appends to them.
type Effects struct {
	// Proposals go to the quorum; their Refs are this machine's own and come back
	// in Unknown.
	Proposals []quorum.Propose
	Results   []Result
	// Reconfigures go to the quorum; Members shows what came of them.
	Reconfigures []quorum.Reconfigure
	// Watch is where probes and beliefs go; it must not be nil.
	Watch *must.Watch
}

// Reset empties the effects and keeps their memory.
func (e *Effects) Reset() {
	e.Proposals = e.Proposals[:0]
	e.Results = e.Results[:0]
	e.Reconfigures = e.Reconfigures[:0]
}

// Result answers a Command. Error is the whole command's: when it is not None,
// Body is nil.
type Result struct {
	Ref     kafka.Ref
	Error   kafka.ErrorCode
	Message string
	Body    ResultBody
}

// ResultBody is what a command came to, one type per Body.
//
//sumtype:decl
type ResultBody interface{ controllerResult() }

// RegisterBrokerResult answers RegisterBroker.
type RegisterBrokerResult struct{ Epoch kafka.BrokerEpoch }

// HeartbeatResult answers Heartbeat.
type HeartbeatResult struct {
	CaughtUp   bool // the broker has applied its own registration
	Fenced     bool
	ShouldStop bool // the roles have moved: the broker may stop
}

// CreateTopicsResult answers CreateTopics, in the order asked.
type CreateTopicsResult struct{ Topics []CreatedTopic }

// CreatedTopic is one topic of CreateTopicsResult. Partitions and
// ReplicationFactor are what defaults came to; Configs every topic-level setting.
type CreatedTopic struct {
	Name              string
	ID                kafka.TopicID // zero on error and when only validated
	Partitions        int32
	ReplicationFactor int16
	Configs           []kafka.ResolvedConfig
	Error             kafka.ErrorCode
	Message           string
}

// DeleteTopicsResult answers DeleteTopics, in the order asked.
type DeleteTopicsResult struct{ Topics []DeletedTopic }

// DeletedTopic is one topic of DeleteTopicsResult.
type DeletedTopic struct {
	Name    string
	ID      kafka.TopicID
	Error   kafka.ErrorCode
	Message string
}

// CreatePartitionsResult answers CreatePartitions, in the order asked.
type CreatePartitionsResult struct{ Topics []NamedError }

// NamedError is an outcome under a name.
type NamedError struct {
	Name    string
	Error   kafka.ErrorCode
	Message string
}

// AlterConfigsResult answers AlterConfigs and ReplaceConfigs, in the order asked.
type AlterConfigsResult struct{ Resources []AlteredResource }

// AlteredResource is one resource of AlterConfigsResult.
type AlteredResource struct {
	Resource kafka.ConfigResource
	Error    kafka.ErrorCode
	Message  string
}

// AllocateProducerIDsResult answers AllocateProducerIDs: IDs Start to
// Start+Count-1 are the broker's.
type AllocateProducerIDsResult struct {
	Start kafka.ProducerID
	Count int32
}

// AlterPartitionResult answers AlterPartition, in the order asked.
type AlterPartitionResult struct{ Partitions []AlteredPartition }

// AlteredPartition is one partition of AlterPartitionResult: its state after
// the change, or as it is when the change was refused.
type AlteredPartition struct {
	Partition      kafka.TopicPartition
	Error          kafka.ErrorCode
	Leader         kafka.BrokerID
	LeaderEpoch    kafka.LeaderEpoch
	PartitionEpoch kafka.PartitionEpoch
	ISR            []kafka.BrokerID
	Recovery       metadata.RecoveryState
}

// AssignDirectoriesResult answers AssignDirectories, one code a replica, in the
// order asked.
type AssignDirectoriesResult struct{ Codes []kafka.ErrorCode }

// ElectLeadersResult answers ElectLeaders; with All, only what was tried.
type ElectLeadersResult struct{ Partitions []ElectedPartition }

// ElectedPartition is one partition of ElectLeadersResult.
type ElectedPartition struct {
	Partition kafka.TopicPartition
	TopicName string // empty when there is no such topic
	Error     kafka.ErrorCode
	Message   string
}

func (*RegisterBrokerResult) controllerResult()      {}
func (*HeartbeatResult) controllerResult()           {}
func (*CreateTopicsResult) controllerResult()        {}
func (*DeleteTopicsResult) controllerResult()        {}
func (*CreatePartitionsResult) controllerResult()    {}
func (*AlterConfigsResult) controllerResult()        {}
func (*AllocateProducerIDsResult) controllerResult() {}
func (*AlterPartitionResult) controllerResult()      {}
func (*ElectLeadersResult) controllerResult()        {}
func (*AssignDirectoriesResult) controllerResult()   {}
