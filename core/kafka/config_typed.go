package kafka

// DurabilityMode says when a record counts for acks and the high watermark. It
// is decided by flush.messages and kept in the partition's record.
type DurabilityMode uint8

// The durability modes.
const (
	ModeSynced     DurabilityMode = 1 // flush.messages=1: once fsynced
	ModeReplicated DurabilityMode = 2 // any other value: once in the page cache
	// ModeSyncing is ModeSynced for whoever appends, from the change to it until
	// every replica that may lead has synced what it held in memory only: until
	// then the loss of its memory counts as in ModeReplicated.
	ModeSyncing DurabilityMode = 3
)

// ModeOf tells the durability mode that a flush.messages asks for. Values
// between 1 and the largest int64 flush in the background and claim nothing more.
func ModeOf(flushMessages int64) DurabilityMode {
	if flushMessages == 1 {
		return ModeSynced
	}
	return ModeReplicated
}

// Durable tells whether what counts is durable on every replica that may lead, so
// that a power cut takes nothing from one.
func (m DurabilityMode) Durable() bool { return m == ModeSynced }

// String names the mode.
func (m DurabilityMode) String() string {
	switch m {
	case ModeSynced:
		return "synced"
	case ModeReplicated:
		return "replicated"
	case ModeSyncing:
		return "syncing"
	}
	return "unknown"
}

// TimestampType is the meaning of a batch's timestamps (attribute bit 3).
type TimestampType uint8

// The timestamp types.
const (
	CreateTime    TimestampType = 0
	LogAppendTime TimestampType = 1
)

// TopicConfig is what a topic's settings resolve to, typed. Unlimited byte and
// time settings keep Kafka's -1 or largest int64.
type TopicConfig struct {
	CleanupDelete          bool
	CleanupCompact         bool
	CompressionType        string
	DeleteRetentionMs      int64
	FileDeleteDelayMs      int64
	FlushMessages          int64
	FollowerThrottled      []string // "PARTITION:BROKER" each, or "*"
	LeaderThrottled        []string // likewise
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
	RetentionBytes         int64
	RetentionMs            int64
	SegmentBytes           int32
	SegmentIndexBytes      int32
	SegmentJitterMs        int64
	SegmentMs              int64
	UncleanLeaderElection  bool
}

// LoadTopicConfig resolves and parses every topic-level setting.
func LoadTopicConfig(l *ConfigLayers) TopicConfig {
	number := func(name string) int64 { return loadTopic(l, name).Int }
	c := TopicConfig{
		CompressionType:        loadTopic(l, "compression.type").Str,
		DeleteRetentionMs:      number("delete.retention.ms"),
		FileDeleteDelayMs:      number("file.delete.delay.ms"),
		FlushMessages:          number("flush.messages"),
		FlushMs:                number("flush.ms"),
		FollowerThrottled:      loadTopic(l, "follower.replication.throttled.replicas").List,
		LeaderThrottled:        loadTopic(l, "leader.replication.throttled.replicas").List,
		IndexIntervalBytes:     int32(number("index.interval.bytes")),
		MaxCompactionLagMs:     number("max.compaction.lag.ms"),
		MaxMessageBytes:        int32(number("max.message.bytes")),
		TimestampAfterMaxMs:    number("message.timestamp.after.max.ms"),
		TimestampBeforeMaxMs:   number("message.timestamp.before.max.ms"),
		MinCleanableDirtyRatio: number("min.cleanable.dirty.ratio"),
		MinCompactionLagMs:     number("min.compaction.lag.ms"),
		MinInSyncReplicas:      int32(number("min.insync.replicas")),
		RetentionBytes:         number("retention.bytes"),
		RetentionMs:            number("retention.ms"),
		SegmentBytes:           int32(number("segment.bytes")),
		SegmentIndexBytes:      int32(number("segment.index.bytes")),
		SegmentJitterMs:        number("segment.jitter.ms"),
		SegmentMs:              number("segment.ms"),
		UncleanLeaderElection:  number("unclean.leader.election.enable") == 1,
	}
	for _, policy := range loadTopic(l, "cleanup.policy").List {
		c.CleanupDelete = c.CleanupDelete || policy == "delete"
		c.CleanupCompact = c.CleanupCompact || policy == "compact"
	}
	if loadTopic(l, "message.timestamp.type").Str == "LogAppendTime" {
		c.TimestampType = LogAppendTime
	}
	return c
}

// Mode returns the durability mode that the settings ask for. What holds is the
// partition record's.
func (c *TopicConfig) Mode() DurabilityMode { return ModeOf(c.FlushMessages) }

// EffectiveMinISR bounds min.insync.replicas by the number of replicas (KIP-966).
func (c *TopicConfig) EffectiveMinISR(replicas int) int {
	return min(int(c.MinInSyncReplicas), replicas)
}

// Flaw says which settings contradict each other, "" when none do.
func (c *TopicConfig) Flaw() string {
	if c.MinCompactionLagMs > c.MaxCompactionLagMs {
		return "conflict topic config setting min.compaction.lag.ms > max.compaction.lag.ms"
	}
	return ""
}

func loadTopic(l *ConfigLayers, name string) ConfigValue {
	r := LookupSetting(name, ScopeTopic).ResolveTopic(l)
	return r.Parsed()
}

// BrokerConfig is what the broker-level settings resolve to, typed. Settings
// that only say where and who (listeners, node.id, log.dirs, broker.rack) are
// the driver's.
type BrokerConfig struct {
	AutoCreateTopics          bool
	BrokerHeartbeatIntervalMs int32
	BrokerSessionTimeoutMs    int32
	ConnectionsMaxIdleMs      int64
	DefaultReplicationFactor  int16
	DeleteTopicEnable         bool
	FetchMaxBytes             int32
	FetchSessionSlots         int32
	FollowerThrottleRate      int64 // bytes a second; the largest value: no bound
	LeaderThrottleRate        int64 // likewise
	LogCleanerBackoffMs       int64
	LogCleanerDedupeBytes     int64
	LogRetentionCheckMs       int64
	MaxConnections            int32
	MaxConnectionsPerIP       int32
	MaxDecompressedBytes      int32
	NumPartitions             int32
	ProducerIDExpirationMs    int32
	QueuedMaxRequestBytes     int64
	QueuedMaxRequests         int32
	QueuedMaxResponseBytes    int64
	RackAwareReads            bool // replica.selector.class sends readers to replicas in their rack
	ReplicaLagTimeMaxMs       int64
	ScrubBytesPerSecond       int64 // 0: logs are not scrubbed
	SocketRequestMaxBytes     int32
	TailCacheBytes            int64
}

// LoadBrokerConfig resolves and parses the broker-level settings.
func LoadBrokerConfig(l *ConfigLayers) BrokerConfig {
	number := func(name string) int64 {
		r := LookupSetting(name, ScopeBroker).ResolveBroker(l)
		return r.Parsed().Int
	}
	selector := LookupSetting("replica.selector.class", ScopeBroker).ResolveBroker(l)
	return BrokerConfig{
		RackAwareReads:            selector.Parsed().Str == rackAwareSelector,
		AutoCreateTopics:          number("auto.create.topics.enable") == 1,
		BrokerHeartbeatIntervalMs: int32(number("broker.heartbeat.interval.ms")),
		BrokerSessionTimeoutMs:    int32(number("broker.session.timeout.ms")),
		ConnectionsMaxIdleMs:      number("connections.max.idle.ms"),
		DefaultReplicationFactor:  int16(number("default.replication.factor")),
		DeleteTopicEnable:         number("delete.topic.enable") == 1,
		FetchMaxBytes:             int32(number("fetch.max.bytes")),
		FetchSessionSlots:         int32(number("max.incremental.fetch.session.cache.slots")),
		FollowerThrottleRate:      number("follower.replication.throttled.rate"),
		LeaderThrottleRate:        number("leader.replication.throttled.rate"),
		LogCleanerBackoffMs:       number("log.cleaner.backoff.ms"),
		LogCleanerDedupeBytes:     number("log.cleaner.dedupe.buffer.size"),
		LogRetentionCheckMs:       number("log.retention.check.interval.ms"),
		MaxConnections:            int32(number("max.connections")),
		MaxConnectionsPerIP:       int32(number("max.connections.per.ip")),
		MaxDecompressedBytes:      int32(number("trialog.batch.max.decompressed.bytes")),
		NumPartitions:             int32(number("num.partitions")),
		ProducerIDExpirationMs:    int32(number("producer.id.expiration.ms")),
		QueuedMaxRequestBytes:     number("queued.max.request.bytes"),
		QueuedMaxResponseBytes:    number("trialog.queued.max.response.bytes"),
		QueuedMaxRequests:         int32(number("queued.max.requests")),
		ReplicaLagTimeMaxMs:       number("replica.lag.time.max.ms"),
		ScrubBytesPerSecond:       number("trialog.scrub.bytes.per.second"),
		SocketRequestMaxBytes:     int32(number("socket.request.max.bytes")),
		TailCacheBytes:            number("trialog.tail.cache.bytes"),
	}
}
