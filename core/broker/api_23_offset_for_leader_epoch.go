package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// beginOffsetForLeaderEpoch tells where epochs end in our logs, so that readers
// notice that theirs were cut (KIP-320).
func (b *Broker) beginOffsetForLeaderEpoch(r *request) {
	body := r.body.(*kmsg.OffsetForLeaderEpochRequest)
	resp := kmsg.NewPtrOffsetForLeaderEpochResponse()
	for i := range body.Topics {
		q := &body.Topics[i]
		out := kmsg.NewOffsetForLeaderEpochResponseTopic()
		out.Topic = q.Topic
		for j := range q.Partitions {
			out.Partitions = append(out.Partitions, b.epochEnd(q.Topic, &q.Partitions[j]))
		}
		resp.Topics = append(resp.Topics, out)
	}
	b.finish(r, resp)
}

func (b *Broker) epochEnd(topic string, q *kmsg.OffsetForLeaderEpochRequestTopicPartition) kmsg.OffsetForLeaderEpochResponseTopicPartition {
	out := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
	out.Partition = q.Partition
	tp, code := b.locate(topic, kafka.TopicID{}, kafka.PartitionIndex(q.Partition), false)
	epoch, end := kafka.NoLeaderEpoch, kafka.NoOffset
	if code == kafka.None {
		if h := b.find(tp); h != nil {
			epoch, end, code = h.replica.EpochEnd(kafka.LeaderEpoch(q.CurrentLeaderEpoch), kafka.LeaderEpoch(q.LeaderEpoch))
		} else {
			code = kafka.ErrNotLeaderOrFollower
		}
	}
	if code != kafka.None {
		b.counters.Errors++
	}
	out.ErrorCode, out.LeaderEpoch, out.EndOffset = int16(code), int32(epoch), int64(end)
	return out
}
