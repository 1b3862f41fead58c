package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// topic is the one topic of every Kafka server here.
const topic = "bench"

// kafkaServer is a server that speaks Kafka's protocol: clients are franz-go's.
type kafkaServer struct {
	p        *process // of a cluster, ready.Listen names all nodes
	replicas int16    // of the topic; 0: one
	configs  map[string]*string
}

func (s *kafkaServer) process() *process { return s.p }

// counters are those that kfake does not have.
func (s *kafkaServer) counters(context.Context) (*counters, error) { return nil, nil }

func (s *kafkaServer) connect(opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(strings.Split(s.p.ready.Listen, ",")...), kgo.DisableClientMetrics(), kgo.MetadataMinAge(50 * time.Millisecond),
	}, opts...)...)
}

// createLogs makes the topic, or gives it more partitions; 0 does nothing.
func (s *kafkaServer) createLogs(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	c, err := s.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	response, err := kadm.NewClient(c).CreateTopic(ctx, int32(n), max(s.replicas, 1), s.configs, topic)
	if err == nil {
		err = response.Err
	}
	return err
}

// producers connects idempotent producers with acks=all, without compression
// and without lingering: a batch is what gathered while others were in flight.
func (s *kafkaServer) producers(ctx context.Context, n, window int) ([]producer, error) {
	var list []producer
	for range n {
		c, err := s.connect(
			kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.RequiredAcks(kgo.AllISRAcks()),
			kgo.ProducerLinger(0), kgo.ProducerBatchCompression(kgo.NoCompression()), kgo.MaxBufferedRecords(2*window+1000), // Produce never blocks
			kgo.RecordDeliveryTimeout(30*time.Second),
		)
		if err != nil {
			closeAll(list)
			return nil, err
		}
		list = append(list, kafkaProducer{c})
	}
	return list, nil
}

// closeAll closes clients, some at a time: each waits a little.
func closeAll(list []producer) {
	var all sync.WaitGroup
	for _, p := range list {
		all.Go(p.close)
	}
	all.Wait()
}

type kafkaProducer struct{ c *kgo.Client }

func (p kafkaProducer) send(ctx context.Context, log int, value []byte, done func(error)) {
	p.c.Produce(ctx, &kgo.Record{Partition: int32(log), Value: value}, func(_ *kgo.Record, err error) { done(err) })
}

func (p kafkaProducer) close() { p.c.Close() }

func (s *kafkaServer) read(ctx context.Context, log int, each func([]byte) bool) error {
	c, err := s.connect(
		kgo.FetchMaxPartitionBytes(16<<20), kgo.FetchMaxWait(500*time.Millisecond),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {int32(log): kgo.NewOffset().AtStart()}}),
	)
	if err != nil {
		return err
	}
	defer c.Close()
	for {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		for records := fetches.RecordIter(); !records.Done(); {
			if !each(records.Next().Value) {
				return nil
			}
		}
	}
}

func (s *kafkaServer) end(ctx context.Context, log int) (int64, error) {
	c, err := s.connect()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	ends, err := kadm.NewClient(c).ListEndOffsets(ctx, topic)
	if err != nil {
		return 0, err
	}
	o, ok := ends.Lookup(topic, int32(log))
	if !ok {
		return 0, errors.New("no end of " + fmt.Sprint(log))
	}
	return o.Offset, o.Err
}
