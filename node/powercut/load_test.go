package powercut_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	loadTopic  = "load"
	partitions = 4
	producers  = 8 // producer p writes to partition p % partitions
)

// connect makes a client of the machine that never gives up by itself.
func connect(t *testing.T, address string, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	c, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(address),
		kgo.ProducerLinger(0),
		kgo.MetadataMinAge(20 * time.Millisecond),
		kgo.FetchMaxWait(100 * time.Millisecond),
		kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }),
		kgo.DialTimeout(time.Second),
		kgo.DisableClientMetrics(),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// valueOf is the n-th value of a producer. It depends on nothing else.
func valueOf(producer, n int) []byte {
	h := uint64(producer)<<32 ^ uint64(n)*0x9e3779b97f4a7c15
	h ^= h >> 29
	size := int(h % 600)
	switch {
	case h%31 == 0:
		size = int(h % 30_000)
	case h%149 == 0: // which stands in its segment only
		size = 300_000
	}
	v := fmt.Appendf(nil, "%d %d ", producer, n)
	for i := range size {
		v = append(v, byte(h>>(i%8*8))+byte(i))
	}
	return v
}

// place is where a record lies.
type place struct {
	partition int32
	offset    int64
}

// source is a record as its producer knows it.
type source struct{ producer, number int }

// load is what producers have been told, and what readers have seen.
type load struct {
	t       *testing.T
	address string
	stop    context.Context
	end     context.CancelFunc
	writing sync.WaitGroup

	mu     sync.Mutex
	acks   map[place]source
	newest [partitions]int64 // the largest acknowledged offset

	log  [partitions][]source // as read, by offset
	next [producers]int       // the number due next in the log
	read int                  // records read again and compared
}

func newLoad(t *testing.T, address string) *load {
	l := &load{t: t, address: address, acks: map[place]source{}}
	for i := range l.newest {
		l.newest[i] = -1
	}
	l.stop, l.end = context.WithCancel(context.Background())
	t.Cleanup(l.end)
	return l
}

// start starts the producers.
func (l *load) start() {
	for p := range producers {
		client := connect(l.t, l.address, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MaxBufferedRecords(64),
			kgo.RecordRetries(1<<30), kgo.ProduceRequestTimeout(2*time.Second), kgo.RequestRetries(1<<30))
		l.writing.Go(func() { l.produce(client, p) })
	}
}

func (l *load) produce(client *kgo.Client, p int) {
	for n := 0; l.stop.Err() == nil; n++ {
		r := &kgo.Record{Topic: loadTopic, Partition: int32(p % partitions), Value: valueOf(p, n)}
		client.Produce(context.Background(), r, func(r *kgo.Record, err error) {
			if err != nil {
				l.t.Errorf("producer %d, record %d: %v", p, n, err)
				l.end()
				return
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			at := place{r.Partition, r.Offset}
			if other, taken := l.acks[at]; taken {
				l.t.Errorf("%v was acknowledged for %v and for %v", at, other, source{p, n})
			}
			l.acks[at] = source{p, n}
			l.newest[r.Partition] = max(l.newest[r.Partition], r.Offset)
		})
	}
	if err := client.Flush(soon(l.t)); err != nil {
		l.t.Errorf("producer %d: %v", p, err)
	}
}

// finish ends the producers, once everything under way is acknowledged.
func (l *load) finish() {
	l.end()
	l.writing.Wait()
}

func (l *load) acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acks)
}

// audit reads the log from where the last audit ended, or all of it, at least
// up to what has been acknowledged by now, and compares: bytes, offsets without
// a gap, every producer's records in order and once, and every acknowledgement.
func (l *load) audit(all bool) {
	l.t.Helper()
	l.mu.Lock()
	due := l.newest
	l.mu.Unlock()
	from := map[int32]kgo.Offset{}
	var next [partitions]int64
	left := 0
	for p := range int32(partitions) {
		if !all {
			next[p] = int64(len(l.log[p]))
		}
		if next[p] <= due[p] {
			left++
			from[p] = kgo.NewOffset().At(next[p])
		}
	}
	if left == 0 {
		return
	}
	client := connect(l.t, l.address, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{loadTopic: from}),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()))
	defer client.Close()
	for left > 0 {
		fetches := client.PollFetches(soon(l.t))
		if err := fetches.Err(); err != nil {
			l.t.Fatalf("reading back at %v, acknowledged up to %v: %v", next, due, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if r.Offset != next[r.Partition] {
				l.t.Fatalf("partition %d: offset %d where %d was due", r.Partition, r.Offset, next[r.Partition])
			}
			next[r.Partition]++
			l.take(r)
			if r.Offset == due[r.Partition] {
				left--
			}
		})
	}
}

// take compares one record with what is known.
func (l *load) take(r *kgo.Record) {
	l.t.Helper()
	var s source
	if _, err := fmt.Sscanf(string(r.Value[:min(len(r.Value), 40)]), "%d %d ", &s.producer, &s.number); err != nil {
		l.t.Fatalf("partition %d, offset %d: nobody wrote %.60q", r.Partition, r.Offset, r.Value)
	}
	if !bytes.Equal(r.Value, valueOf(s.producer, s.number)) {
		l.t.Fatalf("partition %d, offset %d: not what was written as %v", r.Partition, r.Offset, s)
	}
	if known := int64(len(l.log[r.Partition])); r.Offset < known {
		if l.log[r.Partition][r.Offset] != s {
			l.t.Fatalf("partition %d, offset %d was read as %v, and now as %v", r.Partition, r.Offset, l.log[r.Partition][r.Offset], s)
		}
	} else {
		if s.number != l.next[s.producer] {
			l.t.Fatalf("partition %d, offset %d: record %d of producer %d where %d was due", r.Partition, r.Offset, s.number, s.producer, l.next[s.producer])
		}
		l.next[s.producer]++
		l.log[r.Partition] = append(l.log[r.Partition], s)
	}
	l.read++
	l.mu.Lock()
	defer l.mu.Unlock()
	if acked, ok := l.acks[place{r.Partition, r.Offset}]; ok && acked != s {
		l.t.Fatalf("partition %d, offset %d was acknowledged for %v and holds %v", r.Partition, r.Offset, acked, s)
	}
}

// createTopic creates a topic, or finds it created by an earlier try.
func createTopic(t *testing.T, address, topic string, count int32, settings map[string]*string) {
	t.Helper()
	a := kadm.NewClient(connect(t, address))
	r, err := a.CreateTopic(soon(t), count, 1, settings, topic)
	if err == nil {
		err = r.Err
	}
	if err != nil {
		t.Fatalf("creating %s: %v", topic, err)
	}
}
