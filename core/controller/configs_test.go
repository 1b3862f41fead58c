package controller

import (
	"fmt"
	"testing"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

func topicOps(name string, ops ...AlterOp) AlterResource {
	return AlterResource{Resource: metadata.TopicResource(name), Ops: ops}
}

func set(name, value string) AlterOp { return AlterOp{Name: name, Op: kafka.OpSet, Value: text(value)} }

func TestAlterConfigsRefusals(t *testing.T) {
	b := newBench(t)
	b.up(1)
	b.create("t", ids(1))
	broker := func(name string, ops ...AlterOp) AlterResource {
		return AlterResource{Resource: kafka.ConfigResource{Type: kafka.ResourceBroker, Name: name}, Ops: ops}
	}
	group := func(name string, ops ...AlterOp) AlterResource {
		return AlterResource{Resource: kafka.ConfigResource{Type: kafka.ResourceGroup, Name: name}, Ops: ops}
	}
	cases := []struct {
		what string
		r    AlterResource
		want kafka.ErrorCode
	}{
		{"unknown topic", topicOps("u", set("retention.ms", "1")), kafka.ErrUnknownTopicOrPartition},
		{"unknown kind", AlterResource{Resource: kafka.ConfigResource{Type: 8, Name: "x"}}, kafka.ErrInvalidRequest},
		{"a broker's name that is no number", broker("one"), kafka.ErrInvalidRequest},
		{"a broker's name with a zero", broker("01"), kafka.ErrInvalidRequest},
		{"unknown broker", broker("9"), kafka.ErrBrokerIDNotRegistered},
		{"unknown setting", topicOps("t", set("nonsense", "1")), kafka.ErrInvalidConfig},
		{"refused value", topicOps("t", set("retention.ms", "x")), kafka.ErrInvalidConfig},
		{"read only", broker("", set("num.partitions", "1")), kafka.ErrInvalidRequest},
		{"for all brokers or none", broker("1", set("min.insync.replicas", "1")), kafka.ErrInvalidRequest},
		{"null", topicOps("t", AlterOp{Name: "retention.ms", Op: kafka.OpSet}), kafka.ErrInvalidRequest},
		{"twice", topicOps("t", set("retention.ms", "1"), set("retention.ms", "2")), kafka.ErrInvalidRequest},
		{"append to a number", topicOps("t", AlterOp{"retention.ms", kafka.OpAppend, text("1")}), kafka.ErrInvalidConfig},
		{"subtract the last", topicOps("t", AlterOp{"cleanup.policy", kafka.OpSubtract, text("delete")}), kafka.ErrInvalidConfig},
		{"unknown operation", topicOps("t", AlterOp{"retention.ms", 7, text("1")}), kafka.ErrInvalidRequest},
		{"contradiction", topicOps("t", set("min.compaction.lag.ms", "9"), set("max.compaction.lag.ms", "8")), kafka.ErrInvalidConfig},
		{"no group", group("", set("consumer.session.timeout.ms", "50000")), kafka.ErrInvalidRequest},
		{"not of a group", group("g", set("retention.ms", "1")), kafka.ErrInvalidConfig},
		{"below the brokers' bound", group("g", set("consumer.session.timeout.ms", "44999")), kafka.ErrInvalidConfig},
		{"above the brokers' bound", group("g", set("consumer.heartbeat.interval.ms", "15001")), kafka.ErrInvalidConfig},
		{"one good, one bad", topicOps("t", set("retention.ms", "1"), set("segment.ms", "0")), kafka.ErrInvalidConfig},
	}
	for _, c := range cases {
		r := b.must(&AlterConfigs{Resources: []AlterResource{c.r}}).(*AlterConfigsResult).Resources[0]
		wantCode(t, c.what, r.Error, c.want, r.Message)
		if m := b.image().Configs(metadata.TopicResource("t")); len(m) != 0 {
			t.Fatalf("%s: and yet the topic has %v", c.what, m)
		}
	}
	r := b.must(&AlterConfigs{Resources: []AlterResource{topicOps("t"), topicOps("t")}}).(*AlterConfigsResult)
	if r.Resources[0].Error != kafka.ErrInvalidRequest || r.Resources[1].Error != kafka.ErrInvalidRequest {
		t.Errorf("a resource given twice: %+v", r.Resources)
	}
}

func TestAlterConfigs(t *testing.T) {
	b := newBench(t)
	b.up(1)
	b.create("t", ids(1), NewConfig{"retention.ms", text("5")})
	cluster := AlterResource{Resource: metadata.ClusterResource(), Ops: []AlterOp{set("log.segment.bytes", "4096")}}
	b.must(&AlterConfigs{Resources: []AlterResource{
		topicOps("t", AlterOp{"cleanup.policy", kafka.OpAppend, text("compact")}, set("segment.ms", "9")), cluster,
	}})
	want := "[{cleanup.policy delete,compact} {retention.ms 5} {segment.ms 9}]"
	if got := fmt.Sprint(b.image().Configs(metadata.TopicResource("t"))); got != want {
		t.Errorf("the topic has %s, want %s", got, want)
	}
	// A change for all brokers leaves what topics say for themselves alone.
	b.must(&AlterConfigs{Resources: []AlterResource{
		{Resource: metadata.ClusterResource(), Ops: []AlterOp{set("log.retention.ms", "7"), {Name: "log.segment.bytes", Op: kafka.OpDelete}}},
	}})
	if got := fmt.Sprint(b.image().Configs(metadata.TopicResource("t"))); got != want {
		t.Errorf("after a change of the brokers' defaults the topic has %s, want %s", got, want)
	}
	if got := fmt.Sprint(b.image().Configs(metadata.ClusterResource())); got != "[{log.retention.ms 7}]" {
		t.Errorf("all brokers have %s", got)
	}
	b.must(&AlterConfigs{Resources: []AlterResource{topicOps("t",
		AlterOp{"cleanup.policy", kafka.OpSubtract, text("delete")}, AlterOp{Name: "retention.ms", Op: kafka.OpDelete})}})
	if got := fmt.Sprint(b.image().Configs(metadata.TopicResource("t"))); got != "[{cleanup.policy compact} {segment.ms 9}]" {
		t.Errorf("the topic has %s", got)
	}
	unknown := AlterOp{Name: "quota.window.num", Op: kafka.OpDelete}
	b.must(&AlterConfigs{Resources: []AlterResource{topicOps("t", unknown), {Resource: metadata.ClusterResource(), Ops: []AlterOp{unknown}}}})
	entries := b.image().Index()
	b.must(&AlterConfigs{ValidateOnly: true, Resources: []AlterResource{topicOps("t", set("retention.ms", "1"))}})
	if _, set := b.image().Configs(metadata.TopicResource("t")).Get("retention.ms"); set {
		t.Errorf("validated only, and written after index %d", entries)
	}
}

// TestDurabilityModeBeginsAnEpoch is D2 of the design: replicas sync their
// whole log before they act in the epoch of another mode.
func TestDurabilityModeBeginsAnEpoch(t *testing.T) {
	b := newBench(t)
	b.up(1, 2)
	b.create("t", ids(1, 2))
	b.create("own", ids(1, 2), synced)
	mode := func(name string) kafka.DurabilityMode { return b.image().TopicByName(name).Partitions.At(0).Mode }
	b.must(&AlterConfigs{Resources: []AlterResource{topicOps("t", set("flush.messages", "9223372036854775807"))}})
	b.wantShape("t", "1@1 isr[1 2] elr[] last[]")
	if mode("t") != kafka.ModeReplicated {
		t.Fatal("the mode did not follow flush.messages")
	}
	b.must(&AlterConfigs{Resources: []AlterResource{topicOps("t", set("flush.messages", "1000"))}})
	b.wantShape("t", "1@1 isr[1 2] elr[] last[]")
	b.must(&AlterConfigs{Resources: []AlterResource{topicOps("t", AlterOp{Name: "flush.messages", Op: kafka.OpDelete})}})
	b.wantShape("t", "1@2 isr[1 2] elr[] last[]")
	b.must(&AlterConfigs{Resources: []AlterResource{{Resource: metadata.ClusterResource(), Ops: []AlterOp{set("log.flush.interval.messages", "2")}}}})
	b.wantShape("t", "1@3 isr[1 2] elr[] last[]")
	b.wantShape("own", "1@0 isr[1 2] elr[] last[]")
	if mode("t") != kafka.ModeReplicated || mode("own") != kafka.ModeSynced {
		t.Fatal("the modes did not follow the brokers' default")
	}
}

// TestMinISREndsTheELR: once fewer replicas suffice to commit, who left may
// lack what commits.
func TestMinISREndsTheELR(t *testing.T) {
	b := newBench(t)
	b.up(1, 2)
	b.create("t", ids(1, 2), minISR2)
	b.silence(1)
	b.wantShape("t", "1@0 isr[1] elr[2] last[]")
	b.must(&AlterConfigs{Resources: []AlterResource{topicOps("t", set("min.insync.replicas", "1"))}})
	b.wantShape("t", "1@0 isr[1] elr[] last[]")
	b.must(&AlterConfigs{Resources: []AlterResource{topicOps("t", set("min.insync.replicas", "2"))}})
	b.wantShape("t", "1@0 isr[1] elr[] last[]")
}

func TestUncleanElectionWhenAllowed(t *testing.T) {
	b := newBench(t)
	b.up(1, 2)
	b.create("t", ids(1, 2))
	b.silence(2)
	b.silence()
	b.beat(2)
	b.silence(2)
	b.wantShape("t", "2@3 isr[2] elr[] last[]") // 2 was in the ELR
	b.silence()
	b.register(2, 9, 9, kafka.NoBrokerEpoch) // 2's disk is gone
	b.beat(1)
	b.wantShape("t", "-1@4 isr[] elr[] last[]")
	b.must(&AlterConfigs{Resources: []AlterResource{topicOps("t", set("unclean.leader.election.enable", "true"))}})
	b.wantShape("t", "1@5 isr[1] elr[] last[] recovering")
}
