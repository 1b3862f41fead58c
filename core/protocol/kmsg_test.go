package protocol

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"trialog/core/kafka"
)

// The peers of the flat codecs: the same message in kmsg's types. kmsg writes
// tagged fields in versions that do not have them yet; those are left out here.

func toKmsgProduce(q *ProduceRequest, version int16) *kmsg.ProduceRequest {
	k := kmsg.NewPtrProduceRequest()
	k.SetVersion(version)
	if q.HasTransactionalID {
		k.TransactionID = &q.TransactionalID
	}
	k.Acks, k.TimeoutMillis = q.Acks, q.TimeoutMs
	for i := range q.Partitions {
		p := &q.Partitions[i]
		if i == 0 || !sameProduceTopic(version, &q.Partitions[i-1], p) {
			t := kmsg.NewProduceRequestTopic()
			t.Topic, t.TopicID = p.Topic, p.TopicID
			k.Topics = append(k.Topics, t)
		}
		kp := kmsg.NewProduceRequestTopicPartition()
		kp.Partition, kp.Records = int32(p.Partition), p.Records
		t := &k.Topics[len(k.Topics)-1]
		t.Partitions = append(t.Partitions, kp)
	}
	return k
}

func toKmsgProduced(q *ProduceResponse, version int16) *kmsg.ProduceResponse {
	k := kmsg.NewPtrProduceResponse()
	k.SetVersion(version)
	k.ThrottleMillis = q.ThrottleMs
	for i := range q.Partitions {
		p := &q.Partitions[i]
		if i == 0 || !sameProducedTopic(version, &q.Partitions[i-1], p) {
			t := kmsg.NewProduceResponseTopic()
			t.Topic, t.TopicID = p.Topic, p.TopicID
			k.Topics = append(k.Topics, t)
		}
		kp := kmsg.NewProduceResponseTopicPartition()
		kp.Partition, kp.ErrorCode = int32(p.Partition), int16(p.Err)
		kp.BaseOffset, kp.LogAppendTime, kp.LogStartOffset = int64(p.BaseOffset), int64(p.LogAppendTime), int64(p.LogStartOffset)
		for i := range p.RecordErrors {
			e := kmsg.NewProduceResponseTopicPartitionErrorRecord()
			e.RelativeOffset = p.RecordErrors[i].Index
			if p.RecordErrors[i].Message != "" {
				e.ErrorMessage = &p.RecordErrors[i].Message
			}
			kp.ErrorRecords = append(kp.ErrorRecords, e)
		}
		if p.ErrMessage != "" {
			kp.ErrorMessage = &p.ErrMessage
		}
		if p.CurrentLeader.Set && version >= produceHints {
			kp.CurrentLeader.LeaderID, kp.CurrentLeader.LeaderEpoch = int32(p.CurrentLeader.Leader), int32(p.CurrentLeader.Epoch)
		}
		t := &k.Topics[len(k.Topics)-1]
		t.Partitions = append(t.Partitions, kp)
	}
	for _, n := range q.Nodes {
		if version < produceHints {
			break
		}
		b := kmsg.NewProduceResponseBroker()
		b.NodeID, b.Host, b.Port = int32(n.Node), n.Host, n.Port
		if n.Rack != "" {
			b.Rack = &n.Rack
		}
		k.Brokers = append(k.Brokers, b)
	}
	return k
}

func toKmsgFetch(q *FetchRequest, version int16) *kmsg.FetchRequest {
	k := kmsg.NewPtrFetchRequest()
	k.SetVersion(version)
	k.ReplicaID = int32(q.ReplicaID)
	if version >= fetchReplica {
		k.ReplicaState.ID, k.ReplicaState.Epoch = int32(q.ReplicaID), int64(q.ReplicaEpoch)
	}
	k.MaxWaitMillis, k.MinBytes, k.MaxBytes = q.MaxWaitMs, q.MinBytes, q.MaxBytes
	if q.ReadCommitted {
		k.IsolationLevel = 1
	}
	k.SessionID, k.SessionEpoch, k.Rack = q.SessionID, q.SessionEpoch, q.RackID
	for i := range q.Partitions {
		p := &q.Partitions[i]
		if i == 0 || !sameFetchTopic(version, &q.Partitions[i-1], p) {
			t := kmsg.NewFetchRequestTopic()
			t.Topic, t.TopicID = p.Topic, p.TopicID
			k.Topics = append(k.Topics, t)
		}
		kp := kmsg.NewFetchRequestTopicPartition()
		kp.Partition, kp.CurrentLeaderEpoch, kp.FetchOffset = int32(p.Partition), int32(p.CurrentLeaderEpoch), int64(p.FetchOffset)
		kp.LastFetchedEpoch, kp.LogStartOffset, kp.PartitionMaxBytes = int32(p.LastFetchedEpoch), int64(p.LogStartOffset), p.PartitionMaxBytes
		if p.DurableEndOffset != kafka.NoOffset {
			kp.UnknownTags.Set(tagDurableEnd, appendInt64(nil, int64(p.DurableEndOffset)))
		}
		t := &k.Topics[len(k.Topics)-1]
		t.Partitions = append(t.Partitions, kp)
	}
	for i, f := range q.Forgotten {
		same := i > 0 && f.Topic == q.Forgotten[i-1].Topic
		if version >= FetchTopicIDs {
			same = i > 0 && f.TopicID == q.Forgotten[i-1].TopicID
		}
		if !same {
			t := kmsg.NewFetchRequestForgottenTopic()
			t.Topic, t.TopicID = f.Topic, f.TopicID
			k.ForgottenTopics = append(k.ForgottenTopics, t)
		}
		t := &k.ForgottenTopics[len(k.ForgottenTopics)-1]
		t.Partitions = append(t.Partitions, int32(f.Partition))
	}
	return k
}

func toKmsgFetched(q *FetchResponse, version int16) *kmsg.FetchResponse {
	k := kmsg.NewPtrFetchResponse()
	k.SetVersion(version)
	k.ThrottleMillis, k.ErrorCode, k.SessionID = q.ThrottleMs, int16(q.Err), q.SessionID
	for i := range q.Partitions {
		p := &q.Partitions[i]
		if i == 0 || !sameFetchedTopic(version, &q.Partitions[i-1], p) {
			t := kmsg.NewFetchResponseTopic()
			t.Topic, t.TopicID = p.Topic, p.TopicID
			k.Topics = append(k.Topics, t)
		}
		kp := kmsg.NewFetchResponseTopicPartition()
		kp.Partition, kp.ErrorCode = int32(p.Partition), int16(p.Err)
		kp.HighWatermark, kp.LastStableOffset, kp.LogStartOffset = int64(p.HighWatermark), int64(p.LastStableOffset), int64(p.LogStartOffset)
		kp.PreferredReadReplica = int32(p.PreferredReplica)
		kp.RecordBatches = p.Records
		if kp.RecordBatches == nil {
			kp.RecordBatches = []byte{}
		}
		if p.Aborted != nil {
			kp.AbortedTransactions = []kmsg.FetchResponseTopicPartitionAbortedTransaction{}
		}
		for _, a := range p.Aborted {
			ka := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
			ka.ProducerID, ka.FirstOffset = int64(a.ProducerID), int64(a.FirstOffset)
			kp.AbortedTransactions = append(kp.AbortedTransactions, ka)
		}
		if p.Diverging.Set {
			kp.DivergingEpoch.Epoch, kp.DivergingEpoch.EndOffset = int32(p.Diverging.Epoch), int64(p.Diverging.EndOffset)
		}
		if p.CurrentLeader.Set {
			kp.CurrentLeader.LeaderID, kp.CurrentLeader.LeaderEpoch = int32(p.CurrentLeader.Leader), int32(p.CurrentLeader.Epoch)
		}
		t := &k.Topics[len(k.Topics)-1]
		t.Partitions = append(t.Partitions, kp)
	}
	for _, n := range q.Nodes {
		if version < fetchHints {
			break
		}
		b := kmsg.NewFetchResponseBroker()
		b.NodeID, b.Host, b.Port = int32(n.Node), n.Host, n.Port
		if n.Rack != "" {
			b.Rack = &n.Rack
		}
		k.Brokers = append(k.Brokers, b)
	}
	return k
}

// Generators of flat bodies. Topics get a few names and IDs, so that
// neighbours are often the same; the two agree, as they do on a real client.

type topicRef struct {
	name string
	id   kafka.TopicID
}

func drawTopic(t *rapid.T) topicRef {
	n := rapid.IntRange(0, 3).Draw(t, "topic")
	return topicRef{name: []string{"a", "orders", "x.y-z", "é"}[n], id: kafka.TopicID{byte(n + 1), 7}}
}

func drawBytes(t *rapid.T) []byte {
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return nil
	}
	return rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")
}

func drawNodes(t *rapid.T) []NodeEndpoint {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) NodeEndpoint {
		return NodeEndpoint{
			Node: kafka.BrokerID(rapid.Int32().Draw(t, "node")),
			Host: rapid.StringN(0, 40, 200).Draw(t, "host"),
			Port: rapid.Int32().Draw(t, "port"),
			Rack: rapid.StringN(0, 20, 80).Draw(t, "rack"),
		}
	}), 0, 3).Draw(t, "nodes")
}

// drawHint never draws kmsg's default (-1, -1), which kmsg leaves out.
func drawHint(t *rapid.T) LeaderHint {
	if rapid.Bool().Draw(t, "hinted") {
		return LeaderHint{Set: true, Leader: kafka.BrokerID(rapid.Int32Min(0).Draw(t, "leader")), Epoch: kafka.LeaderEpoch(rapid.Int32().Draw(t, "epoch"))}
	}
	return LeaderHint{}
}

func drawProduce(t *rapid.T) *ProduceRequest {
	q := &ProduceRequest{Acks: rapid.Int16().Draw(t, "acks"), TimeoutMs: rapid.Int32().Draw(t, "timeout")}
	if q.HasTransactionalID = rapid.Bool().Draw(t, "txn"); q.HasTransactionalID {
		q.TransactionalID = rapid.StringN(0, 20, 90).Draw(t, "txn id")
	}
	for range rapid.IntRange(0, 6).Draw(t, "partitions") {
		topic := drawTopic(t)
		q.Partitions = append(q.Partitions, ProducePartition{Topic: topic.name, TopicID: topic.id, Partition: kafka.PartitionIndex(rapid.Int32().Draw(t, "index")), Records: drawBytes(t)})
	}
	return q
}

func drawProduced(t *rapid.T) *ProduceResponse {
	q := &ProduceResponse{ThrottleMs: rapid.Int32().Draw(t, "throttle"), Nodes: drawNodes(t)}
	for range rapid.IntRange(0, 6).Draw(t, "partitions") {
		topic := drawTopic(t)
		q.Partitions = append(q.Partitions, ProducePartitionResponse{
			Topic: topic.name, TopicID: topic.id,
			Partition:      kafka.PartitionIndex(rapid.Int32().Draw(t, "index")),
			Err:            kafka.ErrorCode(rapid.Int16().Draw(t, "err")),
			BaseOffset:     kafka.Offset(rapid.Int64().Draw(t, "base")),
			LogAppendTime:  kafka.TimestampMs(rapid.Int64().Draw(t, "time")),
			LogStartOffset: kafka.Offset(rapid.Int64().Draw(t, "start")),
			RecordErrors:   drawRecordErrors(t),
			ErrMessage:     rapid.StringN(0, 40, 200).Draw(t, "message"),
			CurrentLeader:  drawHint(t),
		})
	}
	return q
}

func drawRecordErrors(t *rapid.T) (out []RecordError) {
	for range rapid.IntRange(0, 2).Draw(t, "errors") {
		out = append(out, RecordError{Index: rapid.Int32().Draw(t, "record"), Message: rapid.StringN(0, 10, 40).Draw(t, "why")})
	}
	return out
}

func drawFetch(t *rapid.T) *FetchRequest {
	q := &FetchRequest{
		ReplicaID:     kafka.BrokerID(rapid.Int32().Draw(t, "replica")),
		ReplicaEpoch:  kafka.BrokerEpoch(rapid.Int64().Draw(t, "replica epoch")),
		MaxWaitMs:     rapid.Int32().Draw(t, "wait"),
		MinBytes:      rapid.Int32().Draw(t, "min"),
		MaxBytes:      rapid.Int32().Draw(t, "max"),
		ReadCommitted: rapid.Bool().Draw(t, "committed"),
		SessionID:     rapid.Int32().Draw(t, "session"),
		SessionEpoch:  rapid.Int32().Draw(t, "session epoch"),
		RackID:        rapid.StringN(0, 20, 80).Draw(t, "rack"),
	}
	if rapid.Bool().Draw(t, "consumer") {
		q.ReplicaID, q.ReplicaEpoch = kafka.NoBroker, kafka.NoBrokerEpoch
	}
	for range rapid.IntRange(0, 6).Draw(t, "partitions") {
		topic := drawTopic(t)
		q.Partitions = append(q.Partitions, FetchPartition{
			Topic: topic.name, TopicID: topic.id,
			Partition:          kafka.PartitionIndex(rapid.Int32().Draw(t, "index")),
			CurrentLeaderEpoch: kafka.LeaderEpoch(rapid.Int32().Draw(t, "epoch")),
			FetchOffset:        kafka.Offset(rapid.Int64().Draw(t, "offset")),
			LastFetchedEpoch:   kafka.LeaderEpoch(rapid.Int32().Draw(t, "last epoch")),
			LogStartOffset:     kafka.Offset(rapid.Int64().Draw(t, "start")),
			PartitionMaxBytes:  rapid.Int32().Draw(t, "max"),
			DurableEndOffset:   kafka.Offset(rapid.Int64Min(-1).Draw(t, "durable")),
		})
	}
	for range rapid.IntRange(0, 4).Draw(t, "forgotten") {
		topic := drawTopic(t)
		q.Forgotten = append(q.Forgotten, ForgottenPartition{Topic: topic.name, TopicID: topic.id, Partition: kafka.PartitionIndex(rapid.Int32().Draw(t, "index"))})
	}
	return q
}

func drawFetched(t *rapid.T) *FetchResponse {
	q := &FetchResponse{
		ThrottleMs: rapid.Int32().Draw(t, "throttle"),
		Err:        kafka.ErrorCode(rapid.Int16().Draw(t, "err")),
		SessionID:  rapid.Int32().Draw(t, "session"),
		Nodes:      drawNodes(t),
	}
	for range rapid.IntRange(0, 6).Draw(t, "partitions") {
		topic := drawTopic(t)
		p := FetchPartitionResponse{
			Topic: topic.name, TopicID: topic.id,
			Partition:        kafka.PartitionIndex(rapid.Int32().Draw(t, "index")),
			Err:              kafka.ErrorCode(rapid.Int16().Draw(t, "err")),
			HighWatermark:    kafka.Offset(rapid.Int64().Draw(t, "hw")),
			LastStableOffset: kafka.Offset(rapid.Int64().Draw(t, "lso")),
			LogStartOffset:   kafka.Offset(rapid.Int64().Draw(t, "start")),
			PreferredReplica: kafka.BrokerID(rapid.Int32().Draw(t, "preferred")),
			CurrentLeader:    drawHint(t),
			Records:          drawBytes(t),
		}
		if rapid.Bool().Draw(t, "diverging") {
			p.Diverging = EpochEndOffset{Set: true, Epoch: kafka.LeaderEpoch(rapid.Int32Min(0).Draw(t, "epoch")), EndOffset: kafka.Offset(rapid.Int64().Draw(t, "end"))}
		}
		for i := range rapid.IntRange(-1, 3).Draw(t, "aborted") + 1 {
			if i == 0 {
				p.Aborted = []AbortedTransaction{}
				continue
			}
			p.Aborted = append(p.Aborted, AbortedTransaction{ProducerID: kafka.ProducerID(rapid.Int64().Draw(t, "pid")), FirstOffset: kafka.Offset(rapid.Int64().Draw(t, "first"))})
		}
		q.Partitions = append(q.Partitions, p)
	}
	return q
}

// same compares what kmsg wrote with what we wrote, and reports the first
// difference.
func same(t *rapid.T, what string, version int16, ours, theirs []byte) {
	if bytes.Equal(ours, theirs) {
		return
	}
	at := 0
	for at < len(ours) && at < len(theirs) && ours[at] == theirs[at] {
		at++
	}
	t.Fatalf("%s v%d: byte %d differs\nours   %x\nkmsg's %x", what, version, at, ours, theirs)
}

// equal compares two bodies; slices that are empty in one and nil in the other
// are the same.
func equal(t *rapid.T, what string, version int16, got, want any) {
	if !reflect.DeepEqual(normal(got), normal(want)) {
		t.Fatalf("%s v%d:\n got %+v\nwant %+v", what, version, got, want)
	}
}

func normal(v any) any {
	switch b := v.(type) {
	case *ProduceRequest:
		c := *b
		c.Partitions = append([]ProducePartition{}, c.Partitions...)
		return c
	case *ProduceResponse:
		c := *b
		c.Partitions = append([]ProducePartitionResponse{}, c.Partitions...)
		c.Nodes = append([]NodeEndpoint{}, c.Nodes...)
		return c
	case *FetchRequest:
		c := *b
		c.Partitions = append([]FetchPartition{}, c.Partitions...)
		c.Forgotten = append([]ForgottenPartition{}, c.Forgotten...)
		return c
	case *FetchResponse:
		c := *b
		c.Partitions = append([]FetchPartitionResponse{}, c.Partitions...)
		c.Nodes = append([]NodeEndpoint{}, c.Nodes...)
		return c
	}
	return v
}

func versionsOf(t testing.TB, key int16) (low, high int16) {
	a, ok := LookupAPI(key)
	if !ok {
		t.Fatalf("key %d is not in the table", key)
	}
	return a.Min, a.Max
}
