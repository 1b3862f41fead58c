package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/protocol"
)

// tagKeptSince is ours, a tagged field between brokers: since whose start a
// directory has lost nothing.
const tagKeptSince = 10_000

// beginBrokerRegistration hands another broker's registration to the controller.
func (b *Broker) beginBrokerRegistration(r *request) {
	q := r.body.(*kmsg.BrokerRegistrationRequest)
	c := &controller.RegisterBroker{
		Broker: kafka.BrokerID(q.BrokerID), Incarnation: q.IncarnationID, Previous: kafka.BrokerEpoch(q.PreviousBrokerEpoch),
	}
	if id, err := kafka.ParseUUID(q.ClusterID); err == nil {
		c.ClusterID = id
	}
	if len(q.LogDirs) == 1 {
		c.Directory = q.LogDirs[0]
	}
	q.UnknownTags.Each(func(tag uint32, value []byte) {
		if tag == tagKeptSince && len(value) == len(c.KeptSince) {
			c.KeptSince = kafka.IncarnationID(value)
		}
	})
	if q.Rack != nil {
		c.Rack = *q.Rack
	}
	for _, l := range q.Listeners {
		c.Listeners = append(c.Listeners, metadata.Listener{Name: l.Name, Host: l.Host, Port: l.Port, Security: l.SecurityProtocol})
	}
	b.askForBroker(r, c)
}

// askForBroker gives the controller of this node what another broker asks for. It
// goes no further: whoever asks knows where the controller is, and a registration
// that had lain here, passed on, would depose the incarnation that came after it.
func (b *Broker) askForBroker(r *request, body controller.Body) {
	switch {
	case !b.fromBroker(r.conn):
		b.adminDone(r, &controller.Result{Error: kafka.ErrClusterAuthorizationFailed})
	case !b.IsController():
		b.adminDone(r, &controller.Result{Error: kafka.ErrNotController})
	default:
		b.askController(r, body, 0)
	}
}

func registrationReply(result *controller.Result) protocol.Body {
	a := kmsg.NewPtrBrokerRegistrationResponse()
	a.ErrorCode, a.BrokerEpoch = int16(result.Error), int64(kafka.NoBrokerEpoch)
	if done, ok := result.Body.(*controller.RegisterBrokerResult); ok {
		a.BrokerEpoch = int64(done.Epoch)
	}
	return a
}
