package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// commitState is an OffsetCommit that has begun: what each partition is refused
// with on its own, in the request's order.
type commitState struct{ codes []kafka.ErrorCode }

func (s *commitState) reset() { s.codes = s.codes[:0] }

// beginOffsetCommit refuses what needs no coordinator and hands it the rest. It
// is answered once that counts.
func (b *Broker) beginOffsetCommit(r *request) {
	body := r.body.(*kmsg.OffsetCommitRequest)
	s, code := b.coordinatorOf(r, body.Group)
	in := &b.groups.in.commit
	*in = group.Commit{
		Ticket: group.Ticket(r.token), Member: group.Member{ID: body.MemberID, InstanceID: text(body.InstanceID)},
		Generation: body.Generation, Version: r.version, Offsets: in.Offsets[:0],
	}
	for i := range body.Topics {
		b.committing(r, body, &body.Topics[i], in)
	}
	if code != kafka.None {
		b.answerCommit(r, code, nil)
		return
	}
	in.Group = s.name(r, body.Group)
	b.stepShard(s, in)
	clear(in.Offsets)
}

// committing adds one topic's offsets to a commit.
func (b *Broker) committing(r *request, body *kmsg.OffsetCommitRequest, t *kmsg.OffsetCommitRequestTopic, in *group.Commit) {
	image := b.state.Image()
	topic, unknown := image.TopicByName(t.Topic), kafka.ErrUnknownTopicOrPartition
	if r.version >= 10 {
		topic, unknown = image.Topic(t.TopicID), kafka.ErrUnknownTopicID
	}
	for j := range t.Partitions {
		p := &t.Partitions[j]
		code := kafka.None
		switch {
		case topic == nil:
			code = unknown
		case topic.Partition(kafka.PartitionIndex(p.Partition)) == nil:
			code = kafka.ErrUnknownTopicOrPartition
		case p.Metadata != nil && (len(*p.Metadata) > int(b.groups.config.OffsetMetadataMaxBytes) || len(*p.Metadata) > maxGroupID):
			code = kafka.ErrOffsetMetadataTooLarge
		}
		r.commit.codes = append(r.commit.codes, code)
		if code != kafka.None {
			continue
		}
		o := group.Offset{
			Offset: kafka.Offset(p.Offset), LeaderEpoch: kafka.LeaderEpoch(p.LeaderEpoch), Metadata: text(p.Metadata),
			ExpiresAt: kafka.NoTimestamp, TopicID: topic.ID,
		}
		if r.version < 6 {
			o.LeaderEpoch = kafka.NoLeaderEpoch
		}
		if r.version <= 4 && body.RetentionTimeMillis >= 0 {
			o.ExpiresAt = b.now.Wall + kafka.TimestampMs(body.RetentionTimeMillis)
		}
		in.Offsets = append(in.Offsets, group.Committing{Topic: topic.Name, Partition: kafka.PartitionIndex(p.Partition), Offset: o})
	}
}

// answerCommit says of each partition what is wrong with it, or with all of them.
// Of those that the coordinator was asked for, codes are what it says of each.
func (b *Broker) answerCommit(r *request, code kafka.ErrorCode, codes []kafka.ErrorCode) {
	body := r.body.(*kmsg.OffsetCommitRequest)
	resp := kmsg.NewPtrOffsetCommitResponse()
	resp.Topics = make([]kmsg.OffsetCommitResponseTopic, len(body.Topics))
	n := 0
	for i := range body.Topics {
		t, out := &body.Topics[i], &resp.Topics[i]
		out.Topic, out.TopicID = t.Topic, t.TopicID
		out.Partitions = make([]kmsg.OffsetCommitResponseTopicPartition, len(t.Partitions))
		for j := range t.Partitions {
			p := &out.Partitions[j]
			p.Partition = t.Partitions[j].Partition
			p.ErrorCode = int16(r.commit.codes[n])
			if p.ErrorCode == 0 && len(codes) > 0 {
				p.ErrorCode, codes = int16(codes[0]), codes[1:]
			}
			if p.ErrorCode == 0 {
				p.ErrorCode = int16(code)
			}
			n++
		}
	}
	b.finish(r, resp)
}
