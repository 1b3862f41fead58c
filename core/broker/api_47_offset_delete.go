package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// beginOffsetDelete has a group forget offsets of topics that it does not read.
func (b *Broker) beginOffsetDelete(r *request) {
	body := r.body.(*kmsg.OffsetDeleteRequest)
	s, code := b.coordinatorOf(r, body.Group)
	if code != kafka.None {
		b.answerOffsetDelete(r, code, nil)
		return
	}
	in := &group.DeleteOffsets{Ticket: group.Ticket(r.token), Group: s.name(r, body.Group)}
	for i := range body.Topics {
		for _, p := range body.Topics[i].Partitions {
			in.Partitions = append(in.Partitions, group.TopicPartition{Topic: body.Topics[i].Topic, Partition: kafka.PartitionIndex(p.Partition)})
		}
	}
	b.stepShard(s, in)
}

func (b *Broker) answerOffsetDelete(r *request, code kafka.ErrorCode, codes []kafka.ErrorCode) {
	body := r.body.(*kmsg.OffsetDeleteRequest)
	resp := kmsg.NewPtrOffsetDeleteResponse()
	resp.ErrorCode = int16(code)
	if code != kafka.None {
		b.finish(r, resp)
		return
	}
	n := 0
	for i := range body.Topics {
		out := kmsg.NewOffsetDeleteResponseTopic()
		out.Topic = body.Topics[i].Topic
		for _, p := range body.Topics[i].Partitions {
			one := kmsg.NewOffsetDeleteResponseTopicPartition()
			one.Partition, one.ErrorCode = p.Partition, int16(codes[n])
			n++
			if topic := b.state.Image().TopicByName(out.Topic); topic == nil || topic.Partition(kafka.PartitionIndex(p.Partition)) == nil {
				one.ErrorCode = int16(kafka.ErrUnknownTopicOrPartition)
			}
			out.Partitions = append(out.Partitions, one)
		}
		resp.Topics = append(resp.Topics, out)
	}
	b.finish(r, resp)
}
