package controller

import (
	"fmt"
	"testing"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

func exactly(r kafka.ConfigResource, configs ...NewConfig) *ReplaceConfigs {
	return &ReplaceConfigs{Resources: []ReplaceResource{{Resource: r, Configs: configs}}}
}

func TestReplaceConfigsRefusals(t *testing.T) {
	b := newBench(t)
	b.up(1)
	b.create("t", ids(1), NewConfig{"segment.ms", text("9")})
	topic := metadata.TopicResource("t")
	one := func(name, value string) NewConfig { return NewConfig{name, text(value)} }
	broker := func(name string) kafka.ConfigResource {
		return kafka.ConfigResource{Type: kafka.ResourceBroker, Name: name}
	}
	cases := []struct {
		what string
		c    *ReplaceConfigs
		want kafka.ErrorCode
	}{
		{"unknown topic", exactly(metadata.TopicResource("u"), one("retention.ms", "1")), kafka.ErrUnknownTopicOrPartition},
		{"unknown kind", exactly(kafka.ConfigResource{Type: 8, Name: "1"}), kafka.ErrInvalidRequest},
		{"a broker's name that is no number", exactly(broker("one")), kafka.ErrInvalidRequest},
		{"unknown broker", exactly(broker("9")), kafka.ErrBrokerIDNotRegistered},
		{"unknown setting", exactly(topic, one("nonsense", "1")), kafka.ErrInvalidConfig},
		{"refused value", exactly(topic, one("retention.ms", "x")), kafka.ErrInvalidConfig},
		{"read only", exactly(broker(""), one("num.partitions", "1")), kafka.ErrInvalidRequest},
		{"for all brokers or none", exactly(broker("1"), one("min.insync.replicas", "1")), kafka.ErrInvalidRequest},
		{"null", exactly(topic, NewConfig{Name: "retention.ms"}), kafka.ErrInvalidRequest},
		{"twice", exactly(topic, one("retention.ms", "1"), one("retention.ms", "1")), kafka.ErrInvalidRequest},
		{"contradiction", exactly(topic, one("min.compaction.lag.ms", "9"), one("max.compaction.lag.ms", "8")), kafka.ErrInvalidConfig},
		{"one good, one bad", exactly(topic, one("retention.ms", "1"), one("segment.ms", "0")), kafka.ErrInvalidConfig},
	}
	for _, c := range cases {
		r := b.must(c.c).(*AlterConfigsResult).Resources[0]
		wantCode(t, c.what, r.Error, c.want, r.Message)
		if got := fmt.Sprint(b.image().Configs(topic)); got != "[{segment.ms 9}]" {
			t.Fatalf("%s: and yet the topic has %s", c.what, got)
		}
	}
	twice := exactly(topic)
	twice.Resources = append(twice.Resources, twice.Resources[0])
	r := b.must(twice).(*AlterConfigsResult)
	if r.Resources[0].Error != kafka.ErrInvalidRequest || r.Resources[1].Error != kafka.ErrInvalidRequest {
		t.Errorf("a resource given twice: %+v", r.Resources)
	}
}

// What is not named goes back to its default, on the resource named and nowhere
// else.
func TestReplaceConfigs(t *testing.T) {
	b := newBench(t)
	b.up(1)
	b.create("t", ids(1), NewConfig{"retention.ms", text("5")}, NewConfig{"segment.ms", text("9")})
	b.create("u", ids(1), NewConfig{"retention.ms", text("6")})
	want := func(r kafka.ConfigResource, want string) {
		t.Helper()
		if got := fmt.Sprint(b.image().Configs(r)); got != want {
			t.Errorf("%+v has %s, want %s", r, got, want)
		}
	}
	topic := metadata.TopicResource("t")

	only := exactly(topic, NewConfig{"retention.ms", text("7")})
	only.ValidateOnly = true
	b.must(only)
	want(topic, "[{retention.ms 5} {segment.ms 9}]")

	only.ValidateOnly = false
	b.must(only)
	want(topic, "[{retention.ms 7}]")
	want(metadata.TopicResource("u"), "[{retention.ms 6}]")

	// Each resource is decided on its own.
	both := exactly(metadata.ClusterResource(), NewConfig{"log.retention.ms", text("8")})
	both.Resources = append(both.Resources, exactly(topic, NewConfig{"retention.ms", text("x")}).Resources[0])
	r := b.must(both).(*AlterConfigsResult).Resources
	if r[0].Error != kafka.None || r[1].Error != kafka.ErrInvalidConfig {
		t.Errorf("one good, one bad: %+v", r)
	}
	want(metadata.ClusterResource(), "[{log.retention.ms 8}]")
	want(topic, "[{retention.ms 7}]")

	// A contradiction with what the same request takes away is none.
	b.must(exactly(topic, NewConfig{"max.compaction.lag.ms", text("8")}))
	b.must(exactly(topic, NewConfig{"min.compaction.lag.ms", text("9")}))
	want(topic, "[{min.compaction.lag.ms 9}]")

	b.must(exactly(topic))
	b.must(exactly(metadata.ClusterResource()))
	want(topic, "[]")
	want(metadata.ClusterResource(), "[]")
}

// A setting that goes back to its default takes what it decided with it.
func TestReplaceConfigsReshapes(t *testing.T) {
	b := newBench(t)
	b.up(1, 2)
	b.create("t", ids(1, 2), synced)
	if b.image().TopicByName("t").Partitions.At(0).Mode != kafka.ModeSynced {
		t.Fatal("the topic is not synced")
	}
	b.must(exactly(metadata.TopicResource("t"), NewConfig{"flush.messages", text("9223372036854775807")}))
	b.wantShape("t", "1@1 isr[1 2] elr[] last[]")
	b.must(exactly(metadata.TopicResource("t")))
	b.wantShape("t", "1@2 isr[1 2] elr[] last[]")
	mode := func() kafka.DurabilityMode { return b.image().TopicByName("t").Partitions.At(0).Mode }
	if mode() != kafka.ModeSyncing {
		t.Fatal("the mode did not go back to its default")
	}
	at := b.image().Index()
	beat := func(id kafka.BrokerID, applied uint64) {
		b.must(&Heartbeat{Broker: id, Epoch: b.image().Broker(id).Epoch, AppliedIndex: at, ModesIndex: applied})
	}
	beat(1, at)
	beat(2, at-1)
	if mode() != kafka.ModeSyncing {
		t.Fatal("confirmed, though broker 2 has not heard of the change")
	}
	beat(2, at)
	if mode() != kafka.ModeSynced {
		t.Fatal("every replica has synced, and the mode is not confirmed")
	}
	b.wantShape("t", "1@2 isr[1 2] elr[] last[]") // in the same leader epoch
}
