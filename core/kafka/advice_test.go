package kafka

import (
	"math"
	"strconv"
	"strings"
	"testing"
)

// values resolves all settings of a level from our defaults or Kafka's, with
// some of them set.
func values(scope ConfigScope, kafkas bool, set string) ConfigMap {
	var m ConfigMap
	for _, s := range Settings() {
		switch {
		case s.Scope&scope == 0 || s.NoDefault:
		case kafkas:
			m = m.With(s.Name, s.KafkaDefault)
		default:
			m = m.With(s.Name, s.Default)
		}
	}
	for item := range strings.FieldsSeq(set) {
		name, value, _ := strings.Cut(item, "=")
		m = m.With(name, value)
	}
	return m
}

func rulesOf(list []Advice) string {
	var names []string
	for _, a := range list {
		name := a.Rule
		if a.Weight == WeightUnsafe {
			name += "!"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// three is a topic on three brokers, as the controller makes it.
func three(set string) TopicFacts {
	return TopicFacts{Values: values(ScopeTopic, false, "min.insync.replicas=2 "+set), Brokers: 3, Replicas: 3, InSync: 3, FreePercent: -1}
}

func TestTopicsAreAdvised(t *testing.T) {
	told := make(map[string]bool)
	for _, c := range []struct {
		name   string
		set    string
		change func(*TopicFacts)
		want   string
	}{
		{"the default", "", nil, ""},
		{"no leader", "", func(f *TopicFacts) { f.Leaderless, f.InSync = 1, 0 }, "no-leader!"},
		{"too few in sync", "", func(f *TopicFacts) { f.InSync, f.Behind = 1, 4 }, "below-min-isr! behind"},
		{"one is behind", "", func(f *TopicFacts) { f.InSync, f.Behind = 2, 1 }, "behind"},
		{"one replica of many brokers", "", func(f *TopicFacts) { f.Replicas, f.InSync = 1, 1 }, "one-replica! min-isr-above"},
		{"one replica, one broker", "min.insync.replicas=1", func(f *TopicFacts) { f.Replicas, f.InSync, f.Brokers = 1, 1, 1 }, ""},
		{"synced by two others", "flush.messages=" + noLimit, nil, "synced-by-others"},
		{"now and then synced", "flush.messages=10000", nil, "synced-by-others"},
		{"synced by nobody", "flush.messages=2 min.insync.replicas=1", nil, "not-synced! min-isr-one!"},
		{"synced by nobody, one replica", "flush.messages=2", func(f *TopicFacts) { f.Replicas, f.InSync, f.Brokers = 1, 1, 1 }, "not-synced! min-isr-above"},
		{"min ISR of one", "min.insync.replicas=1", nil, "min-isr-one!"},
		{"min ISR of all", "min.insync.replicas=3", nil, "min-isr-all"},
		{"min ISR of more", "min.insync.replicas=4", nil, "min-isr-above"},
		{"unclean", "unclean.leader.election.enable=TRUE", nil, "unclean!"},
		{"kept for ever", "retention.ms=-1", nil, "keeps-all"},
		{"kept for ever, disk half full", "retention.ms=-1", func(f *TopicFacts) { f.FreePercent = 50 }, "keeps-all"},
		{"kept for ever, disk nearly full", "retention.ms=-1", func(f *TopicFacts) { f.FreePercent = 19 }, "fills-the-disk!"},
		{"kept up to a size", "retention.ms=-1 retention.bytes=1000", func(f *TopicFacts) { f.FreePercent = 3 }, ""},
		{"compacted", "retention.ms=-1 cleanup.policy=compact", nil, ""},
		{"compacted, short tombstones", "cleanup.policy=delete,compact delete.retention.ms=1000", nil, "short-tombstones"},
		{"short tombstones that nobody writes", "delete.retention.ms=1000", nil, ""},
		{"any timestamp", "message.timestamp.after.max.ms=" + noLimit, nil, "far-future"},
		{"any timestamp, the broker's", "message.timestamp.type=LogAppendTime message.timestamp.after.max.ms=" + noLimit, nil, ""},
		{"a value that nobody can read", "flush.messages=soon", nil, ""},
	} {
		f := three(c.set)
		if c.change != nil {
			c.change(&f)
		}
		got := AdviseTopic(&f)
		if rulesOf(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, rulesOf(got), c.want)
		}
		for _, a := range got {
			told[a.Rule] = true
		}
	}
	everyRule(t, topicRules, told)
}

func TestBrokersAreAdvised(t *testing.T) {
	told := make(map[string]bool)
	for _, c := range []struct {
		name    string
		brokers int
		set     string
		want    string
	}{
		{"the default, alone", 1, "", ""},
		{"the default, of three", 3, "", "default-one-replica!"},
		{"three replicas", 3, "default.replication.factor=3", ""},
		{"nothing synced", 1, "log.flush.interval.messages=" + noLimit, "default-not-synced!"},
		{"nothing synced, three replicas", 3, "default.replication.factor=3 log.flush.interval.messages=1000", "default-synced-by-others"},
		{"unclean", 1, "unclean.leader.election.enable=true", "unclean!"},
		{"in a temporary directory", 1, "log.dirs=/data,/tmp/kafka-logs", "temporary-directory!"},
		{"in memory", 1, "log.dirs=/dev/shm", "temporary-directory!"},
		{"beside a temporary directory", 1, "log.dirs=/tmpfiles", ""},
		{"offsets", 3, "default.replication.factor=3 offsets.topic.replication.factor=1", "offsets-one-replica!"},
		{"offsets, alone", 1, "offsets.topic.replication.factor=1 transaction.state.log.replication.factor=1", ""},
		{"transactions", 2, "default.replication.factor=2 transaction.state.log.replication.factor=1", "transactions-one-replica!"},
		{"short session", 1, "broker.session.timeout.ms=5999", "short-session"},
		{"topics by accident", 1, "auto.create.topics.enable=true", "auto-create"},
	} {
		f := BrokerFacts{Values: values(ScopeBroker, false, c.set), Brokers: c.brokers}
		got := AdviseBroker(&f)
		if rulesOf(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, rulesOf(got), c.want)
		}
		for _, a := range got {
			told[a.Rule] = true
		}
	}
	everyRule(t, brokerRules, told)
}

func TestClustersAreAdvised(t *testing.T) {
	told := make(map[string]bool)
	for _, c := range []struct {
		facts ClusterFacts
		want  string
	}{
		{ClusterFacts{Brokers: 3, Controller: true}, ""},
		{ClusterFacts{Brokers: 1, Controller: true}, "one-broker"},
		{ClusterFacts{Brokers: 3}, "no-controller!"},
		{ClusterFacts{Brokers: 3, Controller: true, Exposure: ExposedToNetwork}, "open-to-the-network"},
		{ClusterFacts{Brokers: 3, Controller: true, Exposure: ExposedToWorld}, "open-to-the-world!"},
	} {
		got := AdviseCluster(&c.facts)
		if rulesOf(got) != c.want {
			t.Errorf("%+v: %q, want %q", c.facts, rulesOf(got), c.want)
		}
		for _, a := range got {
			told[a.Rule] = true
		}
	}
	everyRule(t, clusterRules, told)
}

// TestKafkasDefaultsAreWeak: what is advised against a topic of Kafka's defaults.
func TestKafkasDefaultsAreWeak(t *testing.T) {
	f := TopicFacts{Values: values(ScopeTopic, true, ""), Brokers: 3, Replicas: 3, InSync: 3, FreePercent: -1}
	if got := rulesOf(AdviseTopic(&f)); got != "not-synced! min-isr-one!" {
		t.Errorf("a topic: %s", got)
	}
	b := BrokerFacts{Values: values(ScopeBroker, true, ""), Brokers: 3}
	if got := rulesOf(AdviseBroker(&b)); got != "default-one-replica! default-not-synced! auto-create" {
		t.Errorf("a broker: %s", got)
	}
}

// everyRule demands that the cases made each rule speak once, that a rule says
// what can happen, and that a setting it recommends is one.
func everyRule[F any](t *testing.T, rules []rule[F], told map[string]bool) {
	t.Helper()
	for _, r := range rules {
		if !told[r.name] {
			t.Errorf("rule %s never spoke", r.name)
		}
		if r.risk == "" || r.weight != WeightNote && r.weight != WeightUnsafe {
			t.Errorf("rule %s: risk %q, weight %d", r.name, r.risk, r.weight)
		}
		if name, value, ok := strings.Cut(r.instead, "="); ok && !strings.Contains(name, " ") {
			if s := LookupSetting(name, ScopeBoth); s != nil {
				if _, why := s.Parse(value); why != "" {
					t.Errorf("rule %s recommends %s: %s", r.name, r.instead, why)
				}
			}
		}
	}
}

func TestValuesOfOthersAreRead(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       ConfigValue
		ok         bool
	}{
		{"flush.messages", " 1 ", ConfigValue{Int: 1}, true},
		{"flush.messages", "0", ConfigValue{}, false},
		{"somebody.elses", "7", ConfigValue{Int: 7}, true},
		{"somebody.elses", "True", ConfigValue{Int: 1}, true},
		{"somebody.elses", "text", ConfigValue{Str: "text"}, true},
		{"somebody.elses", "", ConfigValue{}, false},
		{"somebody.elses", strconv.Itoa(math.MaxInt64), ConfigValue{Int: math.MaxInt64}, true},
	} {
		v, ok := read(c.name, c.text)
		if ok != c.ok || ok && (v.Int != c.want.Int || v.Str != c.want.Str) {
			t.Errorf("%s=%q: %+v %t, want %+v %t", c.name, c.text, v, ok, c.want, c.ok)
		}
	}
}
