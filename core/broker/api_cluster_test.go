package broker_test

import (
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/core/quorum"
)

// through asks a broker that is not the controller.
func through(worlds []*world, w *world, version int16, body protocol.Body) protocol.Body {
	w.t.Helper()
	corr := w.queue(1, version, body)
	settleAll(worlds)
	return w.answer(corr)
}

func createAssigned(name string, replicas ...int32) *kmsg.CreateTopicsRequest {
	q := kmsg.NewPtrCreateTopicsRequest()
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = name, -1, -1
	t.ReplicaAssignment = []kmsg.CreateTopicsRequestTopicReplicaAssignment{{Replicas: replicas}}
	q.Topics = append(q.Topics, t)
	return q
}

func reassignment(topic string, replicas []int32) *kmsg.AlterPartitionAssignmentsRequest {
	q := kmsg.NewPtrAlterPartitionAssignmentsRequest()
	q.Topics = []kmsg.AlterPartitionAssignmentsRequestTopic{{
		Topic: topic, Partitions: []kmsg.AlterPartitionAssignmentsRequestTopicPartition{{Replicas: replicas}},
	}}
	return q
}

func TestReassignmentThroughAnyBroker(t *testing.T) {
	worlds := cluster(t, 3)
	other := worlds[2]
	through(worlds, other, 7, createAssigned("orders", 1))
	worlds[1].kill() // it cannot catch up
	alter := func(version int16, topic string, replicas []int32) kmsg.AlterPartitionAssignmentsResponseTopicPartition {
		t.Helper()
		a := through(worlds, other, version, reassignment(topic, replicas)).(*kmsg.AlterPartitionAssignmentsResponse)
		if a.ErrorCode != 0 || len(a.Topics) != 1 || a.Topics[0].Topic != topic {
			t.Fatalf("%+v", a)
		}
		return a.Topics[0].Partitions[0]
	}
	for version := range int16(2) {
		if p := alter(version, "orders", []int32{2}); p.ErrorCode != 0 {
			t.Fatalf("%+v", p)
		}
	}
	q := kmsg.NewPtrListPartitionReassignmentsRequest()
	a := through(worlds, other, 0, q).(*kmsg.ListPartitionReassignmentsResponse)
	p := a.Topics[0].Partitions[0]
	if !slices.Equal(p.Replicas, []int32{2, 1}) || !slices.Equal(p.AddingReplicas, []int32{2}) || !slices.Equal(p.RemovingReplicas, []int32{1}) {
		t.Fatalf("%+v", p)
	}
	if p := alter(0, "orders", nil); p.ErrorCode != 0 {
		t.Fatalf("cancel: %+v", p)
	}
	if p := alter(0, "orders", nil); kafka.ErrorCode(p.ErrorCode) != kafka.ErrNoReassignmentInProgress || p.ErrorMessage == nil {
		t.Fatalf("cancel again: %+v", p)
	}
	if a := through(worlds, other, 0, q).(*kmsg.ListPartitionReassignmentsResponse); len(a.Topics) != 0 {
		t.Fatalf("%+v", a)
	}
	if p := alter(1, "orders", []int32{3}); p.ErrorCode != 0 {
		t.Fatalf("%+v", p)
	}
	passAll(worlds, 600*kafka.Millisecond)
	if p := worlds[0].b.Image().TopicByName("orders").Partitions.At(0); p.Reassigning() || p.Leader != 3 {
		t.Fatalf("broker 3 is alive and takes the partition over: %+v", p.PartitionState)
	}
}

func TestElectLeadersThroughAnyBroker(t *testing.T) {
	worlds := cluster(t, 3)
	through(worlds, worlds[1], 7, createAssigned("orders", 1, 2))
	through(worlds, worlds[1], 1, reassignment("orders", []int32{2, 1}))
	q := kmsg.NewPtrElectLeadersRequest()
	q.Topics = []kmsg.ElectLeadersRequestTopic{{Topic: "orders", Partitions: []int32{0, 7}}, {Topic: "none", Partitions: []int32{0}}}
	a := through(worlds, worlds[1], 2, q).(*kmsg.ElectLeadersResponse)
	if len(a.Topics) != 2 || a.Topics[0].Partitions[0].ErrorCode != 0 ||
		kafka.ErrorCode(a.Topics[0].Partitions[1].ErrorCode) != kafka.ErrUnknownTopicOrPartition ||
		kafka.ErrorCode(a.Topics[1].Partitions[0].ErrorCode) != kafka.ErrUnknownTopicOrPartition {
		t.Fatalf("%+v", a)
	}
	if p := worlds[0].b.Image().TopicByName("orders").Partitions.At(0); p.Leader != 2 {
		t.Fatalf("leader %d", p.Leader)
	}
	a = through(worlds, worlds[1], 0, q).(*kmsg.ElectLeadersResponse)
	if kafka.ErrorCode(a.Topics[0].Partitions[0].ErrorCode) != kafka.ErrElectionNotNeeded {
		t.Fatalf("%+v", a)
	}
	q.Topics = nil
	if a = through(worlds, worlds[1], 2, q).(*kmsg.ElectLeadersResponse); len(a.Topics) != 0 {
		t.Fatalf("everybody has the preferred leader: %+v", a)
	}
	q.ElectionType = 5
	if a = through(worlds, worlds[1], 2, q).(*kmsg.ElectLeadersResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrInvalidRequest {
		t.Fatalf("%+v", a)
	}
}

// A broker that is unregistered while it lives registers again.
func TestUnregisterALivingBroker(t *testing.T) {
	worlds := cluster(t, 3)
	before := worlds[0].b.Image().Broker(3).Epoch
	q := kmsg.NewPtrUnregisterBrokerRequest()
	q.BrokerID = 3
	if a := through(worlds, worlds[1], 0, q).(*kmsg.UnregisterBrokerResponse); a.ErrorCode != 0 {
		t.Fatalf("%+v", a)
	}
	for range 8 {
		passAll(worlds, 600*kafka.Millisecond)
	}
	if k := worlds[0].b.Image().Broker(3); k == nil || k.Epoch <= before || k.Fenced || !worlds[2].b.Ready() {
		t.Fatalf("broker 3: %+v", k)
	}
	q.BrokerID = 9
	if a := through(worlds, worlds[1], 0, q).(*kmsg.UnregisterBrokerResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrBrokerIDNotRegistered {
		t.Fatalf("%+v", a)
	}
}

func TestUpdateFeaturesOnTheWire(t *testing.T) {
	worlds := cluster(t, 2)
	q := kmsg.NewPtrUpdateFeaturesRequest()
	q.FeatureUpdates = []kmsg.UpdateFeaturesRequestFeatureUpdate{{Feature: "metadata.version", MaxVersionLevel: 25, UpgradeType: 1}}
	for version := range int16(3) {
		a := through(worlds, worlds[1], version, q).(*kmsg.UpdateFeaturesResponse)
		if a.ErrorCode != 0 || (len(a.Results) == 1) != (version < 2) {
			t.Fatalf("version %d: %+v", version, a)
		}
	}
	q.FeatureUpdates[0].MaxVersionLevel = 99
	a := through(worlds, worlds[1], 2, q).(*kmsg.UpdateFeaturesResponse)
	if kafka.ErrorCode(a.ErrorCode) != kafka.ErrInvalidUpdateVersion || a.ErrorMessage == nil {
		t.Fatalf("%+v", a)
	}
}

func TestDescribeQuorumAndVoters(t *testing.T) {
	worlds := cluster(t, 3)
	members := &quorum.Members{Version: 1, Highest: 4, Members: []quorum.Member{{Replica: 2, Node: 1, Voter: true}, {Replica: 3, Node: 2, Voter: true}, {Replica: 4, Node: 3}}}
	for _, w := range worlds {
		w.give(&broker.Quorum{Event: members})
	}
	settleAll(worlds)
	q := kmsg.NewPtrDescribeQuorumRequest()
	q.Topics = []kmsg.DescribeQuorumRequestTopic{{Topic: "__cluster_metadata", Partitions: []kmsg.DescribeQuorumRequestTopicPartition{{}}}}
	a := through(worlds, worlds[2], 2, q).(*kmsg.DescribeQuorumResponse)
	p := a.Topics[0].Partitions[0]
	if p.LeaderID != 1 || len(p.CurrentVoters) != 2 || len(p.Observers) != 1 || p.Observers[0].ReplicaID != 3 || p.HighWatermark < 1 || len(a.Nodes) != 3 || a.Nodes[1].Listeners[0].Host != "broker2" {
		t.Fatalf("%+v", a)
	}
	q.Topics[0].Topic = "orders"
	if a := through(worlds, worlds[2], 2, q).(*kmsg.DescribeQuorumResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrInvalidRequest {
		t.Fatalf("%+v", a)
	}
	add := kmsg.NewPtrAddRaftVoterRequest()
	add.VoterID = 3
	for version := range int16(2) {
		a := through(worlds, worlds[1], version, add).(*kmsg.AddRaftVoterResponse)
		if want := []kafka.ErrorCode{kafka.None, kafka.ErrDuplicateVoter}[version]; kafka.ErrorCode(a.ErrorCode) != want {
			t.Fatalf("add: %+v, want %v", a, want)
		}
	}
	remove := kmsg.NewPtrRemoveRaftVoterRequest()
	remove.VoterID = 2
	if a := through(worlds, worlds[1], 0, remove).(*kmsg.RemoveRaftVoterResponse); a.ErrorCode != 0 {
		t.Fatalf("remove: %+v", a)
	}
	if got := worlds[1].b.Image().Replicas(); len(got) != 2 || got[1].Node != 3 || !got[1].Voter {
		t.Fatalf("%+v", got)
	}
}

// Who joins the metadata quorum is told whom to ask, and then which replica it is.
func TestJoinQuorum(t *testing.T) {
	worlds := cluster(t, 2)
	members := &quorum.Members{Version: 1, Highest: 3, Members: []quorum.Member{{Replica: 2, Node: 1, Voter: true}, {Replica: 3, Node: 2, Voter: true}}}
	worlds[0].give(&broker.Quorum{Event: members})
	settleAll(worlds)
	ask := func(w *world) quorum.Joined {
		t.Helper()
		w.joins = nil
		w.give(&broker.JoinQuorum{Ref: 9, Join: quorum.Join{Node: 5, Directory: kafka.DirectoryID{5}}})
		settleAll(worlds)
		if len(w.joins) != 1 || w.joins[0].Ref != 9 {
			t.Fatalf("answers %+v", w.joins)
		}
		return w.joins[0].Answer
	}
	if a := ask(worlds[1]); a.Error != kafka.ErrNotController || a.Controller != 1 {
		t.Fatalf("%+v", a)
	}
	if a := ask(worlds[0]); a.Error != kafka.None || a.Replica != 4 {
		t.Fatalf("%+v", a)
	}
	if a := ask(worlds[0]); a.Replica != 4 {
		t.Fatalf("again: %+v", a)
	}
	want := quorum.Reconfigure{Version: 1, Step: quorum.AddNonVoter, Replica: 4, Node: 5}
	if !slices.Contains(worlds[0].steps, want) {
		t.Fatalf("steps %+v", worlds[0].steps)
	}
}

func TestListConfigResources(t *testing.T) {
	w := served(t)
	q := kmsg.NewPtrListConfigResourcesRequest()
	names := func(version int16, kinds ...int8) (got []string) {
		t.Helper()
		q.ResourceTypes = kinds
		a := w.ask(version, q).(*kmsg.ListConfigResourcesResponse)
		if a.ErrorCode != 0 {
			t.Fatalf("%+v", a)
		}
		for _, r := range a.ConfigResources {
			got = append(got, kmsg.ConfigResourceType(r.Type).String()+":"+r.Name)
		}
		return got
	}
	if got := names(1); !slices.Equal(got, []string{"TOPIC:orders", "BROKER:1", "BROKER:", "BROKER_LOGGER:1"}) {
		t.Errorf("all: %v", got)
	}
	if got := names(1, 2); !slices.Equal(got, []string{"TOPIC:orders"}) {
		t.Errorf("topics: %v", got)
	}
	if got := names(0); got != nil {
		t.Errorf("client metrics: %v", got)
	}
	q.ResourceTypes = []int8{77}
	if a := w.ask(1, q).(*kmsg.ListConfigResourcesResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrUnsupportedVersion {
		t.Errorf("%+v", a)
	}
}

func TestDescribeLogDirs(t *testing.T) {
	w := served(t)
	w.mustProduce("orders", 1, "a")
	w.give(&broker.DiskSpace{Free: 12345 << 20})
	q := kmsg.NewPtrDescribeLogDirsRequest()
	a := w.ask(4, q).(*kmsg.DescribeLogDirsResponse)
	d := a.Dirs[0]
	if d.ErrorCode != 0 || d.UsableBytes != 12345<<20 || len(d.Topics) != 1 || len(d.Topics[0].Partitions) != 2 {
		t.Fatalf("%+v", a)
	}
	if p := d.Topics[0].Partitions; p[0].Size != 0 || p[1].Size == 0 || p[1].OffsetLag != 0 {
		t.Fatalf("%+v", p)
	}
	q.Topics = []kmsg.DescribeLogDirsRequestTopic{{Topic: "orders", Partitions: []int32{1, 5}}}
	a = w.ask(1, q).(*kmsg.DescribeLogDirsResponse)
	if p := a.Dirs[0].Topics[0].Partitions; len(p) != 1 || p[0].Partition != 1 {
		t.Fatalf("%+v", a)
	}
}
