package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// beginSyncGroup hands a Sync to the coordinator, which answers when it has the
// leader's assignment.
func (b *Broker) beginSyncGroup(r *request) {
	body := r.body.(*kmsg.SyncGroupRequest)
	s, code := b.coordinatorOf(r, body.Group)
	if code == kafka.None && r.version >= 5 && (body.ProtocolType == nil || body.Protocol == nil) {
		code = kafka.ErrInconsistentGroupProtocol
	}
	if code != kafka.None {
		b.answerSync(r, &group.Answer{Err: code})
		return
	}
	in := &group.Sync{
		Ticket: group.Ticket(r.token), Generation: body.Generation,
		Member:       group.Member{Group: s.name(r, body.Group), ID: body.MemberID, InstanceID: text(body.InstanceID)},
		ProtocolType: text(body.ProtocolType), Protocol: text(body.Protocol), Known: b.knownTopics(),
	}
	for i := range body.GroupAssignment {
		a := &body.GroupAssignment[i]
		in.Assignments = append(in.Assignments, group.Assignment{Member: a.MemberID, Bytes: a.MemberAssignment})
	}
	b.stepShard(s, in)
}

func (b *Broker) answerSync(r *request, a *group.Answer) {
	resp := kmsg.NewPtrSyncGroupResponse()
	resp.ErrorCode = int16(a.Err)
	if a.Err == kafka.None {
		resp.ProtocolType, resp.Protocol = optional(a.Synced.ProtocolType), optional(a.Synced.Protocol)
	}
	resp.MemberAssignment = a.Synced.Assignment
	if resp.MemberAssignment == nil {
		resp.MemberAssignment = []byte{}
	}
	b.finish(r, resp)
}
