package interop

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	sar "github.com/IBM/sarama"
	confluentkafka "github.com/confluentinc/confluent-kafka-go/v2/kafka"
	segmentio "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kgo"
)

// memberOf names, in the environment of another process of this test, the client
// as which it is to be a member of a group until it is killed.
const memberOf = "TRIALOG_MEMBER"

func TestMain(m *testing.M) {
	if who := os.Getenv(memberOf); who != "" {
		err := goMembers[who](os.Args[1], os.Args[2], os.Args[3])
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// goMembers read a topic as members of a group, print partition and offset of
// every record, and commit.
var goMembers = map[string]func(address, group, topic string) error{
	"franz-go-consumer": func(address, group, topic string) error {
		return franzMember(address, group, topic, kgo.ServerSideBalancer(), kgo.Balancers(kgo.StickyBalancer()))
	},
	"confluent-kafka-go-consumer": confluentConsumer,
	"franz-go":                    func(address, group, topic string) error { return franzMember(address, group, topic) }, "sarama": saramaMember, "kafka-go": kafkaGoMember, "confluent-kafka-go": confluentMember,
}

func franzMember(address, group, topic string, more ...kgo.Opt) error {
	c, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(address), kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(6 * time.Second), kgo.HeartbeatInterval(500 * time.Millisecond),
		kgo.MetadataMinAge(100 * time.Millisecond), kgo.MetadataMaxAge(time.Second), kgo.BlockRebalanceOnPoll()}, more...)...)
	if err != nil {
		return err
	}
	for {
		f := c.PollFetches(context.Background())
		f.EachRecord(func(r *kgo.Record) { fmt.Println(r.Partition, r.Offset) })
		_ = c.CommitRecords(context.Background(), f.Records()...) // where it is out, somebody else reads it again
		c.AllowRebalance()
	}
}

// saramaReader is sarama's handler of a generation.
type saramaReader struct{}

func (saramaReader) Setup(sar.ConsumerGroupSession) error   { return nil }
func (saramaReader) Cleanup(sar.ConsumerGroupSession) error { return nil }
func (saramaReader) ConsumeClaim(s sar.ConsumerGroupSession, c sar.ConsumerGroupClaim) error {
	for {
		select {
		case m, more := <-c.Messages():
			if !more {
				return nil
			}
			fmt.Println(m.Partition, m.Offset)
			s.MarkMessage(m, "")
			s.Commit()
		case <-s.Context().Done():
			return nil
		}
	}
}

func saramaMember(address, group, topic string) error {
	c := sar.NewConfig()
	c.Version = sar.V2_8_0_0
	c.Consumer.Offsets.Initial = sar.OffsetOldest
	c.Consumer.Offsets.AutoCommit.Enable = false
	c.Consumer.Group.Session.Timeout, c.Consumer.Group.Heartbeat.Interval = 6*time.Second, 500*time.Millisecond
	c.Metadata.RefreshFrequency = time.Second
	g, err := sar.NewConsumerGroup([]string{address}, group, c)
	if err != nil {
		return err
	}
	for {
		if err := g.Consume(context.Background(), []string{topic}, saramaReader{}); err != nil {
			return err
		}
	}
}

func kafkaGoMember(address, group, topic string) error {
	r := segmentio.NewReader(segmentio.ReaderConfig{
		Brokers: []string{address}, GroupID: group, Topic: topic, StartOffset: segmentio.FirstOffset, MaxWait: 200 * time.Millisecond,
		SessionTimeout: 6 * time.Second, HeartbeatInterval: 500 * time.Millisecond, RebalanceTimeout: 6 * time.Second,
		WatchPartitionChanges: true, PartitionWatchInterval: time.Second, ReadBatchTimeout: time.Second,
	})
	for {
		m, err := r.FetchMessage(context.Background())
		if err != nil {
			return err
		}
		fmt.Println(m.Partition, m.Offset)
		_ = r.CommitMessages(context.Background(), m)
	}
}

func confluentMember(address, group, topic string) error {
	return confluentReads(topic, &confluentkafka.ConfigMap{
		"bootstrap.servers": address, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": false,
		"session.timeout.ms": 6000, "heartbeat.interval.ms": 500, "topic.metadata.refresh.interval.ms": 1000,
	})
}

func confluentConsumer(address, group, topic string) error {
	return confluentReads(topic, &confluentkafka.ConfigMap{
		"bootstrap.servers": address, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": false,
		"group.protocol": "consumer", "topic.metadata.refresh.interval.ms": 1000,
	})
}

func confluentReads(topic string, config *confluentkafka.ConfigMap) error {
	c, err := confluentkafka.NewConsumer(config)
	if err != nil {
		return err
	}
	if err := c.SubscribeTopics([]string{topic}, nil); err != nil {
		return err
	}
	for {
		m, err := c.ReadMessage(time.Second)
		if err != nil {
			continue // nothing yet
		}
		fmt.Println(m.TopicPartition.Partition, int64(m.TopicPartition.Offset))
		_, _ = c.CommitMessage(m)
	}
}
