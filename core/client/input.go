package client

import (
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// OpID names one operation of the workload; Done carries it back. The
// workload chooses it.
type OpID uint64

// Conn names a connection that the client asked for; never used twice.
type Conn uint64

// Input is what a driver tells a client. The sum is closed; values are passed
// by pointer and not kept. Key and value bytes are copied into batches; the
// record bytes of a response are handed over.
//
//sumtype:decl
type Input interface{ clientInput() }

// Start is the first input, given once.
type Start struct{}

// Tick says that time has passed. An early one is a no-op.
type Tick struct{}

// Record is one record, sent or read. Nil keys and values are null.
type Record struct {
	Offset    kafka.Offset      // read: where it lies; sent: ignored
	Timestamp kafka.TimestampMs // sent: NoTimestamp lets the client stamp it
	Key       []byte
	Value     []byte
	Header    []byte // the value of the record's first header, nil when it has none
}

// Produce sends records as one operation: they travel in one batch, in order,
// and share one outcome. Other operations may share the batch (Limits.Linger).
type Produce struct {
	Op        OpID
	Topic     string
	Partition kafka.PartitionIndex
	Records   []Record
}

// Flush answers once everything produced before it has its outcome, and makes
// no batch linger until then.
type Flush struct{ Op OpID }

// Position says where a consumer starts.
type Position struct {
	// Timestamp selects AtOffset, or Kafka's special timestamps, or a record time.
	Kind      PositionKind
	Offset    kafka.Offset      // AtOffset
	Timestamp kafka.TimestampMs // AtTimestamp
}

// PositionKind selects the meaning of a Position.
type PositionKind uint8

// The kinds of positions.
const (
	AtOffset PositionKind = iota
	AtEarliest
	AtLatest
	AtTimestamp
)

// Assign makes the consumer read a partition from a position, replacing an
// earlier one. Done carries the offset found.
type Assign struct {
	Op        OpID
	Topic     string
	Partition kafka.PartitionIndex
	From      Position
}

// Unassign ends reading a partition. It is answered at once.
type Unassign struct {
	Op        OpID
	Topic     string
	Partition kafka.PartitionIndex
}

// Poll asks for records of the assigned partitions. It is answered by the
// first answers that hold records or an error worth reporting, or with what
// there is after Wait.
type Poll struct {
	Op   OpID
	Wait kafka.Duration
	// MaxRecords bounds the records returned; 0: as fetched. What is left over is
	// returned by later polls.
	MaxRecords int32
}

// ListOffsets asks for one offset; special timestamps as in Kafka: -1 latest,
// -2 earliest, -3 largest timestamp.
type ListOffsets struct {
	Op        OpID
	Topic     string
	Partition kafka.PartitionIndex
	Timestamp kafka.TimestampMs
}

// TopicSetting is one configuration entry of a topic.
type TopicSetting struct{ Name, Value string }

// CreateTopic creates a topic; -1 partitions or replicas: the broker's default.
type CreateTopic struct {
	Op         OpID
	Topic      string
	Partitions int32
	Replicas   int16
	Settings   []TopicSetting
}

// DeleteTopic deletes a topic by name, or the one of an ID, so that whoever has its
// name next is safe from a request that comes late. Brokers before version 6 know
// names only.
type DeleteTopic struct {
	Op    OpID
	Topic string
	ID    kafka.TopicID // zero: by name
}

// Outlived says that the topic of an ID is no more, however many brokers have not
// heard of it: what they tell of it is not believed, and what was meant for it
// ends. It has no answer.
type Outlived struct {
	Topic string
	ID    kafka.TopicID
}

// DeleteRecords moves a partition's log start to Before, or to its high
// watermark (NoOffset). Done carries the log start that all live replicas have.
type DeleteRecords struct {
	Op        OpID
	Topic     string
	Partition kafka.PartitionIndex
	Before    kafka.Offset
}

// CreatePartitions raises the number of partitions to Count.
type CreatePartitions struct {
	Op    OpID
	Topic string
	Count int32
}

// AlterGroup sets configuration entries of a consumer group.
type AlterGroup struct {
	Op       OpID
	Group    string
	Settings []TopicSetting
}

// AlterTopic sets configuration entries of a topic.
type AlterTopic struct {
	Op       OpID
	Topic    string
	Settings []TopicSetting
}

// DescribeTopic asks for a topic's metadata now, past any cache.
type DescribeTopic struct {
	Op    OpID
	Topic string
}

// Connected says that a dialled connection is open.
type Connected struct{ Conn Conn }

// Disconnected says that a connection is gone, or that dialling failed.
// Requests under way on it may have taken effect or not.
type Disconnected struct{ Conn Conn }

// Response answers a Send. Body is what protocol.DecodeResponse gave; nil when
// it did not parse.
type Response struct {
	Conn          Conn
	CorrelationID int32
	Body          protocol.Body
}

// Stop ends the client: everything under way is answered with what is known
// of it, and nothing is sent any more.
type Stop struct{}

func (*Start) clientInput()            {}
func (*Tick) clientInput()             {}
func (*Produce) clientInput()          {}
func (*Flush) clientInput()            {}
func (*Assign) clientInput()           {}
func (*Unassign) clientInput()         {}
func (*Poll) clientInput()             {}
func (*ListOffsets) clientInput()      {}
func (*CreateTopic) clientInput()      {}
func (*DeleteTopic) clientInput()      {}
func (*DeleteRecords) clientInput()    {}
func (*CreatePartitions) clientInput() {}
func (*AlterTopic) clientInput()       {}
func (*AlterGroup) clientInput()       {}
func (*DescribeTopic) clientInput()    {}
func (*Connected) clientInput()        {}
func (*Disconnected) clientInput()     {}
func (*Response) clientInput()         {}
func (*Stop) clientInput()             {}
func (*Outlived) clientInput()         {}
