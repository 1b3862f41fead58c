package broker_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

func TestMetadata(t *testing.T) {
	w := served(t)
	name := func(s string) *kmsg.MetadataRequest {
		q := kmsg.NewPtrMetadataRequest()
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = &s
		q.Topics = append(q.Topics, topic)
		return q
	}
	a := w.ask(12, name("orders")).(*kmsg.MetadataResponse)
	topic := a.Topics[0]
	if topic.ErrorCode != 0 || len(topic.Partitions) != 2 || topic.TopicID == [16]byte{} || *a.ClusterID != w.b.ClusterID() {
		t.Fatalf("metadata %+v", a)
	}
	if p := topic.Partitions[1]; p.Leader != 1 || p.Partition != 1 || len(p.ISR) != 1 || len(p.OfflineReplicas) != 0 {
		t.Fatalf("partition %+v", p)
	}
	if b := a.Brokers[0]; b.Host != "localhost" || b.Port != 9092 {
		t.Fatalf("broker %+v", b)
	}
	byID := kmsg.NewPtrMetadataRequest()
	byID.Topics = append(byID.Topics, kmsg.MetadataRequestTopic{TopicID: topic.TopicID}, kmsg.MetadataRequestTopic{TopicID: [16]byte{1}})
	a = w.ask(12, byID).(*kmsg.MetadataResponse)
	if *a.Topics[0].Topic != "orders" || kafka.ErrorCode(a.Topics[1].ErrorCode) != kafka.ErrUnknownTopicID {
		t.Fatalf("by ID %+v", a.Topics)
	}
	for s, want := range map[string]kafka.ErrorCode{"nowhere": kafka.ErrUnknownTopicOrPartition, "b@d": kafka.ErrInvalidTopicException} {
		if a := w.ask(12, name(s)).(*kmsg.MetadataResponse); kafka.ErrorCode(a.Topics[0].ErrorCode) != want {
			t.Errorf("%s: %d", s, a.Topics[0].ErrorCode)
		}
	}
	if w.b.Image().TopicCount() != 1 {
		t.Error("metadata has created a topic")
	}
	none := kmsg.NewPtrMetadataRequest()
	none.Topics = []kmsg.MetadataRequestTopic{}
	for version, want := range map[int16]int{0: 1, 1: 0, 12: 0} {
		if a := w.ask(version, none).(*kmsg.MetadataResponse); len(a.Topics) != want {
			t.Errorf("no topics in version %d: %d", version, len(a.Topics))
		}
	}
	none.Topics = nil
	if a := w.ask(12, none).(*kmsg.MetadataResponse); len(a.Topics) != 1 {
		t.Errorf("all topics: %d", len(a.Topics))
	}
}

func TestCreateAndDeleteTopicsErrors(t *testing.T) {
	w := served(t)
	for _, c := range []struct {
		q    *kmsg.CreateTopicsRequest
		want kafka.ErrorCode
	}{
		{createTopic("orders", 1), kafka.ErrTopicAlreadyExists},
		{createTopic("b@d", 1), kafka.ErrInvalidTopicException},
		{createTopic("new", 0), kafka.ErrInvalidPartitions},
		{createTopic("new", 1, "no.such.setting", "1"), kafka.ErrInvalidConfig},
		{createTopic("new", 1, "retention.ms", "soon"), kafka.ErrInvalidConfig},
	} {
		a := w.ask(7, c.q).(*kmsg.CreateTopicsResponse)
		if kafka.ErrorCode(a.Topics[0].ErrorCode) != c.want || a.Topics[0].ErrorMessage == nil {
			t.Errorf("%s: %d, want %v", c.q.Topics[0].Topic, a.Topics[0].ErrorCode, c.want)
		}
	}
	defaults := createTopic("new", -1)
	defaults.Topics[0].ReplicationFactor = -1
	a := w.ask(7, defaults).(*kmsg.CreateTopicsResponse).Topics[0]
	if a.ErrorCode != 0 || a.NumPartitions != 1 || a.ReplicationFactor != 1 || a.TopicID == [16]byte{} || len(a.Configs) == 0 {
		t.Fatalf("created %+v", a)
	}
	if a := w.ask(6, deleteTopic("nowhere")).(*kmsg.DeleteTopicsResponse).Topics[0]; kafka.ErrorCode(a.ErrorCode) != kafka.ErrUnknownTopicOrPartition {
		t.Errorf("delete: %d", a.ErrorCode)
	}
	byID := kmsg.NewPtrDeleteTopicsRequest()
	byID.TimeoutMillis = 1000
	byID.Topics = append(byID.Topics, kmsg.DeleteTopicsRequestTopic{TopicID: a.TopicID}, kmsg.DeleteTopicsRequestTopic{TopicID: [16]byte{3}})
	d := w.ask(6, byID).(*kmsg.DeleteTopicsResponse)
	if d.Topics[0].ErrorCode != 0 || kafka.ErrorCode(d.Topics[1].ErrorCode) != kafka.ErrUnknownTopicID {
		t.Errorf("delete by ID: %+v", d.Topics)
	}
	old := kmsg.NewPtrDeleteTopicsRequest()
	old.TopicNames, old.TimeoutMillis = []string{"orders"}, 1000
	if d := w.ask(3, old).(*kmsg.DeleteTopicsResponse); d.Topics[0].ErrorCode != 0 || *d.Topics[0].Topic != "orders" {
		t.Errorf("delete by name in version 3: %+v", d.Topics)
	}
	if n := w.b.Image().TopicCount(); n != 0 {
		t.Errorf("%d topics are left", n)
	}
	if n := w.b.Counters().Logs; n != 0 {
		t.Errorf("%d logs are left", n)
	}
}

func TestCreatePartitions(t *testing.T) {
	w := served(t)
	more := func(topic string, count int32) kafka.ErrorCode {
		q := kmsg.NewPtrCreatePartitionsRequest()
		q.TimeoutMillis = 1000
		q.Topics = append(q.Topics, kmsg.CreatePartitionsRequestTopic{Topic: topic, Count: count})
		return kafka.ErrorCode(w.ask(3, q).(*kmsg.CreatePartitionsResponse).Topics[0].ErrorCode)
	}
	if code := more("orders", 4); code != kafka.None {
		t.Fatalf("grow: %v", code)
	}
	w.mustProduce("orders", 3, "a")
	if code := more("orders", 2); code != kafka.ErrInvalidPartitions {
		t.Errorf("shrink: %v", code)
	}
	if code := more("nowhere", 2); code != kafka.ErrUnknownTopicOrPartition {
		t.Errorf("unknown: %v", code)
	}
}

func TestConfigs(t *testing.T) {
	w := served(t)
	alter := func(kind kmsg.ConfigResourceType, resource, name, value string) kafka.ErrorCode {
		q := kmsg.NewPtrIncrementalAlterConfigsRequest()
		r := kmsg.NewIncrementalAlterConfigsRequestResource()
		r.ResourceType, r.ResourceName = kind, resource
		r.Configs = append(r.Configs, kmsg.IncrementalAlterConfigsRequestResourceConfig{Name: name, Value: &value})
		q.Resources = append(q.Resources, r)
		return kafka.ErrorCode(w.ask(1, q).(*kmsg.IncrementalAlterConfigsResponse).Resources[0].ErrorCode)
	}
	describe := func(kind kmsg.ConfigResourceType, resource string, names ...string) kmsg.DescribeConfigsResponseResource {
		q := kmsg.NewPtrDescribeConfigsRequest()
		r := kmsg.NewDescribeConfigsRequestResource()
		r.ResourceType, r.ResourceName, r.ConfigNames = kind, resource, names
		q.IncludeSynonyms, q.IncludeDocumentation = true, true
		q.Resources = append(q.Resources, r)
		return w.ask(4, q).(*kmsg.DescribeConfigsResponse).Resources[0]
	}
	const topic, server = kmsg.ConfigResourceTypeTopic, kmsg.ConfigResourceTypeBroker
	if code := alter(topic, "orders", "max.message.bytes", "100"); code != kafka.None {
		t.Fatalf("alter: %v", code)
	}
	if a := w.ask(produceV, produce("orders", 0, -1, w.batch(strings.Repeat("x", 200)))).(*protocol.ProduceResponse); a.Partitions[0].Err != kafka.ErrMessageTooLarge {
		t.Errorf("the new setting does not hold: %v", a.Partitions[0].Err)
	}
	c := describe(topic, "orders", "max.message.bytes").Configs[0]
	if *c.Value != "100" || c.Source != kmsg.ConfigSourceDynamicTopicConfig || c.IsDefault || len(c.ConfigSynonyms) == 0 || c.Documentation == nil {
		t.Errorf("described %+v", c)
	}
	if all := describe(topic, "orders").Configs; len(all) < 15 {
		t.Errorf("%d settings of a topic", len(all))
	}
	if all := describe(server, "1").Configs; len(all) < 15 {
		t.Errorf("%d settings of a broker", len(all))
	}
	if d := describe(server, "2"); kafka.ErrorCode(d.ErrorCode) != kafka.ErrInvalidRequest {
		t.Errorf("another broker's settings: %d", d.ErrorCode)
	}
	if d := describe(topic, "nowhere"); kafka.ErrorCode(d.ErrorCode) != kafka.ErrUnknownTopicOrPartition {
		t.Errorf("an unknown topic's settings: %d", d.ErrorCode)
	}
	if d := describe(kmsg.ConfigResourceType(8), "1"); kafka.ErrorCode(d.ErrorCode) != kafka.ErrInvalidRequest {
		t.Errorf("a logger's settings: %d", d.ErrorCode)
	}
	if code := alter(topic, "orders", "no.such", "1"); code != kafka.ErrInvalidConfig {
		t.Errorf("unknown setting: %v", code)
	}
	if code := alter(topic, "nowhere", "retention.ms", "1"); code != kafka.ErrUnknownTopicOrPartition {
		t.Errorf("unknown topic: %v", code)
	}
	if code := alter(server, "", "log.retention.ms", "1000"); code != kafka.None {
		t.Errorf("cluster default: %v", code)
	}
	if set := describe(server, "").Configs; len(set) != 1 || *set[0].Value != "1000" {
		t.Errorf("cluster defaults %+v", set)
	}
}

func TestDurabilityModeChange(t *testing.T) {
	w := served(t)
	w.mustProduce("orders", 0, "a")
	set := func(value string) {
		q := kmsg.NewPtrIncrementalAlterConfigsRequest()
		r := kmsg.NewIncrementalAlterConfigsRequestResource()
		r.ResourceType, r.ResourceName = kmsg.ConfigResourceTypeTopic, "orders"
		r.Configs = append(r.Configs, kmsg.IncrementalAlterConfigsRequestResourceConfig{Name: "flush.messages", Value: &value})
		q.Resources = append(q.Resources, r)
		if a := w.ask(1, q).(*kmsg.IncrementalAlterConfigsResponse); a.Resources[0].ErrorCode != 0 {
			t.Fatalf("alter: %+v", a.Resources[0])
		}
	}
	set("9223372036854775807")
	w.holdSyncs = true
	corr := w.send(1, produceV, produce("orders", 0, -1, w.batch("b")))
	if a := w.answer(corr).(*protocol.ProduceResponse).Partitions[0]; a.Err != kafka.None {
		t.Fatalf("replicated mode waits for a sync, or refuses: %v", a.Err)
	}
	w.holdSyncs = false
	w.flush()
	w.settle()
	set("1")
	w.holdSyncs = true
	corr = w.send(1, produceV, produce("orders", 0, -1, w.batch("c")))
	w.unanswered(corr)
	w.holdSyncs = false
	w.flush()
	w.settle()
	w.answer(corr)
	w.kill()
	w.start()
	if got := w.values("orders", 0, 0); len(got) != 3 {
		t.Fatalf("read %v", got)
	}
}

func TestInitProducerIDRefusesTransactions(t *testing.T) {
	w := served(t)
	q := kmsg.NewPtrInitProducerIDRequest()
	id := "t"
	q.TransactionalID = &id
	if a := w.ask(4, q).(*kmsg.InitProducerIDResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrTransactionalIDAuthorizationFailed || a.ProducerID != -1 {
		t.Fatalf("answer %+v", a)
	}
}

func TestDescribeCluster(t *testing.T) {
	w := served(t)
	q := kmsg.NewPtrDescribeClusterRequest()
	a := w.ask(1, q).(*kmsg.DescribeClusterResponse)
	if a.ErrorCode != 0 || a.ClusterID != w.b.ClusterID() || a.ControllerID != 1 || len(a.Brokers) != 1 || a.Brokers[0].Port != 9092 {
		t.Fatalf("cluster %+v", a)
	}
	q.EndpointType = 2
	if a := w.ask(1, q).(*kmsg.DescribeClusterResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrMismatchedEndpointType {
		t.Errorf("controllers: %d", a.ErrorCode)
	}
	q.EndpointType = 3
	if a := w.ask(1, q).(*kmsg.DescribeClusterResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrUnsupportedEndpointType {
		t.Errorf("endpoint 3: %d", a.ErrorCode)
	}
}

func TestDescribeTopicPartitionsPages(t *testing.T) {
	w := served(t)
	w.mustCreate("apples", 3)
	q := kmsg.NewPtrDescribeTopicPartitionsRequest()
	q.ResponsePartitionLimit = 2
	var got []string
	for range 10 {
		a := w.ask(0, q).(*kmsg.DescribeTopicPartitionsResponse)
		for _, topic := range a.Topics {
			for _, p := range topic.Partitions {
				got = append(got, *topic.Topic+string(rune('0'+p.Partition)))
			}
		}
		if a.NextCursor == nil {
			break
		}
		q.Cursor = &kmsg.DescribeTopicPartitionsRequestCursor{Topic: a.NextCursor.Topic, Partition: a.NextCursor.Partition}
	}
	if s := strings.Join(got, " "); s != "apples0 apples1 apples2 orders0 orders1" {
		t.Fatalf("pages %s", s)
	}
	q = kmsg.NewPtrDescribeTopicPartitionsRequest()
	q.Topics = append(q.Topics, kmsg.DescribeTopicPartitionsRequestTopic{Topic: "nowhere"}, kmsg.DescribeTopicPartitionsRequestTopic{Topic: "b@d"})
	a := w.ask(0, q).(*kmsg.DescribeTopicPartitionsResponse)
	if kafka.ErrorCode(a.Topics[0].ErrorCode) != kafka.ErrInvalidTopicException || kafka.ErrorCode(a.Topics[1].ErrorCode) != kafka.ErrUnknownTopicOrPartition {
		t.Fatalf("errors %+v", a.Topics)
	}
}

func TestOffsetForLeaderEpoch(t *testing.T) {
	w := served(t)
	w.mustProduce("orders", 0, "a", "b")
	w.kill()
	w.start()
	w.mustProduce("orders", 0, "c")
	first := w.b.Image().TopicByName("orders").Partitions.At(0).LeaderEpoch
	ask := func(partition, current, epoch int32) kmsg.OffsetForLeaderEpochResponseTopicPartition {
		q := kmsg.NewPtrOffsetForLeaderEpochRequest()
		topic := kmsg.NewOffsetForLeaderEpochRequestTopic()
		topic.Topic = "orders"
		topic.Partitions = append(topic.Partitions, kmsg.OffsetForLeaderEpochRequestTopicPartition{Partition: partition, CurrentLeaderEpoch: current, LeaderEpoch: epoch})
		q.Topics = append(q.Topics, topic)
		return w.ask(4, q).(*kmsg.OffsetForLeaderEpochResponse).Topics[0].Partitions[0]
	}
	if a := ask(0, -1, 0); a.ErrorCode != 0 || a.EndOffset != 2 || a.LeaderEpoch != 0 {
		t.Errorf("first epoch: %+v", a)
	}
	if a := ask(0, int32(first), int32(first)); a.ErrorCode != 0 || a.EndOffset != 3 || a.LeaderEpoch != int32(first) {
		t.Errorf("present epoch %d: %+v", first, a)
	}
	if a := ask(0, -1, int32(first)+5); a.ErrorCode != 0 || a.EndOffset != -1 {
		t.Errorf("epoch to come: %+v", a)
	}
	if a := ask(0, 99, 0); kafka.ErrorCode(a.ErrorCode) != kafka.ErrUnknownLeaderEpoch {
		t.Errorf("current epoch to come: %+v", a)
	}
	if a := ask(9, -1, 0); kafka.ErrorCode(a.ErrorCode) != kafka.ErrUnknownTopicOrPartition {
		t.Errorf("unknown partition: %+v", a)
	}
}
