package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// beginJoinGroup hands a Join to the coordinator, which answers when the join
// phase ends.
func (b *Broker) beginJoinGroup(r *request) {
	body := r.body.(*kmsg.JoinGroupRequest)
	s, code := b.coordinatorOf(r, body.Group)
	if code == kafka.None && (len(body.MemberID) > maxGroupID || len(body.ProtocolType) > maxGroupID || !instanceIDFits(body.InstanceID)) {
		code = kafka.ErrInvalidRequest
	}
	if code != kafka.None {
		b.answerJoin(r, &group.Answer{Err: code, Joined: group.Joined{Member: body.MemberID, Generation: -1}})
		return
	}
	in := &group.Join{
		Ticket: group.Ticket(r.token), Member: group.Member{Group: s.name(r, body.Group), ID: body.MemberID, InstanceID: text(body.InstanceID)},
		Client:           group.Client{ID: r.clientID, Host: "/" + r.conn.host},
		SessionTimeoutMs: body.SessionTimeoutMillis, RebalanceTimeoutMs: body.RebalanceTimeoutMillis,
		ProtocolType: body.ProtocolType, Reason: text(body.Reason),
		RequireMemberID: r.version >= 4, MaySkip: r.version >= 9, Known: b.knownTopics(),
	}
	if r.version == 0 {
		in.RebalanceTimeoutMs = in.SessionTimeoutMs
	}
	for i := range body.Protocols {
		p := &body.Protocols[i]
		in.Protocols = append(in.Protocols, group.Protocol{Name: p.Name, Metadata: p.Metadata})
	}
	b.stepShard(s, in)
}

// abandonJoin tells the coordinator that the connection of a Join is gone.
func (b *Broker) abandonJoin(r *request) {
	id := r.body.(*kmsg.JoinGroupRequest).Group
	if s, code := b.coordinatorOf(r, id); code == kafka.None {
		b.stepShard(s, &group.Abandoned{Ticket: group.Ticket(r.token), Group: s.name(r, id)})
	}
}

func (b *Broker) answerJoin(r *request, a *group.Answer) {
	j := &a.Joined
	resp := kmsg.NewPtrJoinGroupResponse()
	resp.ErrorCode, resp.Generation = int16(a.Err), j.Generation
	resp.LeaderID, resp.MemberID, resp.SkipAssignment = j.Leader, j.Member, j.SkipAssignment
	resp.ProtocolType, resp.Protocol = optional(j.ProtocolType), optional(j.Protocol)
	if resp.Protocol == nil && r.version < 7 {
		resp.Protocol = new(string)
	}
	for i := range j.Members {
		m := kmsg.NewJoinGroupResponseMember()
		m.MemberID, m.InstanceID, m.ProtocolMetadata = j.Members[i].ID, optional(j.Members[i].InstanceID), j.Members[i].Metadata
		resp.Members = append(resp.Members, m)
	}
	b.finish(r, resp)
}

// text is an optional string of the wire, empty when it is absent.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// instanceIDFits tells whether a group.instance.id may be one, as Kafka has it.
func instanceIDFits(id *string) bool { return id == nil || *id != "" && len(*id) <= 249 }

// name is what a group is called in its coordinator's records.
func (s *shard) name(r *request, id string) string { return keyOf(r, id).Name() }

// answerGroup gives the coordinator's answer its words.
func (b *Broker) answerGroup(a *group.Answer) {
	r := b.requests.get(token(a.Ticket))
	if r == nil || r.state != requestRunning {
		return
	}
	if a.Err != kafka.None {
		b.counters.Errors++
	}
	switch r.key {
	case keyJoinGroup:
		b.answerJoin(r, a)
	case keySyncGroup:
		b.answerSync(r, a)
	case keyHeartbeat:
		b.answerHeartbeat(r, a.Err)
	case keyConsumerGroupHeartbeat:
		b.answerConsumerGroupHeartbeat(r, a)
	case keyLeaveGroup:
		b.answerLeave(r, a)
	case keyOffsetCommit:
		b.answerCommit(r, a.Err, a.Codes)
	case keyOffsetFetch:
		b.offsetFetchConfirmed(r, a)
	case keyDeleteGroups:
		b.groupDeleted(r, a)
	case keyOffsetDelete:
		b.answerOffsetDelete(r, a.Err, a.Codes)
	}
}
