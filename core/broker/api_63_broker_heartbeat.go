package broker

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// tagModesIndex is ours, a tagged field between brokers: see controller.Heartbeat.
const tagModesIndex = 10_000

// beginBrokerHeartbeat hands another broker's heartbeat to the controller.
func (b *Broker) beginBrokerHeartbeat(r *request) {
	q := r.body.(*kmsg.BrokerHeartbeatRequest)
	c := &controller.Heartbeat{
		Broker: kafka.BrokerID(q.BrokerID), Epoch: kafka.BrokerEpoch(q.BrokerEpoch),
		AppliedIndex: uint64(max(0, q.CurrentMetadataOffset)), WantFence: q.WantFence, WantShutdown: q.WantShutdown,
	}
	q.UnknownTags.Each(func(tag uint32, value []byte) {
		if tag == tagModesIndex && len(value) == 8 {
			c.ModesIndex = binary.BigEndian.Uint64(value)
		}
	})
	b.askForBroker(r, c)
}

func heartbeatReply(result *controller.Result) protocol.Body {
	a := kmsg.NewPtrBrokerHeartbeatResponse()
	a.ErrorCode, a.IsFenced = int16(result.Error), true
	if done, ok := result.Body.(*controller.HeartbeatResult); ok {
		a.IsCaughtUp, a.IsFenced, a.ShouldShutdown = done.CaughtUp, done.Fenced, done.ShouldStop
	}
	return a
}
