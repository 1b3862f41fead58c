package node_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// same compares what was read with what was written, everything that a client sets.
func same(t *testing.T, got, want *kgo.Record) {
	t.Helper()
	if !bytes.Equal(got.Value, want.Value) || !bytes.Equal(got.Key, want.Key) || (got.Key == nil) != (want.Key == nil) {
		t.Fatalf("record %d differs", got.Offset)
	}
	if !got.Timestamp.Equal(want.Timestamp) {
		t.Fatalf("record %d is of %v, was written with %v", got.Offset, got.Timestamp, want.Timestamp)
	}
	if len(got.Headers) != len(want.Headers) {
		t.Fatalf("record %d has %d headers, was written with %d", got.Offset, len(got.Headers), len(want.Headers))
	}
	for i, h := range want.Headers {
		if got.Headers[i].Key != h.Key || !bytes.Equal(got.Headers[i].Value, h.Value) || (got.Headers[i].Value == nil) != (h.Value == nil) {
			t.Fatalf("record %d: header %d differs", got.Offset, i)
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	n := start(t, t.TempDir())
	defer n.stop()
	address := n.node.Addr()
	kinds := []struct {
		name    string
		options []kgo.Opt
	}{
		{"idempotent", nil},
		{"plain", []kgo.Opt{kgo.DisableIdempotentWrite()}},
		{"leader", []kgo.Opt{kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck())}},
		{"gzip", []kgo.Opt{kgo.ProducerBatchCompression(kgo.GzipCompression())}},
		{"snappy", []kgo.Opt{kgo.ProducerBatchCompression(kgo.SnappyCompression())}},
		{"lz4", []kgo.Opt{kgo.ProducerBatchCompression(kgo.Lz4Compression())}},
		{"zstd", []kgo.Opt{kgo.ProducerBatchCompression(kgo.ZstdCompression())}},
	}
	const records = 500
	var all sync.WaitGroup
	for _, k := range kinds {
		all.Go(func() {
			create(t, address, k.name, 1, nil)
			c := connect(t, address, append(k.options, kgo.DefaultProduceTopic(k.name))...)
			var written sync.WaitGroup
			for i := range records {
				written.Add(1)
				c.Produce(soon(t), record(k.name, i), func(r *kgo.Record, err error) {
					if err != nil {
						t.Errorf("%s: record %d: %v", k.name, i, err)
					}
					if r.Offset != int64(i) {
						t.Errorf("%s: record %d was written at %d", k.name, i, r.Offset)
					}
					written.Done()
				})
			}
			written.Wait()
			for i, r := range consume(t, address, k.name, records) {
				if r.Offset != int64(i) {
					t.Errorf("%s: offset %d where %d was due", k.name, r.Offset, i)
				}
				same(t, r, record(k.name, i))
			}
		})
	}
	all.Wait()
}

func TestReadFromOffsetsAndTimes(t *testing.T) {
	n := start(t, t.TempDir())
	defer n.stop()
	address := n.node.Addr()
	create(t, address, "times", 1, nil)
	c := connect(t, address)
	for i := range 300 {
		if err := c.ProduceSync(soon(t), record("times", i)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	a := kadm.NewClient(c)
	for _, i := range []int{0, 1, 150, 299} {
		at := int64(1_700_000_000_000 + i)
		listed, err := a.ListOffsetsAfterMilli(soon(t), at, "times")
		if err != nil {
			t.Fatal(err)
		}
		if o, _ := listed.Lookup("times", 0); o.Offset != int64(i) || o.Timestamp != at {
			t.Errorf("time of record %d: offset %d, time %d", i, o.Offset, o.Timestamp)
		}
		r := consume(t, address, "times", 1, kgo.ConsumeResetOffset(kgo.NewOffset().At(int64(i))))
		if r[0].Offset != int64(i) {
			t.Errorf("from offset %d: %d came first", i, r[0].Offset)
		}
		same(t, r[0], record("times", i))
	}
	starts, err := a.ListStartOffsets(soon(t), "times")
	if o, _ := starts.Lookup("times", 0); err != nil || o.Offset != 0 {
		t.Errorf("start offset %d, %v", o.Offset, err)
	}
	ending, err := a.ListEndOffsets(soon(t), "times")
	if o, _ := ending.Lookup("times", 0); err != nil || o.Offset != 300 {
		t.Errorf("end offset %d, %v", o.Offset, err)
	}
}

func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	const each = 200
	for round := range 3 {
		n := start(t, dir)
		address := n.node.Addr()
		if round == 0 {
			create(t, address, "kept", 2, nil)
		}
		c := connect(t, address, kgo.RecordPartitioner(kgo.ManualPartitioner()))
		for i := range each {
			r := record("kept", round*each+i)
			r.Partition = int32(i % 2)
			c.Produce(soon(t), r, func(_ *kgo.Record, err error) {
				if err != nil {
					t.Errorf("round %d: %v", round, err)
				}
			})
		}
		if err := c.Flush(soon(t)); err != nil {
			t.Fatal(err)
		}
		got := consume(t, address, "kept", each*(round+1))
		next := map[int32]int64{}
		for _, r := range got {
			if r.Offset != next[r.Partition] {
				t.Fatalf("round %d: offset %d of partition %d where %d was due", round, r.Offset, r.Partition, next[r.Partition])
			}
			next[r.Partition]++
			i := int(r.Offset)*2 + int(r.Partition)
			same(t, r, record("kept", i))
		}
		t.Logf("round %d: serving after %d ms", round, n.ready.StartedMs)
		n.stop()
	}
}

func TestTopicsComeAndGo(t *testing.T) {
	n := start(t, t.TempDir())
	defer n.stop()
	a := kadm.NewClient(connect(t, n.node.Addr()))
	for i := range 5 {
		name := fmt.Sprintf("topic-%d", i)
		create(t, n.node.Addr(), name, int32(i+1), nil)
	}
	if r, err := a.CreateTopic(soon(t), 1, 1, nil, "topic-1"); err == nil && r.Err == nil {
		t.Error("a topic was created twice")
	}
	topics, err := a.ListTopics(soon(t))
	if err != nil || len(topics) != 5 || len(topics["topic-4"].Partitions) != 5 {
		t.Fatalf("listed: %v, %v", topics.Names(), err)
	}
	if _, err := a.DeleteTopics(soon(t), "topic-0", "topic-2"); err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(patience)
	for {
		if topics, err = a.ListTopics(soon(t)); err == nil && len(topics) == 3 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("after the deletion: %v, %v", topics.Names(), err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
