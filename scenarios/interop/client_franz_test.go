package interop

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// franz is twmb/franz-go: the reference, since it speaks every key.
func franz() client {
	return client{name: "franz-go", run: runFranz, codecs: allCodecs, idempotent: true, consumes: true, byTime: true, admin: true, headers: true}
}

func runFranz(_ *testing.T, j job) result {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	switch j.Op {
	case "produce":
		return failed(franzProduce(ctx, j))
	case "consume":
		return franzConsume(ctx, j)
	default:
		return franzAdmin(ctx, j)
	}
}

func failed(err error) result {
	if err != nil {
		return result{Error: err.Error()}
	}
	return result{}
}

func franzProduce(ctx context.Context, j job) error {
	codec := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}[j.Codec]
	opts := []kgo.Opt{
		kgo.SeedBrokers(j.Address), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(codec), kgo.ProducerBatchMaxBytes(largest),
	}
	if !j.Idempotent {
		opts = append(opts, kgo.DisableIdempotentWrite(), kgo.MaxProduceRequestsInflightPerBroker(1))
	}
	c, err := kgo.NewClient(opts...)
	if err != nil {
		return err
	}
	defer c.Close()
	var records []*kgo.Record
	for _, r := range j.Records {
		k := &kgo.Record{Topic: j.Topic, Partition: j.Partition, Key: r.Key, Value: r.Value, Timestamp: time.UnixMilli(r.TimestampMs)}
		for _, h := range r.Headers {
			k.Headers = append(k.Headers, kgo.RecordHeader{Key: h.Name, Value: h.Value})
		}
		records = append(records, k)
	}
	return c.ProduceSync(ctx, records...).FirstErr()
}

func franzConsume(ctx context.Context, j job) result {
	from := kgo.NewOffset().At(j.Offset)
	if j.TimestampMs != 0 {
		from = kgo.NewOffset().AfterMilli(j.TimestampMs)
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(j.Address), kgo.FetchMaxWait(200*time.Millisecond), kgo.FetchMaxPartitionBytes(largest),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{j.Topic: {j.Partition: from}}))
	if err != nil {
		return failed(err)
	}
	defer c.Close()
	var out result
	for len(out.Records) < j.Count {
		fetches := c.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return failed(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			k := record{Offset: r.Offset, Key: r.Key, Value: r.Value, TimestampMs: r.Timestamp.UnixMilli()}
			for _, h := range r.Headers {
				k.Headers = append(k.Headers, header{h.Key, h.Value})
			}
			out.Records = append(out.Records, k)
		})
	}
	return out
}

func franzAdmin(ctx context.Context, j job) result {
	c, err := kgo.NewClient(kgo.SeedBrokers(j.Address))
	if err != nil {
		return failed(err)
	}
	defer c.Close()
	admin := kadm.NewClient(c)
	switch j.Op {
	case "create":
		_, err = admin.CreateTopic(ctx, j.Partitions, 1, nil, j.Topic)
	case "delete":
		_, err = admin.DeleteTopic(ctx, j.Topic)
	case "alter-config":
		_, err = admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: j.Name, Value: &j.Value}}, j.Topic)
	case "describe-config":
		var all kadm.ResourceConfigs
		if all, err = admin.DescribeTopicConfigs(ctx, j.Topic); err == nil {
			var one kadm.ResourceConfig
			if one, err = all.On(j.Topic, nil); err == nil && one.Err != nil {
				err = one.Err
			}
			for _, kv := range one.Configs {
				if kv.Key == j.Name {
					return result{Value: kv.MaybeValue()}
				}
			}
		}
	}
	return failed(err)
}
