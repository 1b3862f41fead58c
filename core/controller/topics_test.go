package controller

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

func TestCreateTopicsRefusals(t *testing.T) {
	plain := func(name string, partitions int32, rf int16) NewTopic {
		return NewTopic{Name: name, Partitions: partitions, ReplicationFactor: rf}
	}
	byHand := func(replicas ...[]kafka.BrokerID) NewTopic {
		n := plain("x", -1, -1)
		for i, r := range replicas {
			n.Assignments = append(n.Assignments, Assignment{kafka.PartitionIndex(i), r})
		}
		return n
	}
	with := func(name string, value *string) NewTopic {
		n := plain("x", 1, 1)
		n.Configs = []NewConfig{{name, value}}
		return n
	}
	gap := byHand(ids(1))
	gap.Assignments[0].Partition = 1
	both := byHand(ids(1))
	both.Partitions = 1
	cases := []struct {
		what  string
		topic NewTopic
		want  kafka.ErrorCode
	}{
		{"no name", plain("", 1, 1), kafka.ErrInvalidTopicException},
		{"dots", plain("..", 1, 1), kafka.ErrInvalidTopicException},
		{"a space", plain("a b", 1, 1), kafka.ErrInvalidTopicException},
		{"250 letters", plain(strings.Repeat("a", 250), 1, 1), kafka.ErrInvalidTopicException},
		{"exists", plain("old.topic", 1, 1), kafka.ErrTopicAlreadyExists},
		{"collides", plain("old_topic", 1, 1), kafka.ErrInvalidTopicException},
		{"no partitions", plain("x", 0, 1), kafka.ErrInvalidPartitions},
		{"minus two partitions", plain("x", -2, 1), kafka.ErrInvalidPartitions},
		{"no replicas", plain("x", 1, 0), kafka.ErrInvalidReplicationFactor},
		{"more replicas than brokers", plain("x", 1, 4), kafka.ErrInvalidReplicationFactor},
		{"assignment and counts", both, kafka.ErrInvalidRequest},
		{"assignment with a gap", gap, kafka.ErrInvalidReplicaAssignment},
		{"assignment to nobody", byHand(ids()), kafka.ErrInvalidReplicaAssignment},
		{"assignment to one twice", byHand(ids(1, 1)), kafka.ErrInvalidReplicaAssignment},
		{"assignment to a stranger", byHand(ids(1, 9)), kafka.ErrInvalidReplicaAssignment},
		{"uneven assignment", byHand(ids(1), ids(1, 2)), kafka.ErrInvalidReplicaAssignment},
		{"assignment to the fenced", byHand(ids(3)), kafka.ErrInvalidReplicaAssignment},
		{"unknown setting", with("nonsense", text("1")), kafka.ErrInvalidConfig},
		{"a broker's setting", with("num.partitions", text("1")), kafka.ErrInvalidConfig},
		{"refused value", with("retention.ms", text("-5")), kafka.ErrInvalidConfig},
		{"null value", with("retention.ms", nil), kafka.ErrInvalidConfig},
	}
	b := newBench(t)
	b.up(1, 2)
	b.register(3, 3, 3, kafka.NoBrokerEpoch) // known, fenced
	b.create("old.topic", ids(1))
	for _, c := range cases {
		r := b.must(&CreateTopics{Topics: []NewTopic{c.topic, plain("beside-"+fmt.Sprint(len(b.log)), 1, 1)}}).(*CreateTopicsResult)
		wantCode(t, c.what, r.Topics[0].Error, c.want, r.Topics[0].Message)
		if r.Topics[1].Error != kafka.None {
			t.Errorf("%s: its neighbour was refused too: %v", c.what, r.Topics[1].Message)
		}
		if b.image().TopicByName("x") != nil {
			t.Fatalf("%s: the topic exists", c.what)
		}
	}
	r := b.must(&CreateTopics{Topics: []NewTopic{plain("d", 1, 1), plain("d", 2, 1)}}).(*CreateTopicsResult)
	if r.Topics[0].Error != kafka.ErrInvalidRequest || r.Topics[1].Error != kafka.ErrInvalidRequest {
		t.Errorf("a name given twice: %v, %v", r.Topics[0].Error, r.Topics[1].Error)
	}
	whole, _ := b.ask(&CreateTopics{Topics: []NewTopic{plain("x", 10_001, 1)}})
	wantCode(t, "too many partitions", whole.Error, kafka.ErrPolicyViolation, whole.Message)
}

func TestCreateTopicsDefaults(t *testing.T) {
	b := newBench(t, func(c *Config) {
		c.Static = kafka.NewConfigMap(kafka.ConfigEntry{Name: "num.partitions", Value: "3"}, kafka.ConfigEntry{Name: "default.replication.factor", Value: "2"})
	})
	b.up(1, 2, 3)
	r := b.must(&CreateTopics{Topics: []NewTopic{{Name: "t", Partitions: -1, ReplicationFactor: -1}}}).(*CreateTopicsResult).Topics[0]
	if r.Partitions != 3 || r.ReplicationFactor != 2 {
		t.Fatalf("defaults came to %d partitions of %d replicas", r.Partitions, r.ReplicationFactor)
	}
	topic := b.image().Topic(r.ID)
	if topic == nil || topic.Partitions.Len() != 3 || topic.Partitions.At(0).Mode != kafka.ModeSynced {
		t.Fatalf("the topic is %+v", topic)
	}
	for _, p := range topic.Partitions.All {
		if len(p.ISR) != 2 || p.Leader != p.Replicas[0] || p.LeaderEpoch != 0 {
			t.Errorf("partition %d is %+v", p.Index, p.PartitionState)
		}
	}
	if len(r.Configs) == 0 {
		t.Error("the answer lists no settings")
	}
	r = b.must(&CreateTopics{ValidateOnly: true, Topics: []NewTopic{{Name: "v", Partitions: 1, ReplicationFactor: 1}}}).(*CreateTopicsResult).Topics[0]
	if r.Error != kafka.None || r.ID != (kafka.TopicID{}) || r.Partitions != 1 || b.image().TopicByName("v") != nil {
		t.Errorf("validated only: %+v", r)
	}
}

// TestSafeMinISR is D9 of the design: three replicas mean two in sync, unless
// somebody says otherwise.
func TestSafeMinISR(t *testing.T) {
	static := func(c *Config) {
		c.Static = kafka.NewConfigMap(kafka.ConfigEntry{Name: "min.insync.replicas", Value: "1"})
	}
	nothing := func(*Config) {}
	cases := []struct {
		what    string
		change  func(*Config)
		rf      int
		configs []NewConfig
		want    string
	}{
		{"three replicas", nothing, 3, nil, "2"},
		{"two replicas", nothing, 2, nil, ""},
		{"the topic says so", nothing, 3, []NewConfig{{"min.insync.replicas", text("1")}}, "1"},
		{"the broker says so", static, 3, nil, ""},
	}
	for _, c := range cases {
		b := newBench(t, c.change)
		b.up(1, 2, 3)
		b.create("t", ids(1, 2, 3)[:c.rf], c.configs...)
		got, _ := b.image().Configs(metadata.TopicResource("t")).Get("min.insync.replicas")
		if got != c.want {
			t.Errorf("%s: min.insync.replicas=%q, want %q", c.what, got, c.want)
		}
	}
}

func TestPlacement(t *testing.T) {
	b := newBench(t)
	racks := []string{"a", "a", "b", "b", "c", "c"}
	for i, rack := range racks {
		id := kafka.BrokerID(i)
		b.must(&RegisterBroker{Broker: id, Incarnation: life(50 + i), Directory: dir(50 + i), Previous: -1, Rack: rack, Listeners: []metadata.Listener{{Name: "P"}}})
		b.beat(id)
	}
	r := b.must(&CreateTopics{Topics: []NewTopic{{Name: "t", Partitions: 60, ReplicationFactor: 3}}}).(*CreateTopicsResult).Topics[0]
	leads, holds := map[kafka.BrokerID]int{}, map[kafka.BrokerID]int{}
	for _, p := range b.image().Topic(r.ID).Partitions.All {
		leads[p.Leader]++
		seen := map[string]bool{}
		for _, id := range p.Replicas {
			holds[id]++
			seen[racks[id]] = true
		}
		if len(seen) != 3 {
			t.Errorf("partition %d lies in %d racks: %v", p.Index, len(seen), p.Replicas)
		}
	}
	for i := range racks {
		id := kafka.BrokerID(i)
		if leads[id] != 10 || holds[id] < 24 || holds[id] > 36 {
			t.Errorf("broker %d leads %d and holds %d of 60", id, leads[id], holds[id])
		}
	}
	b.silence(0, 1)
	r = b.must(&CreateTopics{Topics: []NewTopic{{Name: "u", Partitions: 4, ReplicationFactor: 3}}}).(*CreateTopicsResult).Topics[0]
	for _, p := range b.image().Topic(r.ID).Partitions.All {
		if len(p.ISR) != 2 || !slices.Contains(p.ISR, 0) || !slices.Contains(p.ISR, 1) || len(p.Replicas) != 3 {
			t.Errorf("with two brokers alive, partition %d is %+v", p.Index, p.PartitionState)
		}
	}
}

func TestDeleteTopics(t *testing.T) {
	b := newBench(t)
	b.up(1)
	a, c := b.create("a", ids(1), synced), b.create("c", ids(1))
	r := b.must(&DeleteTopics{Topics: []TopicRef{
		{Name: "a"}, {ID: c.ID}, {Name: "nobody"}, {ID: kafka.TopicID{9}}, {}, {Name: "a", ID: a.ID},
	}}).(*DeleteTopicsResult)
	want := []kafka.ErrorCode{kafka.None, kafka.None, kafka.ErrUnknownTopicOrPartition, kafka.ErrUnknownTopicID, kafka.ErrInvalidRequest, kafka.ErrInvalidRequest}
	for i := range want {
		wantCode(t, fmt.Sprint("topic ", i), r.Topics[i].Error, want[i], r.Topics[i].Message)
	}
	if r.Topics[0].ID != a.ID || r.Topics[1].Name != "c" {
		t.Errorf("the answer does not name both: %+v", r.Topics[:2])
	}
	if b.image().TopicCount() != 0 || len(b.image().Configs(metadata.TopicResource("a"))) != 0 {
		t.Error("something is left")
	}
	again := b.create("a", ids(1))
	if again.ID == a.ID {
		t.Error("a topic of the same name has the same ID")
	}
	r = b.must(&DeleteTopics{Topics: []TopicRef{{Name: "a"}, {ID: again.ID}}}).(*DeleteTopicsResult)
	if r.Topics[0].Error != kafka.ErrInvalidRequest || r.Topics[1].Error != kafka.ErrInvalidRequest {
		t.Errorf("one topic twice: %+v", r.Topics)
	}

	off := newBench(t, func(c *Config) {
		c.Static = kafka.NewConfigMap(kafka.ConfigEntry{Name: "delete.topic.enable", Value: "false"})
	})
	got, _ := off.ask(&DeleteTopics{Topics: []TopicRef{{Name: "a"}}})
	wantCode(t, "deletion off", got.Error, kafka.ErrTopicDeletionDisabled, got.Message)
}

func TestCreatePartitions(t *testing.T) {
	b := newBench(t)
	b.up(1, 2)
	b.create("t", ids(1, 2), replicated)
	cases := []struct {
		what string
		more MorePartitions
		want kafka.ErrorCode
	}{
		{"unknown", MorePartitions{Name: "u", Count: 2}, kafka.ErrUnknownTopicOrPartition},
		{"as many", MorePartitions{Name: "t", Count: 1}, kafka.ErrInvalidPartitions},
		{"fewer", MorePartitions{Name: "t", Count: 0}, kafka.ErrInvalidPartitions},
		{"too many", MorePartitions{Name: "t", Count: 20_000}, kafka.ErrPolicyViolation},
		{"too few assignments", MorePartitions{Name: "t", Count: 3, Assignments: [][]kafka.BrokerID{ids(1, 2)}}, kafka.ErrInvalidReplicaAssignment},
		{"another factor", MorePartitions{Name: "t", Count: 2, Assignments: [][]kafka.BrokerID{ids(1)}}, kafka.ErrInvalidReplicaAssignment},
		{"a stranger", MorePartitions{Name: "t", Count: 2, Assignments: [][]kafka.BrokerID{ids(1, 7)}}, kafka.ErrInvalidReplicaAssignment},
	}
	for _, c := range cases {
		r := b.must(&CreatePartitions{Topics: []MorePartitions{c.more}}).(*CreatePartitionsResult).Topics[0]
		wantCode(t, c.what, r.Error, c.want, r.Message)
	}
	twice := b.must(&CreatePartitions{Topics: []MorePartitions{{Name: "t", Count: 2}, {Name: "t", Count: 3}}}).(*CreatePartitionsResult)
	if twice.Topics[0].Error != kafka.ErrInvalidRequest || twice.Topics[1].Error != kafka.ErrInvalidRequest {
		t.Errorf("a name given twice: %+v", twice.Topics)
	}
	b.must(&CreatePartitions{ValidateOnly: true, Topics: []MorePartitions{{Name: "t", Count: 2}}})
	if n := b.image().TopicByName("t").Partitions.Len(); n != 1 {
		t.Fatalf("validated only, and there are %d partitions", n)
	}
	b.must(&CreatePartitions{Topics: []MorePartitions{{Name: "t", Count: 3, Assignments: [][]kafka.BrokerID{ids(2, 1), ids(1, 2)}}}})
	parts := &b.image().TopicByName("t").Partitions
	if parts.Len() != 3 || parts.At(1).Leader != 2 || parts.At(2).Leader != 1 || parts.At(1).Mode != kafka.ModeReplicated {
		t.Fatalf("the new partitions are %+v", parts)
	}
}
