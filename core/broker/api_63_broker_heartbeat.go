package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginBrokerHeartbeat hands another broker's heartbeat to the controller.
func (b *Broker) beginBrokerHeartbeat(r *request) {
	q := r.body.(*kmsg.BrokerHeartbeatRequest)
	b.askForBroker(r, &controller.Heartbeat{
		Broker: kafka.BrokerID(q.BrokerID), Epoch: kafka.BrokerEpoch(q.BrokerEpoch),
		AppliedIndex: uint64(max(0, q.CurrentMetadataOffset)), WantFence: q.WantFence, WantShutdown: q.WantShutdown,
	})
}

func heartbeatReply(result *controller.Result) protocol.Body {
	a := kmsg.NewPtrBrokerHeartbeatResponse()
	a.ErrorCode, a.IsFenced = int16(result.Error), true
	if done, ok := result.Body.(*controller.HeartbeatResult); ok {
		a.IsCaughtUp, a.IsFenced, a.ShouldShutdown = done.CaughtUp, done.Fenced, done.ShouldStop
	}
	return a
}
