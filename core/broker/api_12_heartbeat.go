package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// beginHeartbeat takes a member's sign of life.
func (b *Broker) beginHeartbeat(r *request) {
	body := r.body.(*kmsg.HeartbeatRequest)
	s, code := b.coordinatorOf(r, body.Group)
	if code != kafka.None {
		b.answerHeartbeat(r, code)
		return
	}
	in := &b.groups.in.heartbeat
	*in = group.Heartbeat{
		Ticket: group.Ticket(r.token), Generation: body.Generation, Known: b.knownTopics(),
		Member: group.Member{Group: s.name(r, body.Group), ID: body.MemberID, InstanceID: text(body.InstanceID)},
	}
	b.stepShard(s, in)
}

func (b *Broker) answerHeartbeat(r *request, code kafka.ErrorCode) {
	resp := kmsg.NewPtrHeartbeatResponse()
	resp.ErrorCode = int16(code)
	b.finish(r, resp)
}
