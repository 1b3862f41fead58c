package interop

import (
	"context"
	"fmt"
	"testing"
	"time"

	kgo "github.com/segmentio/kafka-go"
)

// kafkaGo is segmentio/kafka-go. It has no idempotent producer.
func kafkaGo() client {
	return client{name: "kafka-go", run: runKafkaGo, codecs: allCodecs, consumes: true, byTime: true, admin: true, headers: true}
}

func runKafkaGo(_ *testing.T, j job) result {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	switch j.Op {
	case "produce":
		return failed(kafkaGoProduce(ctx, j))
	case "consume":
		return kafkaGoConsume(ctx, j)
	default:
		return kafkaGoAdmin(ctx, j)
	}
}

// toPartition is a balancer that always answers the same.
type toPartition int

func (p toPartition) Balance(kgo.Message, ...int) int { return int(p) }

// freshTransport caches nothing of an earlier job: the node may have restarted.
func freshTransport() *kgo.Transport { return &kgo.Transport{MetadataTTL: time.Second} }

func kafkaGoProduce(ctx context.Context, j job) error {
	w := &kgo.Writer{
		Addr: kgo.TCP(j.Address), Transport: freshTransport(), Topic: j.Topic, Balancer: toPartition(j.Partition), RequiredAcks: kgo.RequireAll, BatchTimeout: time.Millisecond, BatchBytes: largest,
		Compression: map[string]kgo.Compression{"gzip": kgo.Gzip, "snappy": kgo.Snappy, "lz4": kgo.Lz4, "zstd": kgo.Zstd}[j.Codec],
	}
	defer w.Close()
	var messages []kgo.Message
	for _, r := range j.Records {
		m := kgo.Message{Key: r.Key, Value: r.Value, Time: time.UnixMilli(r.TimestampMs)}
		for _, h := range r.Headers {
			m.Headers = append(m.Headers, kgo.Header{Key: h.Name, Value: h.Value})
		}
		messages = append(messages, m)
	}
	return w.WriteMessages(ctx, messages...)
}

func kafkaGoConsume(ctx context.Context, j job) result {
	r := kgo.NewReader(kgo.ReaderConfig{
		Brokers: []string{j.Address}, Topic: j.Topic, Partition: int(j.Partition), MinBytes: 1, MaxBytes: 10 << 20, MaxWait: 200 * time.Millisecond,
	})
	defer r.Close()
	var err error
	if j.TimestampMs != 0 {
		err = r.SetOffsetAt(ctx, time.UnixMilli(j.TimestampMs))
	} else {
		err = r.SetOffset(j.Offset)
	}
	if err != nil {
		return failed(err)
	}
	var out result
	for len(out.Records) < j.Count {
		m, err := r.ReadMessage(ctx)
		if err != nil {
			return failed(fmt.Errorf("after %d records: %w", len(out.Records), err))
		}
		k := record{Offset: m.Offset, Key: m.Key, Value: m.Value, TimestampMs: m.Time.UnixMilli()}
		for _, h := range m.Headers {
			k.Headers = append(k.Headers, header{h.Key, h.Value})
		}
		out.Records = append(out.Records, k)
	}
	return out
}

func kafkaGoAdmin(ctx context.Context, j job) result {
	c := &kgo.Client{Addr: kgo.TCP(j.Address), Transport: freshTransport()}
	var err error
	var codes map[string]error
	switch j.Op {
	case "create":
		var resp *kgo.CreateTopicsResponse
		resp, err = c.CreateTopics(ctx, &kgo.CreateTopicsRequest{
			Topics: []kgo.TopicConfig{{Topic: j.Topic, NumPartitions: int(j.Partitions), ReplicationFactor: 1}},
		})
		if err == nil {
			codes = resp.Errors
		}
	case "delete":
		var resp *kgo.DeleteTopicsResponse
		if resp, err = c.DeleteTopics(ctx, &kgo.DeleteTopicsRequest{Topics: []string{j.Topic}}); err == nil {
			codes = resp.Errors
		}
	case "alter-config":
		var resp *kgo.IncrementalAlterConfigsResponse
		resp, err = c.IncrementalAlterConfigs(ctx, &kgo.IncrementalAlterConfigsRequest{
			Resources: []kgo.IncrementalAlterConfigsRequestResource{{
				ResourceType: kgo.ResourceTypeTopic, ResourceName: j.Topic,
				Configs: []kgo.IncrementalAlterConfigsRequestConfig{{Name: j.Name, Value: j.Value, ConfigOperation: kgo.ConfigOperationSet}},
			}},
		})
		if err == nil {
			err = resp.Resources[0].Error
		}
	case "describe-config":
		var resp *kgo.DescribeConfigsResponse
		resp, err = c.DescribeConfigs(ctx, &kgo.DescribeConfigsRequest{
			Resources: []kgo.DescribeConfigRequestResource{{ResourceType: kgo.ResourceTypeTopic, ResourceName: j.Topic, ConfigNames: []string{j.Name}}},
		})
		if err == nil {
			for _, e := range resp.Resources[0].ConfigEntries {
				return result{Value: e.ConfigValue}
			}
			err = resp.Resources[0].Error
		}
	}
	for _, e := range codes {
		if e != nil {
			err = e
		}
	}
	return failed(err)
}
