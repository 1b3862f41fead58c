package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// beginOffsetFetch tells what groups have committed and what counts: one group
// up to version 7, any number from version 8 on. It is answered once every
// coordinator knows that it still is one: a group that was told less than it has
// committed would read again what it has read.
func (b *Broker) beginOffsetFetch(r *request) {
	body := r.body.(*kmsg.OffsetFetchRequest)
	names := []string{body.Group}
	if r.version >= 8 {
		names = names[:0]
		for i := range body.Groups {
			names = append(names, body.Groups[i].Group)
		}
	}
	s := &r.groups
	for range names {
		s.codes = append(s.codes, kafka.None)
	}
	s.pending = len(names) + 1 // and this loop itself
	for i, name := range names {
		shard, code := b.coordinatorOf(r, name)
		if code != kafka.None {
			b.offsetFetchConfirmed(r, &group.Answer{Place: int32(i), Err: code})
			continue
		}
		in := &b.groups.in.confirm
		*in = group.Confirm{Ticket: group.Ticket(r.token), Place: int32(i), Sole: shard.host.replica.Sole()}
		b.stepShard(shard, in)
	}
	b.fetchOffsets(r)
}

// offsetFetchConfirmed takes a coordinator's word on itself.
func (b *Broker) offsetFetchConfirmed(r *request, a *group.Answer) {
	r.groups.codes[a.Place] = a.Err
	b.fetchOffsets(r)
}

// fetchOffsets answers once nothing is left to wait for.
func (b *Broker) fetchOffsets(r *request) {
	if r.groups.pending--; r.groups.pending > 0 {
		return
	}
	body := r.body.(*kmsg.OffsetFetchRequest)
	resp := kmsg.NewPtrOffsetFetchResponse()
	if r.version < 8 {
		b.fetchOffsetsOfOne(r, body, resp)
	} else {
		for i := range body.Groups {
			resp.Groups = append(resp.Groups, b.fetchOffsetsOf(r, i, &body.Groups[i]))
		}
	}
	b.finish(r, resp)
}

// fetchOffsetsOfOne answers in the words of before version 8. Versions 0 and 1
// have no error but those of partitions.
func (b *Broker) fetchOffsetsOfOne(r *request, body *kmsg.OffsetFetchRequest, resp *kmsg.OffsetFetchResponse) {
	q := kmsg.NewOffsetFetchRequestGroup()
	q.Group = body.Group
	if body.Topics != nil {
		q.Topics = []kmsg.OffsetFetchRequestGroupTopic{}
	}
	for i := range body.Topics {
		t := kmsg.NewOffsetFetchRequestGroupTopic()
		t.Topic, t.Partitions = body.Topics[i].Topic, body.Topics[i].Partitions
		q.Topics = append(q.Topics, t)
	}
	g := b.fetchOffsetsOf(r, 0, &q)
	resp.ErrorCode = g.ErrorCode
	if g.ErrorCode != 0 && r.version < 2 {
		g.Topics = refusedTopics(&q, g.ErrorCode)
	}
	for i := range g.Topics {
		t := kmsg.NewOffsetFetchResponseTopic()
		t.Topic = g.Topics[i].Topic
		for _, p := range g.Topics[i].Partitions {
			out := kmsg.NewOffsetFetchResponseTopicPartition()
			out.Partition, out.Offset, out.LeaderEpoch, out.Metadata, out.ErrorCode = p.Partition, p.Offset, p.LeaderEpoch, p.Metadata, p.ErrorCode
			t.Partitions = append(t.Partitions, out)
		}
		resp.Topics = append(resp.Topics, t)
	}
}

func refusedTopics(q *kmsg.OffsetFetchRequestGroup, code int16) []kmsg.OffsetFetchResponseGroupTopic {
	var topics []kmsg.OffsetFetchResponseGroupTopic
	for i := range q.Topics {
		t := kmsg.NewOffsetFetchResponseGroupTopic()
		t.Topic = q.Topics[i].Topic
		for _, p := range q.Topics[i].Partitions {
			out := absentOffset(p)
			out.ErrorCode = code
			t.Partitions = append(t.Partitions, out)
		}
		topics = append(topics, t)
	}
	return topics
}

func absentOffset(p int32) kmsg.OffsetFetchResponseGroupTopicPartition {
	out := kmsg.NewOffsetFetchResponseGroupTopicPartition()
	out.Partition, out.Offset, out.LeaderEpoch, out.Metadata = p, int64(kafka.NoOffset), int32(kafka.NoLeaderEpoch), new(string)
	return out
}

// fetchOffsetsOf answers for one group: for the partitions that it is asked for,
// or for all that it has committed.
func (b *Broker) fetchOffsetsOf(r *request, place int, q *kmsg.OffsetFetchRequestGroup) kmsg.OffsetFetchResponseGroup {
	out := kmsg.NewOffsetFetchResponseGroup()
	out.Group = q.Group
	code := r.groups.codes[place]
	s, why := b.coordinatorOf(r, q.Group)
	if code == kafka.None {
		code = why
	}
	if code == kafka.None && q.MemberID != nil {
		code = s.machine.MayFetch(s.name(r, q.Group), *q.MemberID, q.MemberEpoch)
	}
	if code != kafka.None {
		b.counters.Errors++
		out.ErrorCode = int16(code)
		return out
	}
	name := s.name(r, q.Group)
	if q.Topics == nil {
		b.allOffsets(s, name, &out)
		return out
	}
	image := b.state.Image()
	for i := range q.Topics {
		t := kmsg.NewOffsetFetchResponseGroupTopic()
		t.Topic, t.TopicID = q.Topics[i].Topic, q.Topics[i].TopicID
		topic := image.TopicByName(t.Topic)
		if r.version >= 10 {
			topic = image.Topic(t.TopicID)
		}
		for _, p := range q.Topics[i].Partitions {
			one := absentOffset(p)
			if topic != nil {
				if o, there := s.machine.Committed(name, topic.Name, kafka.PartitionIndex(p)); there && sameLife(o, topic.ID) {
					fillOffset(&one, o)
				}
			} else if r.version >= 10 {
				one.ErrorCode = int16(kafka.ErrUnknownTopicID)
			}
			t.Partitions = append(t.Partitions, one)
		}
		out.Topics = append(out.Topics, t)
	}
	return out
}

// allOffsets adds everything that a group has committed for topics that are there.
func (b *Broker) allOffsets(s *shard, name string, out *kmsg.OffsetFetchResponseGroup) {
	image := b.state.Image()
	s.machine.EachCommitted(name, func(topic string, p kafka.PartitionIndex, o *group.Offset) {
		t := image.TopicByName(topic)
		if t == nil || !sameLife(o, t.ID) {
			return
		}
		if n := len(out.Topics); n == 0 || out.Topics[n-1].Topic != topic {
			next := kmsg.NewOffsetFetchResponseGroupTopic()
			next.Topic, next.TopicID = topic, t.ID
			out.Topics = append(out.Topics, next)
		}
		one := absentOffset(int32(p))
		fillOffset(&one, o)
		last := &out.Topics[len(out.Topics)-1]
		last.Partitions = append(last.Partitions, one)
	})
}

// sameLife tells whether an offset was committed for the topic that has its name
// now. Of what an older Kafka has written nobody knows.
func sameLife(o *group.Offset, id kafka.TopicID) bool {
	return o.TopicID == id || o.TopicID == kafka.TopicID{}
}

func fillOffset(out *kmsg.OffsetFetchResponseGroupTopicPartition, o *group.Offset) {
	metadata := o.Metadata
	out.Offset, out.LeaderEpoch, out.Metadata = int64(o.Offset), int32(o.LeaderEpoch), &metadata
}
