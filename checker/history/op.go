package history

import "math"

// OpID is an operation's index in History.Ops.
type OpID int32

// NoOp marks the absence of an operation.
const NoOp OpID = -1

// Partition is an index into History.Partitions. A topic that is deleted and
// created again under its name has other partitions: writers name that life
// "topic@2".
type Partition int32

// NoPartition marks an operation or event about no single partition.
const NoPartition Partition = -1

// Unset stands for "not told" in every offset, epoch, ID and position.
const Unset = -1

// Never is the return position of an operation that was still open at the end.
const Never int64 = math.MaxInt64

// Kind says what a client asked for.
type Kind uint8

// The kinds of operations.
const (
	// Send writes the operation's records to one partition as one batch.
	Send Kind = iota + 1
	// Poll is one partition's share of one fetch of a workload's consumer.
	Poll
	// Scan is a Poll of a fresh consumer of the final scan: assigned, sought to
	// the beginning, after everything healed. One scan of a partition is the
	// chain of Scan operations of one process, each beginning (At) where the
	// last one ended (To), until To reaches the high watermark that it is told.
	Scan
	// ListOffsets asks for an offset; At is the timestamp: -1 latest (the high
	// watermark, or the last stable offset for read_committed), -2 earliest.
	ListOffsets
	// Assign gives a consumer one partition at a position (At; Unset: unknown).
	// With NoPartition it drops all that the process had. To a member of a group
	// (Group, Member, Generation) the group gives it; a Seek of the member says
	// where it then begins.
	Assign
	// Subscribe joins a group; the broker picks the partitions, so that every
	// position of the process is forgotten.
	Subscribe
	// Seek moves a consumer to At.
	Seek
	// CreateTopic, DeleteTopic and CreatePartitions change metadata.
	CreateTopic
	DeleteTopic
	CreatePartitions
	// DeleteRecords moves the log start to At.
	DeleteRecords
	// InitProducer obtains a producer ID and epoch.
	InitProducer
	// CommitOffsets and FetchOffsets write and read a group's position in one
	// partition: At is what is written, Offset what is read (OK without one: the
	// group has committed nothing).
	CommitOffsets
	FetchOffsets
	// Revoke takes a partition from a member of a group.
	Revoke
	// DeleteOffsets takes a group's position in a partition away.
	DeleteOffsets
	kinds
)

// Outcome says what is known of an operation's effect.
type Outcome uint8

// The outcomes. The zero value is an operation still open.
const (
	Open Outcome = iota
	OK
	Fail
	Info
	outcomes
)

// Flags of an operation, ORed.
type Flags uint8

// The flags.
const (
	// Idempotent marks a send of a producer with a producer ID.
	Idempotent Flags = 1 << iota
	// ReadCommitted marks a read with that isolation level.
	ReadCommitted
	// FromFollower marks an answer of a replica that was not the leader.
	FromFollower
	// MayReadFollower marks a consumer that accepts such answers (KIP-392).
	MayReadFollower
	// Reset marks a consumer position that the client moved by itself
	// (auto.offset.reset after OFFSET_OUT_OF_RANGE), in an Assign or Seek.
	Reset
	// Deposed marks an answer about a group's offsets of a broker that had been told,
	// before the call and until the return, that another one coordinates the group.
	Deposed
)

// Op is one operation of one client. Fields that were not told are Unset.
type Op struct {
	InvokePos  int64 // position of the call
	ReturnPos  int64 // position of the return; Never while open
	InvokeTime int64 // nanoseconds
	ReturnTime int64 // nanoseconds; Never while open

	Offset           int64 // Send: of the first record; ListOffsets: answer; DeleteRecords: new log start
	HighWatermark    int64
	LastStableOffset int64
	LogStartOffset   int64
	At               int64 // consumer's position before; Seek, Assign: target; ListOffsets: timestamp; Send: age of CreateTime at the call, ms
	To               int64 // consumer's position after: next offset that it will ask for

	ProducerID int64

	FirstRecord int32 // first of the records in History.Records
	RecordCount int32

	Client      int32
	Process     int32
	Incarnation int32
	Partition   Partition
	Sequence    int32 // of the first record
	LeaderEpoch int32
	Broker      int32
	Error       Name // Kafka's name of the error; 0: none

	// Of what a group is about: its name, the member's ID and group.instance.id,
	// and the generation or member epoch in which it speaks (Unset: outside any).
	Group      Name
	Member     Name
	Instance   Name
	Generation int32
	// Commit is, in a FetchOffsets, the CommitOffsets that wrote what was read
	// (NoOp: not known). Whoever commits leaves its operation's ID beside the offset.
	Commit OpID

	ProducerEpoch int16
	Attempts      int16
	Kind          Kind
	Outcome       Outcome
	Acks          int8 // -1 all, 0, 1
	Flags         Flags
}

// Record is one record sent or read.
type Record struct {
	Offset int64 // Unset in a send that got no offset
	Value  Value
}

// Name is an index into History.Names; 0 is the empty name.
type Name int32

// NewOp returns an operation with every field that has no answer yet Unset.
func NewOp(kind Kind, client, process int32, partition Partition) Op {
	return Op{
		ReturnPos: Never, ReturnTime: Never,
		Offset: Unset, HighWatermark: Unset, LastStableOffset: Unset, LogStartOffset: Unset, At: Unset, To: Unset,
		ProducerID: Unset, ProducerEpoch: Unset, Sequence: Unset, LeaderEpoch: Unset, Broker: Unset,
		Client: client, Process: process, Partition: partition,
		Kind: kind, Acks: -1, Attempts: 1, Generation: Unset, Commit: NoOp,
	}
}

// Has tells whether all of the flags are set.
func (o *Op) Has(f Flags) bool { return o.Flags&f == f }

// Reads tells whether the operation returns records.
func (o *Op) Reads() bool { return o.Kind == Poll || o.Kind == Scan }

// Ambiguous tells whether the operation may or may not have taken effect.
func (o *Op) Ambiguous() bool { return o.Outcome == Info || o.Outcome == Open }
