package kafka

import (
	"slices"
	"strings"
	"testing"
)

// TestRegistry holds the table to its own rules.
func TestRegistry(t *testing.T) {
	if !slices.IsSortedFunc(settings, func(a, b *Setting) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the registry is not sorted by name")
	}
	for i, s := range settings {
		if i > 0 && settings[i-1].Name == s.Name {
			t.Errorf("%s stands twice", s.Name)
		}
		if s.Doc == "" || s.Type == TypeUnknown || s.Scope == 0 {
			t.Errorf("%s lacks a doc, a type or a scope", s.Name)
		}
		if s.NoDefault != (s.Default == "") {
			t.Errorf("%s: NoDefault %v with default %q", s.Name, s.NoDefault, s.Default)
		}
		if !s.NoDefault {
			if _, why := s.Parse(s.Default); why != "" {
				t.Errorf("our default: %s", why)
			}
			if _, why := s.Parse(s.KafkaDefault); why != "" {
				t.Errorf("Kafka's default: %s", why)
			}
		}
		for _, y := range s.Synonyms {
			b := LookupSetting(y.Name, ScopeBroker)
			if b == nil || y.Times < 1 {
				t.Errorf("%s: synonym %s", s.Name, y.Name)
			}
		}
		if s.Scope&ScopeTopic != 0 {
			if r := s.ResolveTopic(&ConfigLayers{}); r.Value != s.Default || r.Source != SourceDefault {
				t.Errorf("%s: nothing set resolves to %q from %v, the default is %q", s.Name, r.Value, r.Source, s.Default)
			}
			if len(s.Synonyms) == 0 && !s.NoDefault {
				t.Errorf("%s has no broker-level synonym", s.Name)
			}
		}
	}
}

// TestDepartures lists where our defaults are not Kafka's, so that none is
// changed by accident.
func TestDepartures(t *testing.T) {
	var got []string
	for _, s := range Settings() {
		if s.Default != s.KafkaDefault {
			got = append(got, s.Name+"="+s.Default)
		}
	}
	want := []string{"auto.create.topics.enable=false", "flush.messages=1", "log.flush.interval.messages=1",
		"max.connections=10000", "queued.max.request.bytes=536870912"}
	if !slices.Equal(got, want) {
		t.Errorf("departures %v, want %v", got, want)
	}
}

func TestResolveTopic(t *testing.T) {
	m := func(pairs ...string) ConfigMap {
		var c ConfigMap
		for i := 0; i < len(pairs); i += 2 {
			c = c.With(pairs[i], pairs[i+1])
		}
		return c
	}
	cases := []struct {
		what   string
		layers ConfigLayers
		value  string
		source ConfigSource
		hides  string // the synonyms after the first, as NAME=VALUE
	}{
		{"nothing set", ConfigLayers{}, "604800000", SourceDefault, ""},
		{"static hours", ConfigLayers{Static: m("log.retention.hours", "2")}, "7200000", SourceStatic, "log.retention.hours=168"},
		{"static minutes before hours", ConfigLayers{Static: m("log.retention.hours", "2", "log.retention.minutes", "3")}, "180000", SourceStatic, "log.retention.hours=2 log.retention.hours=168"},
		{"hours without an end", ConfigLayers{Static: m("log.retention.hours", "-1")}, "-1", SourceStatic, "log.retention.hours=168"},
		{"all brokers over static", ConfigLayers{Static: m("log.retention.ms", "5"), ClusterDefault: m("log.retention.ms", "6")}, "6", SourceClusterDefault, "log.retention.ms=5 log.retention.hours=168"},
		{"this broker over all", ConfigLayers{Broker: m("log.retention.ms", "7"), ClusterDefault: m("log.retention.ms", "6")}, "7", SourceBroker, "log.retention.ms=6 log.retention.hours=168"},
		{"the topic over everything", ConfigLayers{Topic: m("retention.ms", "8"), Broker: m("log.retention.ms", "7")}, "8", SourceTopic, "log.retention.ms=7 log.retention.hours=168"},
		{"what does not parse is absent", ConfigLayers{Topic: m("retention.ms", "soon"), Static: m("log.retention.ms", "5")}, "5", SourceStatic, "log.retention.hours=168"},
	}
	s := LookupSetting("retention.ms", ScopeTopic)
	for _, c := range cases {
		r := s.ResolveTopic(&c.layers)
		var hides []string
		for _, y := range r.Synonyms[1:] {
			hides = append(hides, y.Name+"="+y.Value)
		}
		if r.Value != c.value || r.Source != c.source || strings.Join(hides, " ") != c.hides {
			t.Errorf("%s: %s from %v, hiding %v; want %s from %v, hiding %s", c.what, r.Value, r.Source, hides, c.value, c.source, c.hides)
		}
	}
}

func TestResolveBroker(t *testing.T) {
	r := LookupSetting("log.retention.ms", ScopeBroker).ResolveBroker(&ConfigLayers{Static: NewConfigMap(ConfigEntry{"log.retention.minutes", "1"})})
	if r.Value != "60000" || r.Source != SourceStatic {
		t.Errorf("log.retention.ms is %s from %v", r.Value, r.Source)
	}
	r = LookupSetting("broker.rack", ScopeBroker).ResolveBroker(&ConfigLayers{})
	if !r.Null || r.Source != SourceDefault || len(r.Synonyms) != 0 {
		t.Errorf("broker.rack: %+v", r)
	}
	r = LookupSetting("min.insync.replicas", ScopeBroker).ResolveBroker(&ConfigLayers{ClusterDefault: NewConfigMap(ConfigEntry{"min.insync.replicas", "2"})})
	if r.Value != "2" || len(r.Synonyms) != 2 {
		t.Errorf("min.insync.replicas: %+v", r)
	}
	if LookupSetting("retention.ms", ScopeBroker) != nil || LookupSetting("num.partitions", ScopeTopic) != nil || LookupSetting("nonsense", ScopeBoth) != nil {
		t.Error("a setting was found on a level where it does not stand")
	}
}

func TestParse(t *testing.T) {
	cases := []struct {
		name, text string
		want       int64
		ok         bool
	}{
		{"retention.ms", " 5 ", 5, true},
		{"retention.ms", "-1", -1, true},
		{"retention.ms", "-2", 0, false},
		{"retention.ms", "5ms", 0, false},
		{"retention.ms", "", 0, false},
		{"retention.ms", "9223372036854775808", 0, false},
		{"segment.bytes", "2147483648", 0, false},
		{"segment.bytes", "1024", 1024, true},
		{"unclean.leader.election.enable", "TRUE", 1, true},
		{"unclean.leader.election.enable", "yes", 0, false},
		{"min.cleanable.dirty.ratio", "0.25", 250_000, true},
		{"min.cleanable.dirty.ratio", ".5", 500_000, true},
		{"min.cleanable.dirty.ratio", "1", 1_000_000, true},
		{"min.cleanable.dirty.ratio", "1.1", 0, false},
		{"min.cleanable.dirty.ratio", "-0.1", 0, false},
		{"min.cleanable.dirty.ratio", ".", 0, false},
		{"flush.messages", "0", 0, false},
		{"flush.messages", noLimit, 1<<63 - 1, true},
		{"message.timestamp.type", "CreateTime", 0, true},
		{"message.timestamp.type", "createtime", 0, false},
		{"cleanup.policy", "compact, delete", 0, true},
		{"cleanup.policy", "compact,compact", 0, false},
		{"cleanup.policy", "", 0, false},
		{"cleanup.policy", "keep", 0, false},
	}
	for _, c := range cases {
		v, why := LookupSetting(c.name, ScopeBoth).Parse(c.text)
		if (why == "") != c.ok || c.ok && v.Int != c.want {
			t.Errorf("%s=%q: %d, %q", c.name, c.text, v.Int, why)
		}
	}
}

func TestLoadTyped(t *testing.T) {
	l := ConfigLayers{
		Topic:  NewConfigMap(ConfigEntry{"cleanup.policy", "compact,delete"}, ConfigEntry{"message.timestamp.type", "LogAppendTime"}),
		Static: NewConfigMap(ConfigEntry{"log.flush.interval.messages", noLimit}, ConfigEntry{"num.partitions", "7"}),
	}
	c := LoadTopicConfig(&l)
	if !c.CleanupCompact || !c.CleanupDelete || c.TimestampType != LogAppendTime || c.Mode() != ModeReplicated || c.MaxMessageBytes != 1048588 {
		t.Errorf("%+v", c)
	}
	if def := LoadTopicConfig(&ConfigLayers{}); def.Mode() != ModeSynced || def.CleanupCompact || !def.CleanupDelete || def.RetentionBytes != -1 {
		t.Errorf("%+v", def)
	}
	if b := LoadBrokerConfig(&l); b.NumPartitions != 7 || b.AutoCreateTopics || b.FetchMaxBytes != 55<<20 {
		t.Errorf("%+v", b)
	}
	if ModeOf(2) != ModeReplicated || ModeOf(1) != ModeSynced {
		t.Error("only flush.messages=1 is synced")
	}
	c.MinCompactionLagMs, c.MaxCompactionLagMs = 2, 1
	if c.Flaw() == "" || c.EffectiveMinISR(0) != 0 {
		t.Errorf("flaw %q", c.Flaw())
	}
}

func TestConfigMap(t *testing.T) {
	a := NewConfigMap(ConfigEntry{"b", "1"}, ConfigEntry{"a", "2"}, ConfigEntry{"b", "3"})
	b := a.With("c", "4").Without("a")
	if v, _ := a.Get("b"); v != "3" || len(a) != 2 || a[0].Name != "a" {
		t.Errorf("%v", a)
	}
	if _, set := b.Get("a"); set || len(b) != 2 {
		t.Errorf("%v", b)
	}
	if got := CheckStatic(NewConfigMap(ConfigEntry{"nonsense", "1"}, ConfigEntry{"node.id", "-1"}, ConfigEntry{"num.partitions", "3"})); len(got) != 2 {
		t.Errorf("%q", got)
	}
}
