package broker_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/core/quorum"
)

var leads = &quorum.Leads{}

func committed(index uint64, e quorum.Entry) *quorum.Committed {
	return &quorum.Committed{Index: index, Entry: e}
}

func apiVersions(name, version string) *kmsg.ApiVersionsRequest {
	q := kmsg.NewPtrApiVersionsRequest()
	q.ClientSoftwareName, q.ClientSoftwareVersion = name, version
	return q
}

// served is a world with the topic "orders" of two partitions.
func served(t *testing.T) *world {
	w := newWorld(t)
	w.start()
	w.mustCreate("orders", 2)
	return w
}

func TestProduceErrors(t *testing.T) {
	w := served(t)
	w.mustCreate("small", 1, "max.message.bytes", "100")
	w.mustCreate("keyed", 1, "cleanup.policy", "compact")
	corrupt := w.batch("a")
	corrupt[len(corrupt)-1] ^= 1
	transactional := records(batch.Producer{ID: 5, BaseSequence: 0, Transactional: true}, w.now.Wall, "a")
	for _, c := range []struct {
		name  string
		topic string
		part  kafka.PartitionIndex
		acks  int16
		bytes []byte
		want  kafka.ErrorCode
	}{
		{"fine", "orders", 0, -1, w.batch("a"), kafka.None},
		{"unknown topic", "nowhere", 0, -1, w.batch("a"), kafka.ErrUnknownTopicOrPartition},
		{"unknown partition", "orders", 2, -1, w.batch("a"), kafka.ErrUnknownTopicOrPartition},
		{"negative partition", "orders", -1, -1, w.batch("a"), kafka.ErrUnknownTopicOrPartition},
		{"acks 2", "orders", 0, 2, w.batch("a"), kafka.ErrInvalidRequiredAcks},
		{"acks -2", "orders", 0, -2, w.batch("a"), kafka.ErrInvalidRequiredAcks},
		{"corrupt", "orders", 0, -1, corrupt, kafka.ErrCorruptMessage},
		{"too large", "small", 0, -1, w.batch(strings.Repeat("x", 200)), kafka.ErrMessageTooLarge},
		{"keyless on a compacted topic", "keyed", 0, -1, w.batch("a"), kafka.ErrInvalidRecord},
		{"from the future", "orders", 0, -1, records(batch.Plain(), w.now.Wall+7_200_000, "a"), kafka.ErrInvalidTimestamp},
		{"transactional batch", "orders", 0, -1, transactional, kafka.ErrInvalidTxnState},
	} {
		a := w.ask(produceV, produce(c.topic, c.part, c.acks, c.bytes)).(*protocol.ProduceResponse).Partitions[0]
		if a.Err != c.want {
			t.Errorf("%s: %v, want %v", c.name, a.Err, c.want)
		}
		if c.want != kafka.None && a.BaseOffset != kafka.NoOffset {
			t.Errorf("%s: offset %d", c.name, a.BaseOffset)
		}
	}
	byID := produce("", 0, -1, w.batch("a"))
	byID.Partitions[0].TopicID = kafka.TopicID{9}
	if a := w.ask(13, byID).(*protocol.ProduceResponse).Partitions[0]; a.Err != kafka.ErrUnknownTopicID {
		t.Errorf("unknown topic ID: %v", a.Err)
	}
	inTransaction := produce("orders", 0, -1, w.batch("a"))
	inTransaction.HasTransactionalID, inTransaction.TransactionalID = true, "t"
	if a := w.ask(produceV, inTransaction).(*protocol.ProduceResponse).Partitions[0]; a.Err != kafka.ErrTransactionalIDAuthorizationFailed {
		t.Errorf("transactional ID: %v", a.Err)
	}
}

func TestLogAppendTime(t *testing.T) {
	w := newWorld(t)
	w.start()
	w.mustCreate("stamped", 1, "message.timestamp.type", "LogAppendTime")
	a := w.ask(produceV, produce("stamped", 0, -1, records(batch.Plain(), 5, "a"))).(*protocol.ProduceResponse).Partitions[0]
	if a.Err != kafka.None || a.LogAppendTime != w.now.Wall {
		t.Fatalf("answer %+v", a)
	}
	r := w.ask(fetchV, fetch("stamped", 0, 0)).(*protocol.FetchResponse).Partitions[0]
	if v := batch.View(r.Records); !v.Whole() || !v.Intact() || !v.LogAppendTime() || v.MaxTimestamp() != w.now.Wall {
		t.Fatalf("batch %v", v)
	}
}

func TestFetchErrors(t *testing.T) {
	w := served(t)
	w.mustProduce("orders", 0, "a", "b", "c")
	for _, c := range []struct {
		name string
		edit func(q *protocol.FetchRequest)
		want kafka.ErrorCode
	}{
		{"fine", func(*protocol.FetchRequest) {}, kafka.None},
		{"at the end", func(q *protocol.FetchRequest) { q.Partitions[0].FetchOffset = 3 }, kafka.None},
		{"behind the end", func(q *protocol.FetchRequest) { q.Partitions[0].FetchOffset = 4 }, kafka.ErrOffsetOutOfRange},
		{"negative", func(q *protocol.FetchRequest) { q.Partitions[0].FetchOffset = -1 }, kafka.ErrOffsetOutOfRange},
		{"unknown topic", func(q *protocol.FetchRequest) { q.Partitions[0].Topic = "nowhere" }, kafka.ErrUnknownTopicOrPartition},
		{"unknown partition", func(q *protocol.FetchRequest) { q.Partitions[0].Partition = 7 }, kafka.ErrUnknownTopicOrPartition},
		{"old epoch", func(q *protocol.FetchRequest) { q.Partitions[0].CurrentLeaderEpoch = -1 << 20 }, kafka.ErrFencedLeaderEpoch},
		{"new epoch", func(q *protocol.FetchRequest) { q.Partitions[0].CurrentLeaderEpoch = 77 }, kafka.ErrUnknownLeaderEpoch},
		{"epoch of the record before", func(q *protocol.FetchRequest) { q.Partitions[0].LastFetchedEpoch = 0 }, kafka.None},
		{"no such follower", func(q *protocol.FetchRequest) { q.ReplicaID = 7 }, kafka.ErrStaleBrokerEpoch},
	} {
		q := poll("orders", 0, 0, 0)
		c.edit(q)
		a := w.ask(fetchV, q).(*protocol.FetchResponse)
		if a.SessionID != 0 || a.Partitions[0].Err != c.want {
			t.Errorf("%s: %v, want %v", c.name, a.Partitions[0].Err, c.want)
		}
	}
	byID := fetch("", 0, 0)
	byID.Partitions[0].TopicID = kafka.TopicID{9}
	if a := w.ask(13, byID).(*protocol.FetchResponse); a.Partitions[0].Err != kafka.ErrUnknownTopicID {
		t.Errorf("unknown topic ID: %v", a.Partitions[0].Err)
	}
	session := fetch("orders", 0, 0)
	session.SessionID, session.SessionEpoch = 5, 3
	if a := w.ask(fetchV, session).(*protocol.FetchResponse); a.Err != kafka.ErrFetchSessionIDNotFound {
		t.Errorf("unknown session: %v", a.Err)
	}
}

func listOffsets(topic string, p int32, timestamp int64) *kmsg.ListOffsetsRequest {
	q := kmsg.NewPtrListOffsetsRequest()
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = topic
	part := kmsg.NewListOffsetsRequestTopicPartition()
	part.Partition, part.Timestamp, part.CurrentLeaderEpoch = p, timestamp, -1
	t.Partitions = append(t.Partitions, part)
	q.Topics = append(q.Topics, t)
	return q
}

func TestListOffsets(t *testing.T) {
	w := served(t)
	for i := range 3 {
		w.ask(produceV, produce("orders", 0, -1, records(batch.Plain(), 1_600_000_000_000+kafka.TimestampMs(10*i), "x", "y")))
	}
	base := int64(1_600_000_000_000)
	for _, c := range []struct {
		timestamp int64
		version   int16
		code      kafka.ErrorCode
		offset    int64
		found     int64
	}{
		{-1, 7, kafka.None, 6, -1}, {-2, 7, kafka.None, 0, -1}, {-3, 7, kafka.None, 4, base + 20},
		{-3, 6, kafka.ErrUnsupportedVersion, -1, -1}, {-4, 8, kafka.None, 0, -1}, {-5, 9, kafka.None, -1, -1},
		{-5, 8, kafka.ErrUnsupportedVersion, -1, -1}, {-9, 11, kafka.ErrUnsupportedVersion, -1, -1},
		{base, 7, kafka.None, 0, base}, {base + 1, 7, kafka.None, 2, base + 10}, {base + 20, 7, kafka.None, 4, base + 20},
		{base + 21, 7, kafka.None, -1, -1}, {0, 7, kafka.None, 0, base},
	} {
		p := w.ask(c.version, listOffsets("orders", 0, c.timestamp)).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]
		if kafka.ErrorCode(p.ErrorCode) != c.code || p.Offset != c.offset || p.Timestamp != c.found {
			t.Errorf("timestamp %d v%d: code %d offset %d timestamp %d, want %v %d %d", c.timestamp, c.version, p.ErrorCode, p.Offset, p.Timestamp, c.code, c.offset, c.found)
		}
	}
	if p := w.ask(7, listOffsets("orders", 1, -3)).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]; p.Offset != -1 {
		t.Errorf("largest timestamp of an empty log at %d", p.Offset)
	}
	if p := w.ask(7, listOffsets("orders", 5, -1)).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]; kafka.ErrorCode(p.ErrorCode) != kafka.ErrUnknownTopicOrPartition {
		t.Errorf("unknown partition: %d", p.ErrorCode)
	}
}

func TestApiVersions(t *testing.T) {
	w := served(t)
	a := w.ask(4, apiVersions("apache-kafka-java", "4.3.0")).(*kmsg.ApiVersionsResponse)
	if a.ErrorCode != 0 || a.FinalizedFeaturesEpoch < 0 || len(a.SupportedFeatures) != 1 || len(a.FinalizedFeatures) != 1 {
		t.Fatalf("features %+v", a)
	}
	var produce *kmsg.ApiVersionsResponseApiKey
	for i := range a.ApiKeys {
		if a.ApiKeys[i].ApiKey == 0 {
			produce = &a.ApiKeys[i]
		}
	}
	if produce == nil || produce.MinVersion != 0 || produce.MaxVersion < 12 {
		t.Fatalf("produce %+v", produce)
	}
	if a := w.ask(3, apiVersions("bad name", "1")).(*kmsg.ApiVersionsResponse); kafka.ErrorCode(a.ErrorCode) != kafka.ErrInvalidRequest {
		t.Fatalf("bad name: %d", a.ErrorCode)
	}
	w.corr++
	w.give(&broker.Request{Conn: 99, Key: protocol.KeyApiVersions, Version: 77, CorrelationID: w.corr, Err: kafka.ErrUnsupportedVersion})
	w.settle()
	a = w.answer(w.corr).(*kmsg.ApiVersionsResponse)
	if kafka.ErrorCode(a.ErrorCode) != kafka.ErrUnsupportedVersion || len(a.ApiKeys) != 1 || a.ApiKeys[0].ApiKey != 18 {
		t.Fatalf("unknown version: %+v", a)
	}
}

func TestMalformedRequestClosesItsConnection(t *testing.T) {
	w := served(t)
	w.send(1, produceV, produce("orders", 0, -1, w.batch("a")))
	w.replies = nil
	w.give(&broker.Request{Conn: 1, Key: 3, Version: 12, CorrelationID: 7, Err: kafka.ErrInvalidRequest})
	w.settle()
	if len(w.replies) != 1 || !w.replies[0].close || w.replies[0].body != nil {
		t.Fatalf("replies %+v", w.replies)
	}
}

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
	first := w.b.Image().TopicByName("orders").Partitions[0].LeaderEpoch
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
