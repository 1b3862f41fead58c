package protocol

import (
	"trialog/core/batch"
	"trialog/core/kafka"
)

// Body is a request's or response's decoded body: *ProduceRequest,
// *ProduceResponse, *FetchRequest, *FetchResponse of this package, or kmsg's
// type of any other API.
type Body interface {
	// Key is the API key (0 Produce, 1 Fetch, …).
	Key() int16
}

// ProduceRequest is Produce (key 0) with its topics flattened: the partitions
// stand in request order, and neighbours of one topic were one topic on the wire.
type ProduceRequest struct {
	TransactionalID    string
	HasTransactionalID bool
	Acks               int16
	TimeoutMs          int32
	Partitions         []ProducePartition
}

// ProducePartition is one partition of a ProduceRequest.
type ProducePartition struct {
	Topic     string        // up to version 12
	TopicID   kafka.TopicID // from version 13
	Partition kafka.PartitionIndex
	Records   []byte // aliases the frame; never written to
	// Checked is filled by the receiving driver's reader with core/batch, so
	// that CRCs and decompression cost the loop nothing.
	Checked Checked
}

// Checked is what core/batch found in the records of a produce request: one
// whole v2 batch, or an error.
type Checked = batch.Checked

// ProduceResponse answers a ProduceRequest, partitions in the request's order.
type ProduceResponse struct {
	ThrottleMs int32
	Partitions []ProducePartitionResponse
	Nodes      []NodeEndpoint // KIP-951, from version 10
}

// ProducePartitionResponse is one partition of a ProduceResponse.
type ProducePartitionResponse struct {
	Topic          string
	TopicID        kafka.TopicID
	Partition      kafka.PartitionIndex
	Err            kafka.ErrorCode
	BaseOffset     kafka.Offset
	LogAppendTime  kafka.TimestampMs // NoTimestamp under CreateTime
	LogStartOffset kafka.Offset
	RecordErrors   []RecordError // KIP-467, from version 8
	ErrMessage     string
	CurrentLeader  LeaderHint
}

// RecordError says why one record made its batch be refused.
type RecordError struct {
	Index   int32 // in the batch
	Message string
}

// LeaderHint is KIP-951's CurrentLeader; zero value: absent.
type LeaderHint struct {
	Set    bool
	Leader kafka.BrokerID
	Epoch  kafka.LeaderEpoch
}

// NodeEndpoint is KIP-951's address of a hinted leader.
type NodeEndpoint struct {
	Node kafka.BrokerID
	Host string
	Port int32
	Rack string
}

// FetchRequest is Fetch (key 1) with its topics flattened.
type FetchRequest struct {
	ReplicaID     kafka.BrokerID // NoBroker: a consumer
	ReplicaEpoch  kafka.BrokerEpoch
	MaxWaitMs     int32
	MinBytes      int32
	MaxBytes      int32
	ReadCommitted bool
	SessionID     int32
	SessionEpoch  int32
	Partitions    []FetchPartition
	Forgotten     []ForgottenPartition
	RackID        string
}

// FetchPartition is one partition of a FetchRequest.
type FetchPartition struct {
	Topic              string        // up to version 12
	TopicID            kafka.TopicID // from version 13
	Partition          kafka.PartitionIndex
	CurrentLeaderEpoch kafka.LeaderEpoch // NoLeaderEpoch: not checked
	FetchOffset        kafka.Offset
	LastFetchedEpoch   kafka.LeaderEpoch // NoLeaderEpoch: no divergence check
	LogStartOffset     kafka.Offset      // the follower's
	PartitionMaxBytes  int32
	// DurableEndOffset is ours, a tagged field between brokers: how far the
	// follower's log is synced. NoOffset: absent.
	DurableEndOffset kafka.Offset
}

// ForgottenPartition leaves a fetch session (KIP-227).
type ForgottenPartition struct {
	Topic     string
	TopicID   kafka.TopicID
	Partition kafka.PartitionIndex
}

// FetchResponse answers a FetchRequest.
type FetchResponse struct {
	ThrottleMs int32
	Err        kafka.ErrorCode
	SessionID  int32
	Partitions []FetchPartitionResponse
	Nodes      []NodeEndpoint // KIP-951, from version 16
}

// FetchPartitionResponse is one partition of a FetchResponse.
type FetchPartitionResponse struct {
	Topic            string
	TopicID          kafka.TopicID
	Partition        kafka.PartitionIndex
	Err              kafka.ErrorCode
	HighWatermark    kafka.Offset
	LastStableOffset kafka.Offset
	LogStartOffset   kafka.Offset
	Aborted          []AbortedTransaction
	PreferredReplica kafka.BrokerID
	Diverging        EpochEndOffset // Set: the follower must truncate
	CurrentLeader    LeaderHint
	Records          []byte // whole batches; aliases what the disk returned
}

// AbortedTransaction is a range that a read_committed reader skips.
type AbortedTransaction struct {
	ProducerID  kafka.ProducerID
	FirstOffset kafka.Offset
}

// EpochEndOffset says where an epoch ends in the leader's log.
type EpochEndOffset struct {
	Set       bool
	Epoch     kafka.LeaderEpoch
	EndOffset kafka.Offset
}

// Key implements Body.
func (*ProduceRequest) Key() int16 { return 0 }

// Key implements Body.
func (*ProduceResponse) Key() int16 { return 0 }

// Key implements Body.
func (*FetchRequest) Key() int16 { return 1 }

// Key implements Body.
func (*FetchResponse) Key() int16 { return 1 }
