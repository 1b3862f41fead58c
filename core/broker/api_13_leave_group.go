package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// beginLeaveGroup takes members out of a group: one up to version 2, any number
// from version 3 on.
func (b *Broker) beginLeaveGroup(r *request) {
	body := r.body.(*kmsg.LeaveGroupRequest)
	s, code := b.coordinatorOf(r, body.Group)
	if code != kafka.None {
		b.answerLeave(r, &group.Answer{Err: code})
		return
	}
	in := &group.Leave{Ticket: group.Ticket(r.token), Group: s.name(r, body.Group), Known: b.knownTopics()}
	if r.version < 3 {
		in.Members = append(in.Members, group.Leaver{ID: body.MemberID})
	}
	for i := range body.Members {
		m := &body.Members[i]
		in.Members = append(in.Members, group.Leaver{ID: m.MemberID, InstanceID: text(m.InstanceID), Reason: text(m.Reason)})
	}
	b.stepShard(s, in)
}

func (b *Broker) answerLeave(r *request, a *group.Answer) {
	body := r.body.(*kmsg.LeaveGroupRequest)
	resp := kmsg.NewPtrLeaveGroupResponse()
	resp.ErrorCode = int16(a.Err)
	if a.Err == kafka.None && r.version < 3 {
		resp.ErrorCode = int16(a.Codes[0])
	}
	if a.Err == kafka.None {
		for i := range body.Members {
			m := kmsg.NewLeaveGroupResponseMember()
			m.MemberID, m.InstanceID, m.ErrorCode = body.Members[i].MemberID, body.Members[i].InstanceID, int16(a.Codes[i])
			resp.Members = append(resp.Members, m)
		}
	}
	b.finish(r, resp)
}
