package node_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// BenchmarkProduce writes records of 1 KiB over TCP with acks=all, synced, to
// six partitions: each producer waits for one record before it writes the
// next, so the figure is of acknowledgements and not of batching.
func BenchmarkProduce(b *testing.B) {
	for _, producers := range []int{1, 16, 256} {
		b.Run(fmt.Sprintf("producers=%d", producers), func(b *testing.B) {
			n := start(b, b.TempDir())
			defer n.stop()
			create(b, n.node.Addr(), "bench", 6, nil)
			value := make([]byte, 1024)
			clients := make([]*kgo.Client, producers)
			for i := range clients {
				clients[i] = connect(b, n.node.Addr(), kgo.DefaultProduceTopic("bench"), kgo.ProducerBatchCompression(kgo.NoCompression()))
				if err := clients[i].ProduceSync(soon(b), &kgo.Record{Value: value}).FirstErr(); err != nil {
					b.Fatal(err)
				}
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			times := make([][]time.Duration, producers)
			var all sync.WaitGroup
			b.SetBytes(1024)
			b.ResetTimer()
			before := cpu()
			for i, c := range clients {
				all.Go(func() {
					for left.Add(-1) >= 0 {
						began := time.Now()
						if err := c.ProduceSync(context.Background(), &kgo.Record{Value: value}).FirstErr(); err != nil {
							b.Error(err)
							return
						}
						times[i] = append(times[i], time.Since(began))
					}
				})
			}
			all.Wait()
			b.StopTimer()
			report(b, slices.Concat(times...), cpu()-before)
		})
	}
}

// BenchmarkProduceStream writes records of 1 KiB as fast as one client's
// batches go, acks=all, synced.
func BenchmarkProduceStream(b *testing.B) {
	n := start(b, b.TempDir())
	defer n.stop()
	create(b, n.node.Addr(), "bench", 6, nil)
	c := connect(b, n.node.Addr(), kgo.DefaultProduceTopic("bench"), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(5*time.Millisecond))
	value := make([]byte, 1024)
	b.SetBytes(1024)
	for b.Loop() {
		c.Produce(context.Background(), &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				b.Error(err)
			}
		})
	}
	if err := c.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkConsume reads records of 1 KiB.
func BenchmarkConsume(b *testing.B) {
	n := start(b, b.TempDir())
	defer n.stop()
	create(b, n.node.Addr(), "bench", 6, nil)
	c := connect(b, n.node.Addr(), kgo.DefaultProduceTopic("bench"), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.ProducerLinger(5*time.Millisecond))
	value := make([]byte, 1024)
	const records = 100_000
	for range records {
		c.Produce(context.Background(), &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				b.Error(err)
			}
		})
	}
	if err := c.Flush(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(1024)
	b.ResetTimer()
	for left := b.N; left > 0; {
		reader := connect(b, n.node.Addr(), kgo.ConsumeTopics("bench"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		for got := 0; got < records && left > 0; {
			f := reader.PollFetches(context.Background())
			got, left = got+f.NumRecords(), left-f.NumRecords()
		}
		reader.Close()
	}
}

// cpu is the processor time that this process has used, clients included.
func cpu() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// report adds the usual figures; times are the producers' waits, used the
// processor time since the clock was started.
func report(b *testing.B, times []time.Duration, used time.Duration) {
	if b.Failed() {
		return
	}
	slices.Sort(times)
	at := func(q float64) float64 { return float64(times[int(q*float64(len(times)-1))].Microseconds()) }
	b.ReportMetric(at(0.5), "p50-µs")
	b.ReportMetric(at(0.99), "p99-µs")
	b.ReportMetric(float64(len(times))/b.Elapsed().Seconds(), "records/s")
	b.ReportMetric(float64(used.Nanoseconds())/1e3/float64(len(times)), "cpu-µs/op")
}
