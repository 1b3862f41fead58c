package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// written is what a test expects to read back.
type written struct {
	offset     int64
	key, value []byte
	headers    []kgo.RecordHeader
	timestamp  time.Time
}

func TestFranzGo(t *testing.T) {
	for _, mode := range []struct {
		name string
		opts []kgo.Opt
	}{
		{"idempotent", nil},
		{"plain", []kgo.Opt{kgo.DisableIdempotentWrite()}},
		{"acks-leader", []kgo.Opt{kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck())}},
		{"uncompressed", []kgo.Opt{kgo.ProducerBatchCompression(kgo.NoCompression())}},
	} {
		t.Run(mode.name, func(t *testing.T) {
			s := startServer(t)
			s.createTopic("bytes", 3)
			log := produceFranz(t, s, "bytes", 0, 500, mode.opts)
			checkFranz(t, s, "bytes", log)
			s.kill()
			s.start()
			checkFranz(t, s, "bytes", log)
			log = append(log, produceFranz(t, s, "bytes", len(log), 100, mode.opts)...)
			checkFranz(t, s, "bytes", log)
			checkByTimestamp(t, s, "bytes", log)
		})
	}
}

// produceFranz writes n records of random bytes to partition 1, synchronously
// enough that each has its own millisecond now and then.
func produceFranz(t *testing.T, s *server, topic string, from, n int, opts []kgo.Opt) []written {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(s.addr), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerLinger(0),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var log []written
	base := time.UnixMilli(1_700_000_000_000)
	for i := range n {
		value := make([]byte, 1+(i*37)%2000)
		rand.Read(value)
		r := &kgo.Record{
			Topic: topic, Partition: 1, Key: fmt.Appendf(nil, "k%d", from+i), Value: value,
			Headers:   []kgo.RecordHeader{{Key: "n", Value: fmt.Appendf(nil, "%d", from+i)}, {Key: "empty"}},
			Timestamp: base.Add(time.Duration(from+i) * 10 * time.Millisecond),
		}
		if err := c.ProduceSync(context.Background(), r).FirstErr(); err != nil {
			t.Fatalf("record %d: %v", from+i, err)
		}
		if r.Offset != int64(from+i) {
			t.Fatalf("record %d got offset %d", from+i, r.Offset)
		}
		log = append(log, written{r.Offset, r.Key, value, r.Headers, r.Timestamp})
	}
	return log
}

// checkFranz reads partition 1 from 0 and from the middle, byte for byte.
func checkFranz(t *testing.T, s *server, topic string, log []written) {
	t.Helper()
	for _, start := range []int{0, len(log) / 2, len(log) - 1} {
		readFranz(t, s, topic, kgo.NewOffset().At(int64(start)), log[start:])
	}
}

// checkByTimestamp looks offsets up by timestamp and reads from there.
func checkByTimestamp(t *testing.T, s *server, topic string, log []written) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(s.addr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, i := range []int{0, 1, len(log) / 3, len(log) - 1} {
		// Five milliseconds before a record's stamp, and the stamp itself, both lead to it.
		for _, back := range []time.Duration{0, 5 * time.Millisecond} {
			at := log[i].timestamp.Add(-back).UnixMilli()
			offsets, err := kadm.NewClient(c).ListOffsetsAfterMilli(context.Background(), at, topic)
			if err != nil {
				t.Fatal(err)
			}
			o, ok := offsets.Lookup(topic, 1)
			if !ok || o.Err != nil || o.Offset != log[i].offset {
				t.Fatalf("at %d: got %+v, want offset %d", at, o, log[i].offset)
			}
		}
	}
	readFranz(t, s, topic, kgo.NewOffset().AfterMilli(log[len(log)/2].timestamp.UnixMilli()), log[len(log)/2:])
}

func readFranz(t *testing.T, s *server, topic string, from kgo.Offset, want []written) {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(s.addr), kgo.FetchMaxWait(200*time.Millisecond),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {1: from}}))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	got := 0
	for got < len(want) {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("after %d of %d records: %v", got, len(want), err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if got >= len(want) {
				t.Fatalf("a record too many: offset %d", r.Offset)
			}
			compareRecord(t, r, want[got])
			got++
		})
	}
}

func compareRecord(t *testing.T, r *kgo.Record, w written) {
	t.Helper()
	if r.Offset != w.offset || !bytes.Equal(r.Key, w.key) || !bytes.Equal(r.Value, w.value) ||
		r.Timestamp.UnixMilli() != w.timestamp.UnixMilli() || len(r.Headers) != len(w.headers) {
		t.Fatalf("offset %d: read key %q, %d bytes, %v; wrote offset %d key %q, %d bytes, %v",
			r.Offset, r.Key, len(r.Value), r.Timestamp, w.offset, w.key, len(w.value), w.timestamp)
	}
	for i, h := range r.Headers {
		if h.Key != w.headers[i].Key || !bytes.Equal(h.Value, w.headers[i].Value) {
			t.Fatalf("offset %d header %d: %q=%q", r.Offset, i, h.Key, h.Value)
		}
	}
}
