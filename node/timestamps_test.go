package node_test

import (
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/batch"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/node/codec"
)

// at asks where the first record of a time or later is, by ListOffsets: -3 is
// the one with the largest timestamp.
func at(t *testing.T, c *kgo.Client, topic string, timestamp int64) (offset, found int64) {
	t.Helper()
	p := kmsg.NewListOffsetsRequestTopicPartition()
	p.Timestamp, p.CurrentLeaderEpoch = timestamp, -1
	topics := kmsg.NewListOffsetsRequestTopic()
	topics.Topic, topics.Partitions = topic, []kmsg.ListOffsetsRequestTopicPartition{p}
	q := kmsg.NewPtrListOffsetsRequest()
	q.ReplicaID, q.Topics = -1, []kmsg.ListOffsetsRequestTopic{topics}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		var got kmsg.ListOffsetsResponseTopicPartition
		for _, shard := range c.RequestSharded(soon(t), q) {
			r, ok := shard.Resp.(*kmsg.ListOffsetsResponse)
			if shard.Err != nil || !ok || len(r.Topics) != 1 || len(r.Topics[0].Partitions) != 1 {
				t.Fatalf("ListOffsets: %v", shard.Err)
			}
			got = r.Topics[0].Partitions[0]
		}
		err := kerr.ErrorForCode(got.ErrorCode)
		if err == nil {
			return got.Offset, got.Timestamp
		}
		if !kerr.IsRetriable(err) || time.Now().After(end) { // a leader that has just begun knows no watermark yet
			t.Fatal(err)
		}
	}
}

// TestTimestampsOverTheWire produces records of many times with franz-go under
// every setting of timestamps: taken, or refused with INVALID_TIMESTAMP and
// without a trace. What was taken is found by time before and after a restart,
// and its time comes back as the topic says.
func TestTimestampsOverTheWire(t *testing.T) {
	dir := t.TempDir()
	n := start(t, dir)
	now := time.Now()
	setting := func(pairs ...string) map[string]*string {
		m := map[string]*string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = &pairs[i+1]
		}
		return m
	}
	create(t, n.node.Addr(), "defaults", 1, nil)
	create(t, n.node.Addr(), "narrow", 1, setting("message.timestamp.before.max.ms", "600000", "message.timestamp.after.max.ms", "600000"))
	create(t, n.node.Addr(), "stamped", 1, setting("message.timestamp.type", "LogAppendTime", "message.timestamp.after.max.ms", "0"))
	client := connect(t, n.node.Addr(), kgo.ProducerBatchCompression(kgo.ZstdCompression()))
	cases := []struct {
		topic string
		at    time.Duration // from now
		taken bool
	}{
		{"defaults", -300 * 24 * time.Hour, true}, {"defaults", 50 * time.Minute, true}, {"defaults", 70 * time.Minute, false},
		{"narrow", -9 * time.Minute, true}, {"narrow", -11 * time.Minute, false}, {"narrow", 11 * time.Minute, false},
		{"narrow", 9 * time.Minute, true}, {"narrow", 0, true},
		{"stamped", -300 * 24 * time.Hour, true}, {"stamped", 300 * 24 * time.Hour, true},
	}
	want := map[string][]time.Time{}
	for _, c := range cases {
		r := &kgo.Record{Topic: c.topic, Value: []byte("v"), Timestamp: now.Add(c.at)}
		err := client.ProduceSync(soon(t), r).FirstErr()
		switch {
		case c.taken && err != nil:
			t.Errorf("%s, %v from now: %v", c.topic, c.at, err)
		case c.taken:
			if r.Offset != int64(len(want[c.topic])) {
				t.Errorf("%s, %v from now: offset %d, want %d", c.topic, c.at, r.Offset, len(want[c.topic]))
			}
			want[c.topic] = append(want[c.topic], now.Add(c.at).Truncate(time.Millisecond))
		case !errors.Is(err, kerr.InvalidTimestamp):
			t.Errorf("%s, %v from now: %v, want INVALID_TIMESTAMP", c.topic, c.at, err)
		}
	}
	look := func(when string, n *running) {
		t.Helper()
		c := connect(t, n.node.Addr())
		for topic, largest := range map[string]int64{"defaults": 1, "narrow": 1} {
			ts := want[topic][largest].UnixMilli()
			for asked, wanted := range map[int64][2]int64{
				-3: {largest, ts}, ts: {largest, ts}, ts - 1: {largest, ts}, ts + 1: {-1, -1},
				0: {0, want[topic][0].UnixMilli()}, want[topic][0].UnixMilli() + 1: {largest, ts},
			} {
				if offset, found := at(t, c, topic, asked); offset != wanted[0] || found != wanted[1] {
					t.Errorf("%s, %s at %d: offset %d at %d, want %v", when, topic, asked, offset, found, wanted)
				}
			}
		}
		for topic, times := range want {
			for i, r := range consume(t, n.node.Addr(), topic, len(times)) {
				stamped := topic == "stamped"
				if early := r.Timestamp.Before(now.Truncate(time.Millisecond)); stamped && (early || r.Timestamp.After(time.Now())) ||
					!stamped && !r.Timestamp.Equal(times[i]) || (r.Attrs.TimestampType() == 1) != stamped {
					t.Errorf("%s, %s record %d carries %v (type %d), sent with %v", when, topic, i, r.Timestamp, r.Attrs.TimestampType(), times[i])
				}
			}
		}
		if offset, found := at(t, c, "stamped", -3); offset < 0 || found < now.UnixMilli() || found > time.Now().UnixMilli() {
			t.Errorf("%s, the newest of what the broker stamped: offset %d at %d", when, offset, found)
		}
	}
	look("before", n)
	n.stop()
	n = start(t, dir)
	defer n.stop()
	look("after a restart", n)
}

// TestRefusedRecordsAreNamed: a batch that is refused for some of its records'
// timestamps says which these are (KIP-467), plain or compressed.
func TestRefusedRecordsAreNamed(t *testing.T) {
	n := start(t, t.TempDir())
	defer n.stop()
	create(t, n.node.Addr(), "t", 1, nil)
	late := time.Now().Add(2 * time.Hour).UnixMilli()
	for _, id := range []batch.CodecID{batch.Uncompressed, batch.Gzip, batch.Zstd} {
		var b batch.Builder
		b.Reset()
		for i := range 5 {
			b.Append(kafka.TimestampMs([]int64{0, late, late - 7_200_000, late + 5, 1}[i]), nil, []byte("v"))
		}
		records := []byte(b.Build())
		if all := codec.All(); id != batch.Uncompressed {
			packed, err := b.BuildPacked(batch.Plain(), id, all[id])
			if err != nil {
				t.Fatal(err)
			}
			records = packed
		}
		p := kmsg.NewProduceRequestTopicPartition()
		p.Records = records
		topic := kmsg.NewProduceRequestTopic()
		topic.Topic, topic.Partitions = "t", []kmsg.ProduceRequestTopicPartition{p}
		q := kmsg.NewPtrProduceRequest()
		q.Acks, q.TimeoutMillis, q.Topics = -1, 10_000, []kmsg.ProduceRequestTopic{topic}
		q.SetVersion(12)
		frame := protocol.AppendRequest(nil, 0, 12, 1, "", q)
		r := kmsg.NewPtrProduceResponse()
		r.SetVersion(12)
		if err := r.ReadFrom(ask(t, dial(t, n.node.Addr()), frame, 1)[0][5:]); err != nil {
			t.Fatal(err)
		}
		got := r.Topics[0].Partitions[0]
		if kerr.ErrorForCode(got.ErrorCode) != kerr.InvalidTimestamp || len(got.ErrorRecords) != 2 ||
			got.ErrorRecords[0].RelativeOffset != 1 || got.ErrorRecords[1].RelativeOffset != 3 || got.ErrorRecords[0].ErrorMessage == nil {
			t.Errorf("codec %d: answered %+v", id, got)
		}
	}
}
