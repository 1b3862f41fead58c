package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// envelope is the outside of a request that another broker has forwarded: how
// its answer must be addressed (KIP-590).
type envelope struct {
	version     int16
	correlation int32
}

// beginEnvelope lets a forwarded request take effect here, as the client's.
func (b *Broker) beginEnvelope(r *request) {
	if !b.fromBroker(r.conn) {
		b.refuseEnvelope(r, kafka.ErrClusterAuthorizationFailed)
		return
	}
	outer := r.body.(*kmsg.EnvelopeRequest)
	h, body, code, err := protocol.DecodeRequest(outer.RequestData, nil)
	switch {
	case err != nil || code != kafka.None || !forwardable(h.Key):
		b.refuseEnvelope(r, kafka.ErrInvalidRequest)
	case !b.IsController():
		b.refuseEnvelope(r, kafka.ErrNotController)
	default:
		r.envelope = &envelope{version: r.version, correlation: r.correlation}
		r.principal, r.clientID = string(outer.RequestPrincipal), h.ClientID
		r.key, r.version, r.correlation, r.body = h.Key, h.Version, h.CorrelationID, body
		b.begin(r)
	}
}

// forwardable tells which requests the controller decides.
func forwardable(key int16) bool {
	switch key {
	case keyCreateTopics, keyDeleteTopics, keyCreatePartitions, keyAlterConfigs, keyIncrementalAlterConfigs,
		keyElectLeaders, keyAlterPartitionReassignments, keyListPartitionReassignments,
		keyDescribeQuorum, keyUpdateFeatures, keyUnregisterBroker, keyAddRaftVoter, keyRemoveRaftVoter:
		return true
	}
	return false
}

func (b *Broker) refuseEnvelope(r *request, code kafka.ErrorCode) {
	b.counters.Errors++
	a := kmsg.NewPtrEnvelopeResponse()
	a.ErrorCode = int16(code)
	b.finish(r, a)
}

// seal puts the answer to a forwarded request back into its envelope.
func (r *request) seal(body protocol.Body) protocol.Body {
	a := kmsg.NewPtrEnvelopeResponse()
	a.ResponseData = protocol.AppendResponse(nil, r.key, r.version, r.correlation, body)[protocol.FramePrefixBytes:]
	r.key, r.version, r.correlation = keyEnvelope, r.envelope.version, r.envelope.correlation
	return a
}
