package broker_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// joining is the first heartbeat of a member of the consumer protocol.
func joining(member string) *kmsg.ConsumerGroupHeartbeatRequest {
	q := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	q.Group, q.MemberID, q.RebalanceTimeoutMillis = "readers", member, 30_000
	q.SubscribedTopicNames, q.Topics = []string{"orders"}, []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	return q
}

// Settings of one group are kept, listed and described, and its members are told.
func TestSettingsOfAGroup(t *testing.T) {
	w := served(t)
	alter := kmsg.NewPtrIncrementalAlterConfigsRequest()
	res, c, value := kmsg.NewIncrementalAlterConfigsRequestResource(), kmsg.NewIncrementalAlterConfigsRequestResourceConfig(), "7000"
	c.Name, c.Value = "consumer.heartbeat.interval.ms", &value
	res.ResourceType, res.ResourceName, res.Configs = kmsg.ConfigResourceType(kafka.ResourceGroup), "readers", append(res.Configs, c)
	alter.Resources = append(alter.Resources, res)
	if a := w.ask(1, alter).(*kmsg.IncrementalAlterConfigsResponse); a.Resources[0].ErrorCode != 0 {
		t.Fatalf("%+v", a)
	}
	list := kmsg.NewPtrListConfigResourcesRequest()
	list.ResourceTypes = []int8{int8(kafka.ResourceGroup)}
	if a := w.ask(1, list).(*kmsg.ListConfigResourcesResponse); len(a.ConfigResources) != 1 || a.ConfigResources[0].Name != "readers" {
		t.Errorf("%+v", a)
	}
	describe := kmsg.NewPtrDescribeConfigsRequest()
	d := kmsg.NewDescribeConfigsRequestResource()
	d.ResourceType, d.ResourceName = kmsg.ConfigResourceType(kafka.ResourceGroup), "readers"
	describe.Resources = append(describe.Resources, d)
	a := w.ask(4, describe).(*kmsg.DescribeConfigsResponse).Resources[0]
	if len(a.Configs) != 2 || *a.Configs[0].Value != "7000" || a.Configs[0].Source != kmsg.ConfigSource(kafka.SourceGroup) || *a.Configs[1].Value != "45000" {
		t.Errorf("%+v", a)
	}
	found := kmsg.NewPtrFindCoordinatorRequest()
	found.CoordinatorKeys = []string{"readers"}
	for range 20 {
		w.ask(4, found)
		w.pass(kafka.Second)
		if a := w.ask(1, joining("m")).(*kmsg.ConsumerGroupHeartbeatResponse); a.ErrorCode == 0 {
			if a.HeartbeatIntervalMillis != 7000 {
				t.Errorf("%+v", a)
			}
			return
		}
	}
	t.Error("nobody may join")
}

// A member of the consumer protocol joins, is given every partition, commits in
// its epoch and is described; in another epoch it may do none of it.
func TestConsumerGroups(t *testing.T) {
	w := served(t)
	found := kmsg.NewPtrFindCoordinatorRequest()
	found.CoordinatorKeys = []string{"readers"}
	var a *kmsg.ConsumerGroupHeartbeatResponse
	for range 20 { // the offsets topic is made, and its coordinator loads
		w.ask(4, found)
		w.pass(kafka.Second)
		if a = w.ask(1, joining("m")).(*kmsg.ConsumerGroupHeartbeatResponse); a.ErrorCode == 0 {
			break
		}
	}
	if a.ErrorCode != 0 || a.MemberID == nil || *a.MemberID != "m" || a.MemberEpoch != 2 || a.HeartbeatIntervalMillis != 5000 || a.Assignment == nil || len(a.Assignment.Topics) != 1 {
		t.Fatalf("%+v", a)
	}
	again := kmsg.NewPtrConsumerGroupHeartbeatRequest()
	again.Group, again.MemberID, again.MemberEpoch = "readers", "m", 7
	if a := w.ask(1, again).(*kmsg.ConsumerGroupHeartbeatResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrFencedMemberEpoch {
		t.Errorf("%+v", a)
	}
	commit := kmsg.NewPtrOffsetCommitRequest()
	commit.Group, commit.MemberID, commit.Generation = "readers", "m", 2
	topic, p := kmsg.NewOffsetCommitRequestTopic(), kmsg.NewOffsetCommitRequestTopicPartition()
	topic.Topic, topic.Partitions = "orders", append(topic.Partitions, p)
	commit.Topics = append(commit.Topics, topic)
	for epoch, want := range map[int32]kafka.ErrorCode{0: kafka.ErrStaleMemberEpoch, 2: kafka.None} {
		commit.Generation = epoch
		if a := w.ask(9, commit).(*kmsg.OffsetCommitResponse); kafka.ErrorCode(a.Topics[0].Partitions[0].ErrorCode) != want {
			t.Errorf("a commit in epoch %d: %+v", epoch, a)
		}
	}
	fetch := kmsg.NewPtrOffsetFetchRequest()
	g, member := kmsg.NewOffsetFetchRequestGroup(), "m"
	g.Group, g.MemberID, g.MemberEpoch = "readers", &member, 0
	fetch.Groups = append(fetch.Groups, g)
	if a := w.ask(9, fetch).(*kmsg.OffsetFetchResponse); kafka.ErrorCode(a.Groups[0].ErrorCode) != kafka.ErrStaleMemberEpoch {
		t.Errorf("%+v", a)
	}
	describe := kmsg.NewPtrConsumerGroupDescribeRequest()
	describe.Groups = []string{"readers", "others"}
	d := w.ask(1, describe).(*kmsg.ConsumerGroupDescribeResponse).Groups
	if d[0].State != "Stable" || d[0].Epoch != 2 || d[0].AssignorName != "uniform" || len(d[0].Members) != 1 || d[0].Members[0].Assignment.TopicPartitions[0].Topic != "orders" {
		t.Errorf("%+v", d[0])
	}
	if kafka.ErrorCode(d[1].ErrorCode) != kafka.ErrGroupIDNotFound {
		t.Errorf("%+v", d[1])
	}
	list := kmsg.NewPtrListGroupsRequest()
	list.TypesFilter, list.StatesFilter = []string{"consumer"}, []string{"stable"}
	if a := w.ask(5, list).(*kmsg.ListGroupsResponse); len(a.Groups) != 1 || a.Groups[0].GroupType != "consumer" {
		t.Errorf("%+v", a)
	}
}
