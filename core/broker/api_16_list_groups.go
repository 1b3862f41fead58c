package broker

import (
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/group"
	"trialog/core/kafka"
)

// beginListGroups lists the groups that are coordinated here.
func (b *Broker) beginListGroups(r *request) {
	body := r.body.(*kmsg.ListGroupsRequest)
	resp := kmsg.NewPtrListGroupsResponse()
	for _, s := range b.groups.shards {
		if s.phase != shardActive {
			resp.ErrorCode = int16(kafka.ErrCoordinatorLoadInProgress)
			continue
		}
		s.machine.List(func(g *group.Listed) {
			if !wanted(body.StatesFilter, g.State) || !wanted(body.TypesFilter, g.Type) {
				return
			}
			out := kmsg.NewListGroupsResponseGroup()
			out.Group, out.ProtocolType, out.GroupState, out.GroupType = g.Group, g.ProtocolType, g.State, g.Type
			resp.Groups = append(resp.Groups, out)
		})
	}
	if resp.ErrorCode != 0 {
		b.counters.Errors++
		resp.Groups = nil
	}
	b.finish(r, resp)
}

// wanted tells whether a filter, where there is one, lets a value through.
func wanted(filter []string, value string) bool {
	return len(filter) == 0 || slices.ContainsFunc(filter, func(s string) bool { return strings.EqualFold(s, value) })
}
