package broker

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// tagCauses is our own tagged field in a described group: why it rebalanced last,
// a line each, oldest first, with tabs between the time in milliseconds, member,
// client ID, host and cause.
const tagCauses = 10_000

// beginDescribeGroups shows groups as they are now.
func (b *Broker) beginDescribeGroups(r *request) {
	body := r.body.(*kmsg.DescribeGroupsRequest)
	resp := kmsg.NewPtrDescribeGroupsResponse()
	for _, id := range body.Groups {
		resp.Groups = append(resp.Groups, b.describeGroup(r, id))
	}
	b.finish(r, resp)
}

func (b *Broker) describeGroup(r *request, id string) kmsg.DescribeGroupsResponseGroup {
	out := kmsg.NewDescribeGroupsResponseGroup()
	out.Group = id
	s, code := b.coordinatorOf(r, id)
	if code != kafka.None {
		b.counters.Errors++
		out.ErrorCode = int16(code)
		return out
	}
	d, there := s.machine.Describe(s.name(r, id))
	if !there && r.version >= 6 {
		out.ErrorCode, out.ErrorMessage = int16(kafka.ErrGroupIDNotFound), optional("Group "+id+" not found.")
	}
	out.State, out.ProtocolType, out.Protocol = d.State, d.ProtocolType, d.Protocol
	for i := range d.Members {
		p := &d.Members[i]
		m := kmsg.NewDescribeGroupsResponseGroupMember()
		m.MemberID, m.InstanceID, m.ClientID, m.ClientHost = p.ID, optional(p.InstanceID), p.Client.ID, p.Client.Host
		m.ProtocolMetadata, m.MemberAssignment = p.Metadata, p.Assignment
		out.Members = append(out.Members, m)
	}
	if r.version >= 5 && len(d.Causes) > 0 {
		out.UnknownTags.Set(tagCauses, causeLines(d.Causes))
	}
	return out
}

func causeLines(causes []group.Cause) []byte {
	var b []byte
	for i := range causes {
		c := &causes[i]
		b = strconv.AppendInt(b, int64(c.At), 10)
		for _, s := range [...]string{c.Member, c.Client.ID, c.Client.Host, c.Text} {
			b = append(append(b, '\t'), s...)
		}
		b = append(b, '\n')
	}
	return b
}
