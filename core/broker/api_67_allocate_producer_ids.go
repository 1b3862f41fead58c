package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginAllocateProducerIDs asks the controller for a block for another broker.
func (b *Broker) beginAllocateProducerIDs(r *request) {
	q := r.body.(*kmsg.AllocateProducerIDsRequest)
	b.askForBroker(r, &controller.AllocateProducerIDs{Broker: kafka.BrokerID(q.BrokerID), Epoch: kafka.BrokerEpoch(q.BrokerEpoch)})
}

func producerIDsReply(result *controller.Result) protocol.Body {
	a := kmsg.NewPtrAllocateProducerIDsResponse()
	a.ErrorCode, a.ProducerIDStart = int16(result.Error), int64(kafka.NoProducerID)
	if done, ok := result.Body.(*controller.AllocateProducerIDsResult); ok {
		a.ProducerIDStart, a.ProducerIDLen = int64(done.Start), done.Count
	}
	return a
}
