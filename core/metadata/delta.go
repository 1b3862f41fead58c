package metadata

import "trialog/core/kafka"

// Delta says what one accepted entry, or a loaded snapshot, changed. Lists are
// sorted and without duplicates, so that walking one is deterministic.
type Delta struct {
	From, To *Image
	// Replaced: a snapshot was loaded. The lists are empty and anything may differ.
	Replaced bool
	// Claimed: the entry was a claim, and nothing but the controller changed.
	Claimed     bool
	Cluster     bool // the cluster ID was set
	Features    bool
	ProducerIDs bool
	Replicas    bool                   // who shall be in the metadata quorum
	Topics      []TopicDelta           // by topic ID
	Brokers     []kafka.BrokerID       // registered, changed or removed
	Configs     []kafka.ConfigResource // set or removed, those of removed topics included
}

// TopicChange says what happened to a topic over a delta.
type TopicChange uint8

// The changes. A topic that was created and removed within one delta is absent.
const (
	TopicChanged TopicChange = iota + 1
	TopicCreated
	TopicDeleted
)

// TopicDelta is one topic's part of a delta.
type TopicDelta struct {
	ID     kafka.TopicID
	Name   string
	Change TopicChange
	// Partitions lists what was created or changed, rising; nil for TopicDeleted.
	Partitions []kafka.PartitionIndex
}
