package interop

import (
	"fmt"
	"testing"
	"time"

	sar "github.com/IBM/sarama"
)

// sarama is IBM/sarama.
func sarama() client {
	return client{name: "sarama", run: runSarama, codecs: allCodecs, idempotent: true, consumes: true, byTime: true, admin: true, headers: true}
}

func saramaConfig(j job) *sar.Config {
	c := sar.NewConfig()
	c.Version = sar.V2_8_0_0
	c.Producer.RequiredAcks = sar.WaitForAll
	c.Producer.Return.Successes = true
	c.Producer.Partitioner = sar.NewManualPartitioner
	c.Producer.Compression = map[string]sar.CompressionCodec{
		"": sar.CompressionNone, "none": sar.CompressionNone, "gzip": sar.CompressionGZIP, "snappy": sar.CompressionSnappy,
		"lz4": sar.CompressionLZ4, "zstd": sar.CompressionZSTD,
	}[j.Codec]
	c.Producer.MaxMessageBytes = largest
	c.Consumer.Fetch.Default = largest
	c.Net.MaxOpenRequests = 1
	c.Producer.Idempotent = j.Idempotent
	return c
}

func runSarama(_ *testing.T, j job) result {
	switch j.Op {
	case "produce":
		return failed(saramaProduce(j))
	case "consume":
		return saramaConsume(j)
	default:
		return saramaAdmin(j)
	}
}

func saramaProduce(j job) error {
	p, err := sar.NewSyncProducer([]string{j.Address}, saramaConfig(j))
	if err != nil {
		return err
	}
	defer p.Close()
	var messages []*sar.ProducerMessage
	for _, r := range j.Records {
		m := &sar.ProducerMessage{
			Topic: j.Topic, Partition: j.Partition, Key: sar.ByteEncoder(r.Key), Value: sar.ByteEncoder(r.Value),
			Timestamp: time.UnixMilli(r.TimestampMs),
		}
		for _, h := range r.Headers {
			m.Headers = append(m.Headers, sar.RecordHeader{Key: []byte(h.Name), Value: h.Value})
		}
		messages = append(messages, m)
	}
	return p.SendMessages(messages)
}

func saramaConsume(j job) result {
	c, err := sar.NewClient([]string{j.Address}, saramaConfig(j))
	if err != nil {
		return failed(err)
	}
	defer c.Close()
	from := j.Offset
	if j.TimestampMs != 0 {
		if from, err = c.GetOffset(j.Topic, j.Partition, j.TimestampMs); err != nil {
			return failed(err)
		}
	}
	consumer, err := sar.NewConsumerFromClient(c)
	if err != nil {
		return failed(err)
	}
	defer consumer.Close()
	pc, err := consumer.ConsumePartition(j.Topic, j.Partition, from)
	if err != nil {
		return failed(err)
	}
	defer pc.Close()
	var out result
	for timeout := time.After(30 * time.Second); len(out.Records) < j.Count; {
		select {
		case m := <-pc.Messages():
			r := record{Offset: m.Offset, Key: m.Key, Value: m.Value, TimestampMs: m.Timestamp.UnixMilli()}
			for _, h := range m.Headers {
				r.Headers = append(r.Headers, header{string(h.Key), h.Value})
			}
			out.Records = append(out.Records, r)
		case <-timeout:
			return result{Error: fmt.Sprintf("%d of %d records after 30 s", len(out.Records), j.Count)}
		}
	}
	return out
}

func saramaAdmin(j job) result {
	a, err := sar.NewClusterAdmin([]string{j.Address}, saramaConfig(j))
	if err != nil {
		return failed(err)
	}
	defer a.Close()
	switch j.Op {
	case "create":
		err = a.CreateTopic(j.Topic, &sar.TopicDetail{NumPartitions: j.Partitions, ReplicationFactor: 1}, false)
	case "delete":
		err = a.DeleteTopic(j.Topic)
	case "alter-config":
		err = a.IncrementalAlterConfig(sar.TopicResource, j.Topic,
			map[string]sar.IncrementalAlterConfigsEntry{j.Name: {Operation: sar.IncrementalAlterConfigsOperationSet, Value: &j.Value}}, false)
	case "describe-config":
		var entries []sar.ConfigEntry
		entries, err = a.DescribeConfig(sar.ConfigResource{Type: sar.TopicResource, Name: j.Topic, ConfigNames: []string{j.Name}})
		for _, e := range entries {
			if e.Name == j.Name {
				return result{Value: e.Value}
			}
		}
	}
	return failed(err)
}
