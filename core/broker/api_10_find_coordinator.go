package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/coordinator"
	"trialog/core/kafka"
)

// The kinds of coordinators that are looked for.
const (
	coordinatorGroup       int8 = 0
	coordinatorTransaction int8 = 1
)

// beginFindCoordinator names the brokers that coordinate groups. The offsets
// topic is made when it is first looked for.
func (b *Broker) beginFindCoordinator(r *request) {
	body := r.body.(*kmsg.FindCoordinatorRequest)
	resp := kmsg.NewPtrFindCoordinatorResponse()
	if r.version < 4 {
		c := b.findCoordinator(r, body.CoordinatorType, body.CoordinatorKey)
		resp.ErrorCode, resp.ErrorMessage = c.ErrorCode, c.ErrorMessage
		resp.NodeID, resp.Host, resp.Port = c.NodeID, c.Host, c.Port
	} else {
		for _, key := range body.CoordinatorKeys {
			resp.Coordinators = append(resp.Coordinators, b.findCoordinator(r, body.CoordinatorType, key))
		}
	}
	b.finish(r, resp)
}

func (b *Broker) findCoordinator(r *request, kind int8, key string) kmsg.FindCoordinatorResponseCoordinator {
	out := kmsg.NewFindCoordinatorResponseCoordinator()
	out.Key, out.NodeID, out.Port = key, int32(kafka.NoBroker), -1
	var code kafka.ErrorCode
	switch {
	case kind == coordinatorTransaction:
		// There are no transactions yet; see api_22 for the choice of this code.
		code = kafka.ErrTransactionalIDAuthorizationFailed
	case kind != coordinatorGroup:
		code = kafka.ErrInvalidRequest
	case key == "" || key[0] == 0 || len(key) > maxGroupID:
		code = kafka.ErrInvalidGroupID
	default:
		broker, l, why := b.locateCoordinator(r.conn, coordinator.Key{Tenant: r.tenant, ID: key})
		if code = why; code == kafka.None {
			out.NodeID, out.Host, out.Port = int32(broker.ID), l.Host, int32(l.Port)
		}
	}
	if code != kafka.None {
		b.counters.Errors++
		out.ErrorCode, out.ErrorMessage = int16(code), optional(code.String())
	}
	return out
}
