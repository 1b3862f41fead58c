package controller

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// AlterReassignments begins, changes and cancels reassignments (API 45).
type AlterReassignments struct {
	Partitions []Reassignment
	// KeepReplicationFactor refuses a target of another size (KIP-860).
	KeepReplicationFactor bool
}

// Reassignment is one partition of AlterReassignments.
type Reassignment struct {
	Topic     string
	Partition kafka.PartitionIndex
	Replicas  []kafka.BrokerID // the target, in preferred order
	Cancel    bool             // go back; Replicas does not count
}

// ListReassignments asks what is on its way (API 46): of these partitions, or of all.
type ListReassignments struct {
	All        bool
	Partitions []NamedPartition
}

// NamedPartition is a partition by its topic's name.
type NamedPartition struct {
	Topic     string
	Partition kafka.PartitionIndex
}

// UnregisterBroker forgets a broker (API 64). One that lives registers again.
type UnregisterBroker struct{ Broker kafka.BrokerID }

func (*AlterReassignments) controllerBody() {}
func (*ListReassignments) controllerBody()  {}
func (*UnregisterBroker) controllerBody()   {}

// AlterReassignmentsResult answers AlterReassignments, in the order asked.
type AlterReassignmentsResult struct{ Partitions []ReassignedPartition }

// ReassignedPartition is one partition of AlterReassignmentsResult.
type ReassignedPartition struct {
	Error   kafka.ErrorCode
	Message string
}

// ListReassignmentsResult answers ListReassignments, by topic name and partition
// or in the order asked.
type ListReassignmentsResult struct{ Partitions []*metadata.Partition }

// UnregisterBrokerResult answers UnregisterBroker.
type UnregisterBrokerResult struct{}

func (*AlterReassignmentsResult) controllerResult() {}
func (*ListReassignmentsResult) controllerResult()  {}
func (*UnregisterBrokerResult) controllerResult()   {}
