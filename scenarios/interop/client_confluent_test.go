package interop

import (
	"context"
	"fmt"
	"testing"
	"time"

	ck "github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// confluent is confluent-kafka-go: librdkafka, by cgo.
func confluent() client {
	return client{name: "librdkafka", run: runConfluent, codecs: allCodecs, idempotent: true, consumes: true, byTime: true, admin: true, headers: true}
}

func runConfluent(_ *testing.T, j job) result {
	switch j.Op {
	case "produce":
		return failed(confluentProduce(j))
	case "consume":
		return confluentConsume(j)
	default:
		return confluentAdmin(j)
	}
}

func confluentProduce(j job) error {
	p, err := ck.NewProducer(&ck.ConfigMap{
		"bootstrap.servers": j.Address, "compression.type": j.Codec, "enable.idempotence": j.Idempotent, "acks": "all", "linger.ms": 5, "message.max.bytes": largest,
	})
	if err != nil {
		return err
	}
	defer p.Close()
	delivered := make(chan ck.Event, len(j.Records))
	for _, r := range j.Records {
		m := &ck.Message{
			TopicPartition: ck.TopicPartition{Topic: &j.Topic, Partition: j.Partition},
			Key:            r.Key, Value: r.Value, Timestamp: time.UnixMilli(r.TimestampMs),
		}
		for _, h := range r.Headers {
			m.Headers = append(m.Headers, ck.Header{Key: h.Name, Value: h.Value})
		}
		if err := p.Produce(m, delivered); err != nil {
			return err
		}
	}
	for range j.Records {
		select {
		case e := <-delivered:
			if m := e.(*ck.Message); m.TopicPartition.Error != nil {
				return m.TopicPartition.Error
			}
		case <-time.After(30 * time.Second):
			return fmt.Errorf("not delivered after 30 s")
		}
	}
	return nil
}

func confluentConsume(j job) result {
	c, err := ck.NewConsumer(&ck.ConfigMap{"bootstrap.servers": j.Address, "group.id": "unused", "enable.auto.commit": false, "fetch.message.max.bytes": largest})
	if err != nil {
		return failed(err)
	}
	defer c.Close()
	at := ck.TopicPartition{Topic: &j.Topic, Partition: j.Partition, Offset: ck.Offset(j.Offset)}
	if j.TimestampMs != 0 {
		at.Offset = ck.Offset(j.TimestampMs)
		found, err := c.OffsetsForTimes([]ck.TopicPartition{at}, 20_000)
		if err != nil {
			return failed(err)
		}
		at = found[0]
	}
	if err := c.Assign([]ck.TopicPartition{at}); err != nil {
		return failed(err)
	}
	var out result
	for began := time.Now(); len(out.Records) < j.Count; {
		m, err := c.ReadMessage(time.Second)
		if err == nil {
			r := record{Offset: int64(m.TopicPartition.Offset), Key: m.Key, Value: m.Value, TimestampMs: m.Timestamp.UnixMilli()}
			for _, h := range m.Headers {
				r.Headers = append(r.Headers, header{h.Key, h.Value})
			}
			out.Records = append(out.Records, r)
		} else if time.Since(began) > 30*time.Second {
			return result{Error: fmt.Sprintf("%d of %d records after 30 s: %v", len(out.Records), j.Count, err)}
		}
	}
	return out
}

func confluentAdmin(j job) result {
	a, err := ck.NewAdminClient(&ck.ConfigMap{"bootstrap.servers": j.Address})
	if err != nil {
		return failed(err)
	}
	defer a.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var topics []ck.TopicResult
	var configs []ck.ConfigResourceResult
	switch j.Op {
	case "create":
		topics, err = a.CreateTopics(ctx, []ck.TopicSpecification{{Topic: j.Topic, NumPartitions: int(j.Partitions), ReplicationFactor: 1}})
	case "delete":
		topics, err = a.DeleteTopics(ctx, []string{j.Topic})
	case "alter-config":
		configs, err = a.IncrementalAlterConfigs(ctx, []ck.ConfigResource{{
			Type: ck.ResourceTopic, Name: j.Topic,
			Config: []ck.ConfigEntry{{Name: j.Name, Value: j.Value, IncrementalOperation: ck.AlterConfigOpTypeSet}},
		}})
	case "describe-config":
		configs, err = a.DescribeConfigs(ctx, []ck.ConfigResource{{Type: ck.ResourceTopic, Name: j.Topic}})
		if err == nil && configs[0].Error.Code() == ck.ErrNoError {
			return result{Value: configs[0].Config[j.Name].Value}
		}
	}
	for _, r := range topics {
		if err == nil && r.Error.Code() != ck.ErrNoError {
			err = r.Error
		}
	}
	for _, r := range configs {
		if err == nil && r.Error.Code() != ck.ErrNoError {
			err = r.Error
		}
	}
	return failed(err)
}
