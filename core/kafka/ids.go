package kafka

// Offset is the position of a record in one partition's log. Offsets are
// gapless when appended; compaction and control batches leave gaps, so "the
// next offset" is always a batch's last offset plus one.
type Offset int64

// NoOffset marks an absent offset, as Kafka's -1 does on the wire.
const NoOffset Offset = -1

// LeaderEpoch counts the leadership terms of one partition (KIP-101).
type LeaderEpoch int32

// NoLeaderEpoch marks an absent leader epoch.
const NoLeaderEpoch LeaderEpoch = -1

// PartitionEpoch is raised by every change to a partition's metadata.
type PartitionEpoch int32

// BrokerEpoch names one incarnation of a registered broker.
type BrokerEpoch int64

// NoBrokerEpoch marks a broker that is not registered.
const NoBrokerEpoch BrokerEpoch = -1

// ControllerEpoch counts the terms of the active controller. It is claimed by
// a record in the metadata log, not taken from the consensus engine.
type ControllerEpoch int32

// CoordinatorEpoch is the leader epoch of a coordinator's partition, stamped
// into end-transaction markers.
type CoordinatorEpoch int32

// BrokerID identifies a broker for as long as the cluster lives.
type BrokerID int32

// NoBroker marks "no leader" and "no broker".
const NoBroker BrokerID = -1

// UUID is Kafka's 16-byte identifier, written as URL-safe base64 on screens.
type UUID [16]byte

// TopicID names one life of a topic: a recreated topic has another.
type TopicID UUID

// DirectoryID names a data directory, and with it a disk's contents.
type DirectoryID UUID

// LostDirectory stands for the directory of a replica whose bytes are damaged or
// missing (KIP-858's LOST).
var LostDirectory = DirectoryID{15: 1}

// IncarnationID names one run of a broker process.
type IncarnationID UUID

// PartitionIndex numbers the partitions of a topic from 0.
type PartitionIndex int32

// TopicPartition names a partition by topic ID. Names are used at the edge only.
type TopicPartition struct {
	Topic     TopicID
	Partition PartitionIndex
}

// ProducerID identifies an idempotent producer; NoProducerID a plain one.
type ProducerID int64

// NoProducerID marks a batch written without idempotence.
const NoProducerID ProducerID = -1

// ProducerEpoch counts the incarnations of a producer ID.
type ProducerEpoch int16

// NoProducerEpoch marks a batch written without idempotence.
const NoProducerEpoch ProducerEpoch = -1

// Sequence numbers a producer's records per partition; it wraps from the
// largest int32 to 0.
type Sequence int32

// NoSequence marks a batch written without idempotence.
const NoSequence Sequence = -1

// Ref correlates an effect with the input that later answers it. Refs of one
// machine rise and are never used twice within one incarnation.
type Ref uint64

// LogID names a replica's log on one node's disk. It is local to the node and
// never used again, so that nothing of a deleted log is seen in a later one.
type LogID uint64

// LSN numbers the entries of a node's journal, densely, from 1. Zero: not journaled.
type LSN uint64

// ConnID names one accepted connection of one broker incarnation.
type ConnID uint64
