package kafka

// DurabilityMode says when a record counts for acks and the high watermark. It
// is decided by flush.messages and kept in the partition's record.
type DurabilityMode uint8

// The durability modes.
const (
	ModeSynced     DurabilityMode = 1 // flush.messages=1: once fsynced
	ModeReplicated DurabilityMode = 2 // any other value: once in the page cache
)

// ModeOf tells the durability mode that a flush.messages asks for. Values
// between 1 and the largest int64 flush in the background and claim nothing more.
func ModeOf(flushMessages int64) DurabilityMode {
	if flushMessages == 1 {
		return ModeSynced
	}
	return ModeReplicated
}

// TimestampType is the meaning of a batch's timestamps (attribute bit 3).
type TimestampType uint8

// The timestamp types.
const (
	CreateTime    TimestampType = 0
	LogAppendTime TimestampType = 1
)

// TopicConfig is what a topic's settings resolve to, typed. Unlimited byte and
// time settings keep Kafka's -1.
type TopicConfig struct {
	CleanupDelete          bool
	CleanupCompact         bool
	CompressionType        string
	DeleteRetentionMs      int64
	FileDeleteDelayMs      int64
	FlushMessages          int64
	FlushMs                int64
	IndexIntervalBytes     int32
	MaxCompactionLagMs     int64
	MaxMessageBytes        int32
	TimestampAfterMaxMs    int64
	TimestampBeforeMaxMs   int64
	TimestampType          TimestampType
	MinCleanableDirtyRatio int64 // in millionths
	MinCompactionLagMs     int64
	MinInSyncReplicas      int32
	Preallocate            bool
	RetentionBytes         int64
	RetentionMs            int64
	SegmentBytes           int32
	SegmentIndexBytes      int32
	SegmentJitterMs        int64
	SegmentMs              int64
	UncleanLeaderElection  bool
}

// BrokerConfig is what the broker-level settings resolve to, typed.
type BrokerConfig struct {
	AutoCreateTopics          bool
	DeleteTopicEnable         bool
	NumPartitions             int32
	DefaultReplicationFactor  int16
	SocketRequestMaxBytes     int32
	FetchMaxBytes             int32
	MessageMaxBytes           int32
	ProducerIDExpirationMs    int64
	ReplicaLagTimeMaxMs       int64
	BrokerSessionTimeoutMs    int64
	BrokerHeartbeatIntervalMs int64
	ConnectionsMaxIdleMs      int64
	QueuedMaxRequests         int32
	LogRetentionCheckMs       int64
}
