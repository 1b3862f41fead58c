package kafka

// GroupConfig is what the settings of group coordinators resolve to.
type GroupConfig struct {
	InitialRebalanceDelay Duration // group.initial.rebalance.delay.ms
	MaxSessionTimeoutMs   int32    // group.max.session.timeout.ms
	MinSessionTimeoutMs   int32    // group.min.session.timeout.ms
	MaxSize               int32    // group.max.size
	// Of the consumer protocol.
	ConsumerAssignors           []string // group.consumer.assignors; never empty
	ConsumerHeartbeatIntervalMs int32    // group.consumer.heartbeat.interval.ms
	ConsumerMaxSize             int32    // group.consumer.max.size
	ConsumerSessionTimeoutMs    int32    // group.consumer.session.timeout.ms
	// group.consumer.migration.policy: whether groups with members may change their protocol.
	ConsumerUpgrades, ConsumerDowngrades bool
	// Groups are the settings of groups that have any of their own, by name. It is
	// replaced as a whole.
	Groups map[string]GroupSettings

	OffsetMetadataMaxBytes int32    // offset.metadata.max.bytes
	CommitTimeout          Duration // offsets.commit.timeout.ms
	RetentionCheck         Duration // offsets.retention.check.interval.ms
	RetentionMs            int64    // offsets.retention.minutes
	TopicPartitions        int32    // offsets.topic.num.partitions
	TopicReplication       int16    // offsets.topic.replication.factor
	// TopicReplicationSet: somebody has set it. What is not set gives way to how
	// many brokers there are.
	TopicReplicationSet bool
	TopicSegmentBytes   int32 // offsets.topic.segment.bytes
}

// LoadGroupConfig resolves and parses the settings of group coordinators.
func LoadGroupConfig(l *ConfigLayers) GroupConfig {
	number := func(name string) int64 {
		r := LookupSetting(name, ScopeBroker).ResolveBroker(l)
		return r.Parsed().Int
	}
	const replication = "offsets.topic.replication.factor"
	assignors := LookupSetting("group.consumer.assignors", ScopeBroker).ResolveBroker(l)
	migration := LookupSetting("group.consumer.migration.policy", ScopeBroker).ResolveBroker(l)
	policy := migration.Parsed().Str
	r := LookupSetting(replication, ScopeBroker).ResolveBroker(l)
	return GroupConfig{
		InitialRebalanceDelay:       Ms(number("group.initial.rebalance.delay.ms")),
		MaxSessionTimeoutMs:         int32(number("group.max.session.timeout.ms")),
		MinSessionTimeoutMs:         int32(number("group.min.session.timeout.ms")),
		MaxSize:                     int32(number("group.max.size")),
		ConsumerAssignors:           assignors.Parsed().List,
		ConsumerHeartbeatIntervalMs: int32(number("group.consumer.heartbeat.interval.ms")),
		ConsumerMaxSize:             int32(number("group.consumer.max.size")),
		ConsumerSessionTimeoutMs:    int32(number("group.consumer.session.timeout.ms")),
		ConsumerUpgrades:            policy == "bidirectional" || policy == "upgrade",
		ConsumerDowngrades:          policy == "bidirectional" || policy == "downgrade",
		OffsetMetadataMaxBytes:      int32(number("offset.metadata.max.bytes")),
		CommitTimeout:               Ms(number("offsets.commit.timeout.ms")),
		RetentionCheck:              Ms(number("offsets.retention.check.interval.ms")),
		RetentionMs:                 number("offsets.retention.minutes") * 60_000,
		TopicPartitions:             int32(number("offsets.topic.num.partitions")),
		TopicReplication:            int16(number(replication)),
		TopicReplicationSet:         r.Source != SourceDefault,
		TopicSegmentBytes:           int32(number("offsets.topic.segment.bytes")),
	}
}

// GroupSettings is what the settings of one group resolve to.
type GroupSettings struct {
	ConsumerHeartbeatIntervalMs int32 // consumer.heartbeat.interval.ms
	ConsumerSessionTimeoutMs    int32 // consumer.session.timeout.ms
}

const (
	groupHeartbeat = "consumer.heartbeat.interval.ms"
	groupSession   = "consumer.session.timeout.ms"
)

// LoadGroupSettings resolves the settings of one group. What lies outside the
// brokers' bounds of now counts as the nearest that does not.
func LoadGroupSettings(l *ConfigLayers) GroupSettings {
	bounded := func(name, low, high string) int32 {
		r := LookupSetting(name, ScopeGroup).ResolveGroup(l)
		v := r.Parsed().Int
		if r.Source == SourceGroup {
			v = min(max(v, brokerNumber(l, low)), brokerNumber(l, high))
		}
		return int32(v)
	}
	return GroupSettings{
		ConsumerHeartbeatIntervalMs: bounded(groupHeartbeat, "group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"),
		ConsumerSessionTimeoutMs:    bounded(groupSession, "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"),
	}
}

func brokerNumber(l *ConfigLayers, name string) int64 {
	r := LookupSetting(name, ScopeBroker).ResolveBroker(l)
	return r.Parsed().Int
}

// GroupFlaw tells what is wrong with the settings of a group together with those
// of the brokers, "" for nothing.
func GroupFlaw(l *ConfigLayers) string {
	for _, b := range [...][3]string{
		{groupHeartbeat, "group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"},
		{groupSession, "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
	} {
		r := LookupSetting(b[0], ScopeGroup).ResolveGroup(l)
		switch v := r.Parsed().Int; {
		case r.Source != SourceGroup:
		case v < brokerNumber(l, b[1]):
			return b[0] + " must be greater than or equal to " + b[1]
		case v > brokerNumber(l, b[2]):
			return b[0] + " must be less than or equal to " + b[2]
		}
	}
	session, beat := LookupSetting(groupSession, ScopeGroup).ResolveGroup(l), LookupSetting(groupHeartbeat, ScopeGroup).ResolveGroup(l)
	if (session.Source == SourceGroup || beat.Source == SourceGroup) && session.Parsed().Int <= beat.Parsed().Int {
		return groupSession + " must be greater than " + groupHeartbeat
	}
	return ""
}
