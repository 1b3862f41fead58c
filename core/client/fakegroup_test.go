package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// fakeGroup is a scripted coordinator of one group: the client under test is
// its member "me", and the leader unless the script says otherwise.
type fakeGroup struct {
	broker     int // who coordinates
	generation int32
	asked      bool // for a member ID
	log        []string
	// others join beside the client; leader leads.
	others []kmsg.JoinGroupResponseMember
	leader string
	// given is what SyncGroup answers; nil: what the client sent for itself.
	given *kmsg.ConsumerMemberAssignment
	// refuse holds codes to be answered next, by key.
	refuse map[int16][]kafka.ErrorCode
	join   *kmsg.JoinGroupRequest  // the last one
	sync   *kmsg.SyncGroupRequest  // the last one
	kept   map[int32]fakeCommitted // by partition of "orders"
	commit *kmsg.OffsetCommitRequest
	// beats are heartbeats of the consumer protocol, assign what they are answered with.
	beats  []*kmsg.ConsumerGroupHeartbeatRequest
	assign [][]int32
}

type fakeCommitted struct {
	offset   int64
	epoch    int32
	metadata string
}

func newFakeGroup() *fakeGroup {
	return &fakeGroup{leader: "me", refuse: map[int16][]kafka.ErrorCode{}, kept: map[int32]fakeCommitted{}}
}

func (g *fakeGroup) code(key int16) int16 {
	if list := g.refuse[key]; len(list) > 0 {
		g.refuse[key] = list[1:]
		return int16(list[0])
	}
	return 0
}

// serve answers the group's requests as broker number at does.
func (g *fakeGroup) serve(at int, c *cluster, key, version int16, body protocol.Body) protocol.Body {
	if key != protocol.KeyHeartbeat {
		g.log = append(g.log, protocol.APIName(key))
	}
	if at != g.broker && key != protocol.KeyFindCoordinator {
		g.refuse[key] = append([]kafka.ErrorCode{kafka.ErrNotCoordinator}, g.refuse[key]...)
	}
	switch q := body.(type) {
	case *kmsg.FindCoordinatorRequest:
		a := kmsg.NewPtrFindCoordinatorResponse()
		a.NodeID, a.Host, a.Port = int32(g.broker), c.brokers[g.broker].Host, c.brokers[g.broker].Port
		a.ErrorCode = g.code(key)
		k := kmsg.NewFindCoordinatorResponseCoordinator()
		k.NodeID, k.Host, k.Port, k.ErrorCode = a.NodeID, a.Host, a.Port, a.ErrorCode
		a.Coordinators = append(a.Coordinators, k)
		return a
	case *kmsg.JoinGroupRequest:
		return g.joined(q, version)
	case *kmsg.SyncGroupRequest:
		return g.synced(q)
	case *kmsg.ConsumerGroupHeartbeatRequest:
		return g.beaten(q, c)
	case *kmsg.HeartbeatRequest:
		a := kmsg.NewPtrHeartbeatResponse()
		a.ErrorCode = g.code(key)
		return a
	case *kmsg.LeaveGroupRequest:
		a := kmsg.NewPtrLeaveGroupResponse()
		a.ErrorCode = g.code(key)
		return a
	case *kmsg.OffsetCommitRequest:
		return g.committed(q, c)
	case *kmsg.OffsetFetchRequest:
		return g.fetched(q, version, c)
	}
	panic("the fake group was asked for " + protocol.APIName(key))
}

func (g *fakeGroup) joined(q *kmsg.JoinGroupRequest, version int16) protocol.Body {
	g.join = q
	a := kmsg.NewPtrJoinGroupResponse()
	a.ErrorCode = g.code(q.Key())
	if a.ErrorCode != 0 {
		return a
	}
	if q.MemberID == "" && version >= 4 && q.InstanceID == nil {
		g.asked = true
		a.ErrorCode, a.MemberID = int16(kafka.ErrMemberIDRequired), "me"
		return a
	}
	g.generation++
	name, kind := q.Protocols[0].Name, protocolType
	a.Generation, a.MemberID, a.LeaderID, a.Protocol, a.ProtocolType = g.generation, "me", g.leader, &name, &kind
	if g.leader == "me" {
		m := kmsg.NewJoinGroupResponseMember()
		m.MemberID, m.ProtocolMetadata = "me", q.Protocols[0].Metadata
		a.Members = append(append(a.Members, m), g.others...)
	}
	return a
}

func (g *fakeGroup) synced(q *kmsg.SyncGroupRequest) protocol.Body {
	g.sync = q
	a := kmsg.NewPtrSyncGroupResponse()
	a.ErrorCode = g.code(q.Key())
	for i := range q.GroupAssignment {
		if q.GroupAssignment[i].MemberID == "me" {
			a.MemberAssignment = q.GroupAssignment[i].MemberAssignment
		}
	}
	if g.given != nil {
		a.MemberAssignment = g.given.AppendTo(nil)
	}
	return a
}

func (g *fakeGroup) committed(q *kmsg.OffsetCommitRequest, c *cluster) protocol.Body {
	g.commit = q
	a := kmsg.NewPtrOffsetCommitResponse()
	code := g.code(q.Key())
	for _, t := range q.Topics {
		r := kmsg.NewOffsetCommitResponseTopic()
		r.Topic, r.TopicID = t.Topic, c.topicID
		for _, p := range t.Partitions {
			e := kmsg.NewOffsetCommitResponseTopicPartition()
			e.Partition, e.ErrorCode = p.Partition, code
			r.Partitions = append(r.Partitions, e)
			if code == 0 {
				g.kept[p.Partition] = fakeCommitted{p.Offset, p.LeaderEpoch, *p.Metadata}
			}
		}
		a.Topics = append(a.Topics, r)
	}
	return a
}

func (g *fakeGroup) fetched(q *kmsg.OffsetFetchRequest, version int16, c *cluster) protocol.Body {
	a := kmsg.NewPtrOffsetFetchResponse()
	code := g.code(q.Key())
	if version < offsetFetchGroups {
		a.ErrorCode = code
		for _, t := range q.Topics {
			r := kmsg.NewOffsetFetchResponseTopic()
			r.Topic = t.Topic
			for _, p := range t.Partitions {
				e := kmsg.NewOffsetFetchResponseTopicPartition()
				e.Partition, e.Offset, e.LeaderEpoch = p, -1, -1
				if k, ok := g.kept[p]; ok {
					e.Offset, e.LeaderEpoch, e.Metadata = k.offset, k.epoch, &k.metadata
				}
				r.Partitions = append(r.Partitions, e)
			}
			a.Topics = append(a.Topics, r)
		}
		return a
	}
	r := kmsg.NewOffsetFetchResponseGroup()
	r.Group, r.ErrorCode = q.Groups[0].Group, code
	for _, t := range q.Groups[0].Topics {
		rt := kmsg.NewOffsetFetchResponseGroupTopic()
		rt.Topic, rt.TopicID = t.Topic, c.topicID
		for _, p := range t.Partitions {
			e := kmsg.NewOffsetFetchResponseGroupTopicPartition()
			e.Partition, e.Offset, e.LeaderEpoch = p, -1, -1
			if k, ok := g.kept[p]; ok {
				e.Offset, e.LeaderEpoch, e.Metadata = k.offset, k.epoch, &k.metadata
			}
			rt.Partitions = append(rt.Partitions, e)
		}
		r.Topics = append(r.Topics, rt)
	}
	a.Groups = append(a.Groups, r)
	return a
}

// listGroups makes a fake broker offer what we do not list yet.
func listGroups(a *kmsg.ApiVersionsResponse) {
	for row := range protocol.APIs {
		if row.Listed || !OfGroups(row.Key) {
			continue
		}
		k := kmsg.NewApiVersionsResponseApiKey()
		k.ApiKey, k.MinVersion, k.MaxVersion = row.Key, row.Min, row.Max
		a.ApiKeys = append(a.ApiKeys, k)
	}
}
