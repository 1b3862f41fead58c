package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// What ConsumerGroupDescribe calls members by the protocol that they speak.
const (
	memberOfClassic  int8 = 0
	memberOfConsumer int8 = 1
)

// beginConsumerGroupDescribe shows groups of the consumer protocol, as they count.
func (b *Broker) beginConsumerGroupDescribe(r *request) {
	body := r.body.(*kmsg.ConsumerGroupDescribeRequest)
	resp := kmsg.NewPtrConsumerGroupDescribeResponse()
	for _, id := range body.Groups {
		resp.Groups = append(resp.Groups, b.describeConsumerGroup(r, id))
	}
	b.finish(r, resp)
}

func (b *Broker) describeConsumerGroup(r *request, id string) kmsg.ConsumerGroupDescribeResponseGroup {
	out := kmsg.NewConsumerGroupDescribeResponseGroup()
	out.Group = id
	s, code := b.coordinatorOf(r, id)
	var d group.ConsumerDescription
	if code == kafka.None {
		var there bool
		if d, there = s.machine.DescribeConsumer(s.name(r, id)); !there {
			code, out.ErrorMessage = kafka.ErrGroupIDNotFound, optional("Group "+id+" is not a consumer group.")
		}
	}
	if code != kafka.None {
		b.counters.Errors++
		out.ErrorCode = int16(code)
		return out
	}
	out.State, out.Epoch, out.AssignmentEpoch, out.AssignorName = d.State, d.Epoch, d.TargetEpoch, d.Assignor
	for i := range d.Members {
		p := &d.Members[i]
		m := kmsg.NewConsumerGroupDescribeResponseGroupMember()
		m.MemberID, m.InstanceID, m.RackID, m.MemberEpoch = p.ID, optional(p.Metadata.InstanceID), optional(p.Metadata.Rack), p.Epoch
		m.ClientID, m.ClientHost = p.Metadata.Client.ID, p.Metadata.Client.Host
		m.SubscribedTopics, m.SubscribedTopicRegex = p.Metadata.Topics, optional(p.Metadata.Regex)
		m.Assignment, m.TargetAssignment = b.describePartitions(p.Assigned), b.describePartitions(p.Target)
		if m.MemberType = memberOfConsumer; p.Metadata.Classic != nil {
			m.MemberType = memberOfClassic
		}
		out.Members = append(out.Members, m)
	}
	if len(d.Causes) > 0 {
		out.UnknownTags.Set(tagCauses, causeLines(d.Causes))
	}
	return out
}

// describePartitions names partitions; those of topics that are gone are left out.
func (b *Broker) describePartitions(ps group.Partitions) kmsg.Assignment {
	out := kmsg.NewAssignment()
	ps.EachTopic(func(id kafka.TopicID, some group.Partitions) {
		topic := b.state.Image().Topic(id)
		if topic == nil {
			return
		}
		t := kmsg.NewAssignmentTopicPartition()
		t.TopicID, t.Topic = id, topic.Name
		for _, tp := range some {
			t.Partitions = append(t.Partitions, int32(tp.Partition))
		}
		out.TopicPartitions = append(out.TopicPartitions, t)
	})
	return out
}
