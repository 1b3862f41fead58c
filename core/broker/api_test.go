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

func TestZstdNeedsVersionsThatKnowIt(t *testing.T) {
	w := served(t)
	var b batch.Builder
	b.Reset()
	b.Append(w.now.Wall, nil, []byte("aaaaaaaa"))
	packed, err := b.BuildPacked(batch.Plain(), batch.Zstd, batch.RunLength{})
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[int16]kafka.ErrorCode{6: kafka.ErrUnsupportedCompressionType, 7: kafka.None} {
		if a := w.ask(version, produce("orders", 0, -1, packed)).(*protocol.ProduceResponse).Partitions[0]; a.Err != want {
			t.Errorf("produce v%d: %v", version, a.Err)
		}
	}
	for version, want := range map[int16]kafka.ErrorCode{9: kafka.ErrUnsupportedCompressionType, 10: kafka.None} {
		if a := w.ask(version, fetch("orders", 0, 0)).(*protocol.FetchResponse).Partitions[0]; a.Err != want {
			t.Errorf("fetch v%d: %v", version, a.Err)
		}
	}
	if p := w.ask(7, listOffsets("orders", 0, int64(w.now.Wall))).(*kmsg.ListOffsetsResponse).Topics[0].Partitions[0]; p.Offset != 0 {
		t.Errorf("a search in a compressed batch finds %d", p.Offset)
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
	if a.ErrorCode != 0 || a.FinalizedFeaturesEpoch < 0 || len(a.SupportedFeatures) != 5 || len(a.FinalizedFeatures) != 5 || a.FinalizedFeatures[3].Name != "metadata.version" {
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

// TestUnreadableRequestCloses gives the broker, of every API key and some that
// are none, a request that the driver could not decode: after what was asked
// before it the connection closes, and nobody else notices.
func TestUnreadableRequestCloses(t *testing.T) {
	for key := int16(-1); key <= 100; key++ {
		for _, err := range []kafka.ErrorCode{kafka.ErrInvalidRequest, kafka.ErrUnsupportedVersion} {
			if key == protocol.KeyApiVersions && err == kafka.ErrUnsupportedVersion {
				continue // has an answer (KIP-511)
			}
			w := served(t)
			w.replies = nil
			w.send(1, produceV, produce("orders", 0, -1, w.batch("a")))
			w.give(&broker.Request{Conn: 1, Key: key, Version: 99, CorrelationID: 7, Err: err})
			w.settle()
			if len(w.replies) != 2 || w.replies[0].body == nil || w.replies[0].close || !w.replies[1].close || w.replies[1].body != nil {
				t.Fatalf("key %d, %v: replies %+v", key, err, w.replies)
			}
			if got := w.ask(2, apiVersions("client", "1")); got == nil {
				t.Fatalf("key %d: another connection is not answered", key)
			}
		}
	}
}

// What the driver could not decode ends its connection, whatever it was to be;
// of ApiVersions only what is no version of it.
func TestUndecodedRequestsOfEveryKey(t *testing.T) {
	w := served(t)
	conn := kafka.ConnID(100)
	for a := range protocol.APIs {
		for _, code := range []kafka.ErrorCode{kafka.ErrUnsupportedVersion, kafka.ErrInvalidRequest} {
			if a.Key == protocol.KeyApiVersions && code == kafka.ErrUnsupportedVersion {
				continue
			}
			conn++
			w.replies = nil
			w.give(&broker.ConnectionOpened{Conn: conn, Listener: "PLAINTEXT", ClientHost: "127.0.0.1"})
			w.give(&broker.Request{Conn: conn, Key: a.Key, Version: 12336, CorrelationID: 7, Err: code})
			w.settle()
			if len(w.replies) != 1 || !w.replies[0].close || w.replies[0].body != nil {
				t.Errorf("%s, error %d: replies %+v", a.Name, code, w.replies)
			}
		}
	}
	w.ask(produceV, produce("orders", 0, -1, w.batch("a"))) // fails if there is no answer
}
