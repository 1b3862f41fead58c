package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// beginUnregisterBroker asks the controller to forget a broker.
func (b *Broker) beginUnregisterBroker(r *request) {
	body := r.body.(*kmsg.UnregisterBrokerRequest)
	b.askController(r, &controller.UnregisterBroker{Broker: kafka.BrokerID(body.BrokerID)}, 0)
}

func unregisterBrokerReply(result *controller.Result) protocol.Body {
	a := kmsg.NewPtrUnregisterBrokerResponse()
	a.ErrorCode, a.ErrorMessage = int16(result.Error), message(result, "")
	return a
}
