package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// groupsState is a DeleteGroups or an OffsetFetch that has begun: what has become
// of each group, and for how many somebody else has to answer.
type groupsState struct {
	codes   []kafka.ErrorCode
	pending int
}

func (s *groupsState) reset() { *s = groupsState{codes: s.codes[:0]} }

// beginDeleteGroups has empty groups forgotten, each on its own.
func (b *Broker) beginDeleteGroups(r *request) {
	body := r.body.(*kmsg.DeleteGroupsRequest)
	s := &r.groups
	for range body.Groups {
		s.codes = append(s.codes, kafka.None)
	}
	s.pending = len(body.Groups) + 1 // and this loop itself
	for i, id := range body.Groups {
		shard, code := b.coordinatorOf(r, id)
		if code != kafka.None {
			b.groupDeleted(r, &group.Answer{Place: int32(i), Err: code})
			continue
		}
		b.stepShard(shard, &group.Delete{Ticket: group.Ticket(r.token), Place: int32(i), Group: shard.name(r, id)})
	}
	b.groupDeletedAll(r)
}

// groupDeleted takes what became of one group.
func (b *Broker) groupDeleted(r *request, a *group.Answer) {
	r.groups.codes[a.Place] = a.Err
	b.groupDeletedAll(r)
}

// groupDeletedAll answers once nothing is left to wait for.
func (b *Broker) groupDeletedAll(r *request) {
	if r.groups.pending--; r.groups.pending > 0 {
		return
	}
	body := r.body.(*kmsg.DeleteGroupsRequest)
	resp := kmsg.NewPtrDeleteGroupsResponse()
	for i, id := range body.Groups {
		out := kmsg.NewDeleteGroupsResponseGroup()
		out.Group, out.ErrorCode = id, int16(r.groups.codes[i])
		resp.Groups = append(resp.Groups, out)
	}
	b.finish(r, resp)
}
