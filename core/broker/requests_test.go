package broker_test

import (
	"fmt"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// Versions that the tests speak.
const (
	produceV = 12 // the last with names
	fetchV   = 12
)

var entryNames = map[disk.EntryKind]string{
	disk.EntryAppend: "batch", disk.EntryCreate: "create", disk.EntryEpochStart: "epoch-start",
	disk.EntryLogStart: "log-start", disk.EntryMode: "mode", disk.EntryDelete: "delete", disk.EntryTruncateTo: "truncate",
}

func describeAppend(a *disk.Append) string {
	return fmt.Sprintf("ref=%d lsn=%d log=%d %s base=%d epoch=%d", a.Ref, a.LSN, a.Log, entryNames[a.Kind], a.BaseOffset, a.LeaderEpoch)
}

func describeRequest(corr int32, body protocol.Body) string {
	s := "#" + strconv.Itoa(int(corr)) + " " + protocol.APIName(body.Key())
	switch q := body.(type) {
	case *protocol.ProduceRequest:
		s += fmt.Sprintf(" acks=%d", q.Acks)
		for i := range q.Partitions {
			v := batch.View(q.Partitions[i].Records)
			s += fmt.Sprintf(" %s-%d: %d records", q.Partitions[i].Topic, q.Partitions[i].Partition, v.Count())
			if v.ProducerID() != kafka.NoProducerID {
				s += fmt.Sprintf(" of producer %d from sequence %d", v.ProducerID(), v.BaseSequence())
			}
		}
	case *protocol.FetchRequest:
		for i := range q.Partitions {
			s += fmt.Sprintf(" %s-%d from %d", q.Partitions[i].Topic, q.Partitions[i].Partition, q.Partitions[i].FetchOffset)
		}
	}
	return s
}

func describeReply(r *broker.Reply) string {
	s := "#" + strconv.Itoa(int(r.CorrelationID)) + " " + protocol.APIName(r.Key)
	switch a := r.Body.(type) {
	case *protocol.ProduceResponse:
		for i := range a.Partitions {
			p := &a.Partitions[i]
			s += fmt.Sprintf(" %s-%d: %s base=%d", p.Topic, p.Partition, p.Err, p.BaseOffset)
		}
	case *protocol.FetchResponse:
		for i := range a.Partitions {
			p := &a.Partitions[i]
			s += fmt.Sprintf(" %s-%d: %s hw=%d", p.Topic, p.Partition, p.Err, p.HighWatermark)
			for v := batch.View(p.Records); v.Whole(); v = v[v.Size():] {
				s += fmt.Sprintf(" [%d..%d]", v.BaseOffset(), v.LastOffset())
			}
		}
	case nil:
		s += " nothing"
	}
	if r.Close {
		s += ", close"
	}
	return s
}

// records builds one batch.
func records(p batch.Producer, timestamp kafka.TimestampMs, values ...string) []byte {
	var b batch.Builder
	b.Reset()
	for _, v := range values {
		b.Append(timestamp, nil, []byte(v))
	}
	return append([]byte(nil), b.BuildFor(p)...)
}

func produce(topic string, p kafka.PartitionIndex, acks int16, batch []byte) *protocol.ProduceRequest {
	return &protocol.ProduceRequest{Acks: acks, TimeoutMs: 30_000, Partitions: []protocol.ProducePartition{
		{Topic: topic, Partition: p, Records: batch},
	}}
}

func (w *world) batch(values ...string) []byte { return records(batch.Plain(), w.now.Wall, values...) }

func fetch(topic string, p kafka.PartitionIndex, offset kafka.Offset) *protocol.FetchRequest {
	return &protocol.FetchRequest{
		ReplicaID: kafka.NoBroker, MinBytes: 1, MaxBytes: 1 << 20, SessionEpoch: -1,
		Partitions: []protocol.FetchPartition{{
			Topic: topic, Partition: p, FetchOffset: offset, PartitionMaxBytes: 1 << 20,
			CurrentLeaderEpoch: kafka.NoLeaderEpoch, LastFetchedEpoch: kafka.NoLeaderEpoch,
			LogStartOffset: kafka.NoOffset, DurableEndOffset: kafka.NoOffset,
		}},
	}
}

func poll(topic string, p kafka.PartitionIndex, offset kafka.Offset, waitMs int32) *protocol.FetchRequest {
	q := fetch(topic, p, offset)
	q.MaxWaitMs = waitMs
	return q
}

func createTopic(name string, partitions int32, configs ...string) *kmsg.CreateTopicsRequest {
	q := kmsg.NewPtrCreateTopicsRequest()
	q.TimeoutMillis = 10_000
	t := kmsg.NewCreateTopicsRequestTopic()
	t.Topic, t.NumPartitions, t.ReplicationFactor = name, partitions, 1
	for i := 0; i+1 < len(configs); i += 2 {
		c := kmsg.NewCreateTopicsRequestTopicConfig()
		c.Name, c.Value = configs[i], &configs[i+1]
		t.Configs = append(t.Configs, c)
	}
	q.Topics = append(q.Topics, t)
	return q
}

func deleteTopic(name string) *kmsg.DeleteTopicsRequest {
	q := kmsg.NewPtrDeleteTopicsRequest()
	q.TimeoutMillis = 10_000
	t := kmsg.NewDeleteTopicsRequestTopic()
	t.Topic = &name
	q.Topics = append(q.Topics, t)
	return q
}

// mustCreate creates a topic.
func (w *world) mustCreate(name string, partitions int32, configs ...string) {
	w.t.Helper()
	a := w.ask(7, createTopic(name, partitions, configs...)).(*kmsg.CreateTopicsResponse)
	if a.Topics[0].ErrorCode != 0 {
		w.t.Fatalf("create %s: %d", name, a.Topics[0].ErrorCode)
	}
}

// mustProduce appends a batch and returns its base offset.
func (w *world) mustProduce(topic string, p kafka.PartitionIndex, values ...string) kafka.Offset {
	w.t.Helper()
	a := w.ask(produceV, produce(topic, p, -1, w.batch(values...))).(*protocol.ProduceResponse)
	if a.Partitions[0].Err != kafka.None {
		w.t.Fatalf("produce: %v", a.Partitions[0].Err)
	}
	return a.Partitions[0].BaseOffset
}

// values reads a partition from an offset to its end.
func (w *world) values(topic string, p kafka.PartitionIndex, from kafka.Offset) []string {
	w.t.Helper()
	var got []string
	for {
		a := w.ask(fetchV, fetch(topic, p, from)).(*protocol.FetchResponse).Partitions[0]
		if a.Err != kafka.None {
			w.t.Fatalf("fetch from %d: %v", from, a.Err)
		}
		if len(a.Records) == 0 {
			return got
		}
		for v := batch.View(a.Records); v.Whole(); v = v[v.Size():] {
			it := batch.Iterate(v.Records(), v.Count())
			for r := (batch.Record{}); it.Next(&r); {
				got = append(got, string(r.Value))
			}
			from = v.NextOffset()
		}
	}
}
