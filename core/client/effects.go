package client

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// Effects is what a driver must carry out after a Step. Slices are reused:
// everything is carried out, or copied, before Reset. Order within a kind is
// kept; sends on one connection reach the wire in order.
type Effects struct {
	Dials  []Dial
	Closes []Conn
	Sends  []Send
	Dones  []Done
	Beats  []Beat
	Watch  must.Watch

	// arenas behind Sends and Dones, reset with the rest
	produce []*protocol.ProduceRequest
	fetch   []*protocol.FetchRequest
	fetched []Fetched
	records []Record
	// of polls and of operations on offsets
	rebalances []Rebalance
	offsets    []GroupOffset
	used       struct{ produce, fetch int }
}

// Dial asks for a connection; Connected or Disconnected answers.
type Dial struct {
	Conn Conn
	Host string
	Port int32
}

// Send is one request. The driver encodes Body (protocol.AppendRequest) or
// copies it (protocol.Carry) before Reset. Produce with acks=0 gets no answer.
type Send struct {
	Conn          Conn
	Key           int16
	Version       int16
	CorrelationID int32
	Body          protocol.Body
}

// Beat tells of a heartbeat of a member of the consumer protocol: that it was sent,
// or how it was answered.
type Beat struct {
	Broker     kafka.BrokerID // who coordinates the group
	Answered   bool
	Err        kafka.ErrorCode
	Epoch      int32 // that it was sent in, or that the answer names
	IntervalMs int32 // of the answer: when to send the next one
	Yielding   bool  // the member has something to give up
}

// Outcome says what is known of an operation's effect.
type Outcome uint8

// The outcomes.
const (
	OK   Outcome = iota + 1 // it took effect
	Fail                    // it did not, and never will
	Info                    // nobody knows, and it may still take effect later
)

// String names the outcome as histories do.
func (o Outcome) String() string {
	switch o {
	case OK:
		return "ok"
	case Fail:
		return "fail"
	case Info:
		return "info"
	}
	return "open"
}

// Reason tells why an operation ended when no broker's code does.
type Reason uint8

// The reasons.
const (
	ReasonNone         Reason = iota // Err tells
	ReasonTimeout                    // the client's own deadline passed
	ReasonDisconnected               // the connection broke with the request under way
	ReasonMalformed                  // the answer could not be read
	ReasonCorrupt                    // a fetched batch failed its CRC
	ReasonStopped                    // Stop
	ReasonUnassigned                 // the partition was unassigned, or is not assigned
	ReasonVersion                    // the broker speaks no version that the client does
)

var reasonNames = [...]string{"", "timeout", "disconnected", "malformed", "corrupt", "stopped", "unassigned", "no-common-version"}

// String names the reason; empty for ReasonNone.
func (r Reason) String() string { return reasonNames[r] }

// Done answers one operation. Fields that nothing is known of are NoOffset,
// NoTimestamp, NoLeaderEpoch, NoBroker, NoProducerID and so on.
type Done struct {
	Op      OpID
	Outcome Outcome
	Err     kafka.ErrorCode
	Reason  Reason
	// Attempts counts how often a request for it left the client.
	Attempts int32
	// Dead says that the producer cannot go on: the process is to be replaced.
	Dead bool

	Topic     string
	Partition kafka.PartitionIndex
	// Offset is, for Produce, where the first record lies; for Assign the
	// position; for ListOffsets the answer; for DeleteRecords the new log start.
	Offset         kafka.Offset
	Timestamp      kafka.TimestampMs // Produce: LogAppendTime; ListOffsets: of the record found
	LogStartOffset kafka.Offset      // Produce
	LeaderEpoch    kafka.LeaderEpoch // ListOffsets
	// AskedEpoch is, for ListOffsets, the leader epoch in which the answer was
	// given, since no other leader takes the question; NoLeaderEpoch: not known.
	AskedEpoch     kafka.LeaderEpoch
	Broker         kafka.BrokerID // who answered last
	ProducerID     kafka.ProducerID
	ProducerEpoch  kafka.ProducerEpoch
	Sequence       kafka.Sequence // of the first record
	PartitionCount int32          // DescribeTopic, CreateTopic (-1 unknown)
	TopicID        kafka.TopicID  // DescribeTopic, CreateTopic
	// Answer is what an Ask was told, in Version.
	Answer  protocol.Body
	Version int16

	// Fetched are a poll's answers; its memory is Effects'.
	Fetched []Fetched
	// Rebalances are what became of the member's partitions before a poll's
	// records; Offsets the partitions of a Commit or FetchCommitted. The memory is
	// Effects'.
	Rebalances []Rebalance
	Offsets    []GroupOffset
	// Member and Generation are, of a poll, what the client is in its group. Dead
	// then says that its group will not have it any more.
	Member     string
	Generation int32
}

// Fetched is one partition's share of one fetch.
type Fetched struct {
	Topic     string
	Partition kafka.PartitionIndex
	Broker    kafka.BrokerID
	Err       kafka.ErrorCode
	Reason    Reason
	// From is the position before, To after. To is beyond the last record's
	// offset where the log has a gap, and elsewhere altogether after a reset.
	From, To kafka.Offset
	// Reset says that the client moved the position by itself (after
	// OFFSET_OUT_OF_RANGE, or a log that turned out to have been truncated).
	Reset bool
	// Diverged is where the log that we had read parts from the leader's;
	// NoOffset when it does not.
	Diverged kafka.Offset
	// Fresh says that the fetch was sent after this poll was called, so that its
	// bounds hold at some instant between call and return. Otherwise only the
	// records do.
	Fresh            bool
	FromFollower     bool // a replica that did not lead gave it (KIP-392)
	HighWatermark    kafka.Offset
	LastStableOffset kafka.Offset
	LogStartOffset   kafka.Offset
	LeaderEpoch      kafka.LeaderEpoch // of the last batch returned
	Records          []Record          // memory is Effects', key and value bytes the response's
}

// Reset empties the effects and keeps their memory.
func (e *Effects) Reset() {
	e.Dials = e.Dials[:0]
	e.Closes = e.Closes[:0]
	e.Sends = e.Sends[:0]
	e.Dones = e.Dones[:0]
	e.Beats = e.Beats[:0]
	e.Watch.Reset()
	e.used.produce, e.used.fetch = 0, 0
	e.fetched = e.fetched[:0]
	e.records = e.records[:0]
	e.rebalances = e.rebalances[:0]
	e.offsets = e.offsets[:0]
}

// Empty tells whether there is anything to carry out.
func (e *Effects) Empty() bool {
	return len(e.Dials) == 0 && len(e.Closes) == 0 && len(e.Sends) == 0 && len(e.Dones) == 0 && len(e.Beats) == 0 && !e.Watch.Dirty()
}

// produceRequest hands out a request of the arena.
func (e *Effects) produceRequest() *protocol.ProduceRequest {
	if e.used.produce == len(e.produce) {
		e.produce = append(e.produce, new(protocol.ProduceRequest))
	}
	q := e.produce[e.used.produce]
	e.used.produce++
	*q = protocol.ProduceRequest{Partitions: q.Partitions[:0]}
	return q
}

// fetchRequest hands out a request of the arena.
func (e *Effects) fetchRequest() *protocol.FetchRequest {
	if e.used.fetch == len(e.fetch) {
		e.fetch = append(e.fetch, new(protocol.FetchRequest))
	}
	q := e.fetch[e.used.fetch]
	e.used.fetch++
	*q = protocol.FetchRequest{Partitions: q.Partitions[:0]}
	return q
}
