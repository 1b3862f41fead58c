package differential

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// hear takes an answer up, and tells it in words that are the same for all servers.
func (p *player) hear(s *step, resp kmsg.Response) string {
	m := &p.members[s.slot]
	mine := !s.stranger && !s.nobody
	switch a := resp.(type) {
	case *kmsg.JoinGroupResponse:
		return p.joined(s, a)
	case *kmsg.SyncGroupResponse:
		return code(a.ErrorCode) + " " + shares(a.MemberAssignment)
	case *kmsg.HeartbeatResponse:
		return code(a.ErrorCode)
	case *kmsg.LeaveGroupResponse:
		text := code(a.ErrorCode)
		for i := range a.Members {
			text += " " + code(a.Members[i].ErrorCode)
		}
		if mine && text == "ok ok" || text == "ok" {
			*m = memberOf{generation: -1}
		}
		return text
	case *kmsg.ConsumerGroupHeartbeatResponse:
		return p.beaten(s, a)
	case *kmsg.OffsetCommitResponse:
		var list []string
		for i := range a.Topics {
			for _, o := range a.Topics[i].Partitions {
				list = append(list, fmt.Sprintf("%s-%d %s", a.Topics[i].Topic, o.Partition, code(o.ErrorCode)))
			}
		}
		return sorted(list)
	case *kmsg.OffsetFetchResponse:
		return p.fetched(a)
	case *kmsg.OffsetDeleteResponse:
		if a.ErrorCode != 0 || len(a.Topics) == 0 {
			return code(a.ErrorCode)
		}
		var list []string
		for i := range a.Topics {
			for _, o := range a.Topics[i].Partitions {
				list = append(list, fmt.Sprintf("%s-%d %s", a.Topics[i].Topic, o.Partition, code(o.ErrorCode)))
			}
		}
		return "ok " + sorted(list)
	case *kmsg.DeleteGroupsResponse:
		return code(a.Groups[0].ErrorCode)
	case *kmsg.DescribeGroupsResponse:
		return p.described(&a.Groups[0])
	case *kmsg.ConsumerGroupDescribeResponse:
		return p.consumerDescribed(&a.Groups[0])
	case *kmsg.ListGroupsResponse:
		var list []string
		for i := range a.Groups {
			if g := &a.Groups[i]; strings.HasPrefix(g.Group, fmt.Sprintf("g-%d-", p.t.seed)) {
				list = append(list, fmt.Sprintf("%s %s %s %s", g.Group, g.ProtocolType, g.GroupState, strings.ToLower(g.GroupType)))
			}
		}
		return code(a.ErrorCode) + ": " + sorted(list)
	}
	return fmt.Sprintf("%T", resp)
}

// shares tells how much of each topic an assignment gives: which partitions is the
// assignor's to choose.
func shares(b []byte) string {
	var m kmsg.ConsumerMemberAssignment
	if len(b) == 0 {
		return "nothing"
	}
	if err := m.ReadFrom(b); err != nil {
		return err.Error()
	}
	var list []string
	for i := range m.Topics {
		list = append(list, fmt.Sprint(m.Topics[i].Topic, " ", len(m.Topics[i].Partitions)))
	}
	return sorted(list)
}

func (p *player) joined(s *step, a *kmsg.JoinGroupResponse) string {
	m := &p.members[s.slot]
	if s.nobody || s.stranger {
		m = &memberOf{} // whoever that was will not come again
	}
	if a.ErrorCode == 0 || code(a.ErrorCode) == "MEMBER_ID_REQUIRED" {
		m.id = a.MemberID
	}
	if a.ErrorCode != 0 {
		return code(a.ErrorCode)
	}
	m.generation, m.leads = a.Generation, nil
	if a.Protocol != nil {
		m.protocol = *a.Protocol
	}
	for i := range a.Members {
		m.leads = append(m.leads, a.Members[i].MemberID)
	}
	leads := "follows"
	if a.LeaderID == a.MemberID {
		leads = fmt.Sprint("leads ", len(a.Members))
	}
	return fmt.Sprintf("ok generation %d protocol %s %s skip %v", a.Generation, m.protocol, leads, a.SkipAssignment)
}

func (p *player) beaten(s *step, a *kmsg.ConsumerGroupHeartbeatResponse) string {
	m := &p.members[s.slot]
	if a.ErrorCode != 0 {
		if c := code(a.ErrorCode); !s.stranger && (c == "FENCED_MEMBER_EPOCH" || c == "UNKNOWN_MEMBER_ID") {
			m.generation, m.owned = 0, nil
		}
		return code(a.ErrorCode)
	}
	text := fmt.Sprintf("ok epoch %d interval %d", a.MemberEpoch, a.HeartbeatIntervalMillis)
	if !s.stranger && a.MemberID != nil {
		m.id, m.generation = *a.MemberID, max(a.MemberEpoch, 0)
	}
	if a.Assignment != nil {
		var list []string
		for i := range a.Assignment.Topics {
			t := &a.Assignment.Topics[i]
			list = append(list, fmt.Sprint(p.s.topics[t.TopicID], " ", len(t.Partitions)))
		}
		if !s.stranger {
			m.owned = owned(a.Assignment)
		}
		text += " has " + sorted(list)
	}
	return text
}

// owned is what a member says that it has once it has taken over what it was given.
func owned(a *kmsg.ConsumerGroupHeartbeatResponseAssignment) []kmsg.ConsumerGroupHeartbeatRequestTopic {
	list := []kmsg.ConsumerGroupHeartbeatRequestTopic{}
	for i := range a.Topics {
		o := kmsg.NewConsumerGroupHeartbeatRequestTopic()
		o.TopicID, o.Partitions = a.Topics[i].TopicID, a.Topics[i].Partitions
		list = append(list, o)
	}
	return list
}

func (p *player) fetched(a *kmsg.OffsetFetchResponse) string {
	var list []string
	show := func(topic string, partition int32, offset int64, metadata *string, c int16) {
		if offset >= 0 || c != 0 {
			text := ""
			if metadata != nil {
				text = *metadata
			}
			list = append(list, fmt.Sprintf("%s-%d %d %q %s", topic, partition, offset, text, code(c)))
		}
	}
	for i := range a.Topics {
		for _, o := range a.Topics[i].Partitions {
			show(a.Topics[i].Topic, o.Partition, o.Offset, o.Metadata, o.ErrorCode)
		}
	}
	c := a.ErrorCode
	for g := range a.Groups {
		c = max(c, a.Groups[g].ErrorCode)
		for i := range a.Groups[g].Topics {
			for _, o := range a.Groups[g].Topics[i].Partitions {
				show(a.Groups[g].Topics[i].Topic, o.Partition, o.Offset, o.Metadata, o.ErrorCode)
			}
		}
	}
	return code(c) + ": " + sorted(list)
}

func (p *player) described(g *kmsg.DescribeGroupsResponseGroup) string {
	var list []string
	for i := range g.Members {
		m := &g.Members[i]
		list = append(list, fmt.Sprintf("client %s %x %x", m.ClientID, m.ProtocolMetadata, m.MemberAssignment))
	}
	return fmt.Sprintf("%s %s %s %s: %s", code(g.ErrorCode), g.State, g.ProtocolType, g.Protocol, sorted(list))
}

func (p *player) consumerDescribed(g *kmsg.ConsumerGroupDescribeResponseGroup) string {
	var list []string
	for i := range g.Members {
		m := &g.Members[i]
		count := func(a *kmsg.Assignment) (n int) {
			for j := range a.TopicPartitions {
				n += len(a.TopicPartitions[j].Partitions)
			}
			return n
		}
		list = append(list, fmt.Sprintf("epoch %d type %d topics %v has %d shall %d", m.MemberEpoch, m.MemberType, m.SubscribedTopics, count(&m.Assignment), count(&m.TargetAssignment)))
	}
	return fmt.Sprintf("%s %s epoch %d targets %d by %s: %s", code(g.ErrorCode), g.State, g.Epoch, g.AssignmentEpoch, g.AssignorName, sorted(list))
}
