package kafka

import (
	"slices"
	"strings"
)

const (
	hourMs = int64(3_600_000)
	dayMs  = 24 * hourMs
)

// topicRules say what is weak in a topic.
var topicRules = []rule[TopicFacts]{
	{"no-leader", WeightUnsafe, "", func(f *TopicFacts, _ ConfigValue) bool { return f.Leaderless > 0 },
		"Partitions without a leader take and give no records.", "start the brokers that hold them"},
	{"below-min-isr", WeightUnsafe, "", func(f *TopicFacts, _ ConfigValue) bool { return f.Leaderless == 0 && f.InSync < f.minISR() },
		"Fewer replicas are in sync than min.insync.replicas: acks=all is refused.", "start the brokers that are missing"},
	{"behind", WeightNote, "", func(f *TopicFacts, _ ConfigValue) bool { return f.Behind > 0 },
		"Replicas are out of sync: until they are back, fewer lost disks are survived.", ""},
	{"one-replica", WeightUnsafe, "", func(f *TopicFacts, _ ConfigValue) bool { return f.Replicas == 1 && f.Brokers > 1 },
		"One replica: whatever takes its disk takes the records, and nobody leads while its broker is away.", "replication factor 3"},
	{"not-synced", WeightUnsafe, "flush.messages", func(f *TopicFacts, v ConfigValue) bool { return ModeOf(v.Int) != ModeSynced && f.minISR() < 2 },
		"A record is acknowledged before it is on a disk, by one replica: one power cut loses it.", "flush.messages=1"},
	{"synced-by-others", WeightNote, "flush.messages", func(f *TopicFacts, v ConfigValue) bool { return ModeOf(v.Int) != ModeSynced && f.minISR() >= 2 },
		"A record is acknowledged before it is on a disk: a power cut of as many brokers as min.insync.replicas at once loses it.", "flush.messages=1"},
	{"min-isr-one", WeightUnsafe, "min.insync.replicas", func(f *TopicFacts, v ConfigValue) bool { return v.Int == 1 && f.Replicas >= 2 },
		"acks=all is answered when one replica alone is left: losing that one loses what it acknowledged.", "min.insync.replicas=2"},
	{"min-isr-all", WeightNote, "min.insync.replicas", func(f *TopicFacts, v ConfigValue) bool { return f.Replicas >= 2 && v.Int == int64(f.Replicas) },
		"As many as there are replicas: one broker that restarts stops every acks=all producer.", "one less than the replication factor"},
	{"min-isr-above", WeightNote, "min.insync.replicas", func(f *TopicFacts, v ConfigValue) bool { return v.Int > int64(f.Replicas) },
		"More than there are replicas: brokers without KIP-966 refuse every acks=all producer, others take the number of replicas.", "at most the replication factor"},
	{"unclean", WeightUnsafe, "unclean.leader.election.enable", func(_ *TopicFacts, v ConfigValue) bool { return v.Int == 1 },
		"A replica that lacks acknowledged records may lead, and they are gone.", "unclean.leader.election.enable=false"},
	{"fills-the-disk", WeightUnsafe, "retention.ms", func(f *TopicFacts, v ConfigValue) bool { return f.keepsAll(v) && f.tight() },
		"Nothing is ever deleted, and the disk has less than a fifth free: it will fill, and producers be refused.", "retention.ms or retention.bytes"},
	{"keeps-all", WeightNote, "retention.ms", func(f *TopicFacts, v ConfigValue) bool { return f.keepsAll(v) && !f.tight() },
		"Nothing is ever deleted: the log grows until its disk is full.", "retention.ms or retention.bytes, unless that is meant"},
	{"short-tombstones", WeightNote, "delete.retention.ms", func(f *TopicFacts, v ConfigValue) bool { return f.compacts() && v.Int < hourMs },
		"A reader that is slower than this misses deletions in the compacted log, and keeps what was deleted.", "delete.retention.ms=86400000"},
	{"far-future", WeightNote, "message.timestamp.after.max.ms", func(f *TopicFacts, v ConfigValue) bool {
		stamps, _ := f.Values.Get("message.timestamp.type")
		return v.Int > dayMs && stamps != "LogAppendTime" && number(f.Values, "retention.ms", -1) >= 0
	}, "A producer with a wrong clock writes records that retention does not delete before that time.", "message.timestamp.after.max.ms=3600000"},
}

// brokerRules say what is weak in a broker.
var brokerRules = []rule[BrokerFacts]{
	{"temporary-directory", WeightUnsafe, "log.dirs", func(_ *BrokerFacts, v ConfigValue) bool { return temporary(v) },
		"The data lies where the system deletes files, or in memory.", "a directory on a disk, as /var/lib/trialog"},
	{"default-one-replica", WeightUnsafe, "default.replication.factor", func(f *BrokerFacts, v ConfigValue) bool { return v.Int == 1 && f.Brokers > 1 },
		"A topic created without a replication factor has one replica, though there are more brokers.", "default.replication.factor=3"},
	{"default-not-synced", WeightUnsafe, "log.flush.interval.messages", func(f *BrokerFacts, v ConfigValue) bool {
		return ModeOf(v.Int) != ModeSynced && number(f.Values, "default.replication.factor", 1) == 1
	}, "Topics that do not set flush.messages acknowledge records before they are on a disk, with one replica.", "log.flush.interval.messages=1"},
	{"default-synced-by-others", WeightNote, "log.flush.interval.messages", func(f *BrokerFacts, v ConfigValue) bool {
		return ModeOf(v.Int) != ModeSynced && number(f.Values, "default.replication.factor", 1) > 1
	}, "Topics that do not set flush.messages acknowledge records before they are on a disk.", "log.flush.interval.messages=1"},
	{"unclean", WeightUnsafe, "unclean.leader.election.enable", func(_ *BrokerFacts, v ConfigValue) bool { return v.Int == 1 },
		"Topics that do not say otherwise may be led by a replica that lacks acknowledged records.", "unclean.leader.election.enable=false"},
	{"offsets-one-replica", WeightUnsafe, "offsets.topic.replication.factor", func(f *BrokerFacts, v ConfigValue) bool { return v.Int == 1 && f.Brokers > 1 },
		"Consumer groups and their offsets have one replica.", "offsets.topic.replication.factor=3"},
	{"transactions-one-replica", WeightUnsafe, "transaction.state.log.replication.factor", func(f *BrokerFacts, v ConfigValue) bool { return v.Int == 1 && f.Brokers > 1 },
		"The outcome of transactions has one replica.", "transaction.state.log.replication.factor=3"},
	{"short-session", WeightNote, "broker.session.timeout.ms", func(f *BrokerFacts, v ConfigValue) bool {
		return v.Int < 3*number(f.Values, "broker.heartbeat.interval.ms", 0)
	}, "Less than three heartbeats: one that is late fences the broker, and its partitions move.", "at least three times broker.heartbeat.interval.ms"},
	{"auto-create", WeightNote, "auto.create.topics.enable", func(_ *BrokerFacts, v ConfigValue) bool { return v.Int == 1 },
		"A mistyped name becomes a topic, with the defaults.", "auto.create.topics.enable=false"},
}

// clusterRules say what is weak in a cluster as a whole.
var clusterRules = []rule[ClusterFacts]{
	{"no-controller", WeightUnsafe, "", func(f *ClusterFacts, _ ConfigValue) bool { return !f.Controller },
		"No controller is known: topics cannot be made or changed, and no partition gets a new leader.", "see to the metadata quorum's voters"},
	{"open-to-the-world", WeightUnsafe, "", func(f *ClusterFacts, _ ConfigValue) bool { return f.Exposure == ExposedToWorld },
		"A public address answers without TLS and credentials: anybody may read, write and delete.", "a private address, or a firewall"},
	{"open-to-the-network", WeightNote, "", func(f *ClusterFacts, _ ConfigValue) bool { return f.Exposure == ExposedToNetwork },
		"Whoever reaches the brokers may read, write and delete: they answer without TLS and credentials.", "a network that only its clients reach"},
	{"one-broker", WeightNote, "", func(f *ClusterFacts, _ ConfigValue) bool { return f.Brokers == 1 },
		"One broker: no record is on a second machine, and nothing is served while it restarts.", ""},
}

// keepsAll tells whether no record is ever deleted, given retention.ms.
func (f *TopicFacts) keepsAll(retentionMs ConfigValue) bool {
	return retentionMs.Int < 0 && number(f.Values, "retention.bytes", -1) < 0 && !f.compacts()
}

// tight tells whether a disk is known to have less than a fifth free.
func (f *TopicFacts) tight() bool { return f.FreePercent >= 0 && f.FreePercent < 20 }

func (f *TopicFacts) compacts() bool {
	text, _ := f.Values.Get("cleanup.policy")
	return slices.Contains(parseList(text), "compact")
}

// temporary tells whether one of the directories is emptied by the system.
func temporary(v ConfigValue) bool {
	for _, dir := range parseList(v.Str) {
		for _, top := range []string{"/tmp", "/var/tmp", "/dev/shm", "/run"} {
			if dir == top || strings.HasPrefix(dir, top+"/") {
				return true
			}
		}
	}
	return false
}
