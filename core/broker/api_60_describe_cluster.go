package broker

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/kafka"
)

// The endpoints that DescribeCluster may ask for (KIP-919).
const (
	endpointBrokers     int8 = 1
	endpointControllers int8 = 2
)

// beginDescribeCluster lists the brokers.
func (b *Broker) beginDescribeCluster(r *request) {
	body := r.body.(*kmsg.DescribeClusterRequest)
	resp := kmsg.NewPtrDescribeClusterResponse()
	resp.ClusterID = b.ClusterID()
	resp.EndpointType = endpointBrokers
	if r.version >= 1 && body.EndpointType != endpointBrokers {
		code, message := kafka.ErrUnsupportedEndpointType, "Unknown endpoint type."
		if body.EndpointType == endpointControllers {
			code, message = kafka.ErrMismatchedEndpointType, "The request was sent to an endpoint of type broker, not controller."
		}
		resp.ErrorCode, resp.ErrorMessage = int16(code), &message
		b.finish(r, resp)
		return
	}
	resp.ControllerID = int32(b.adminBroker())
	for _, broker := range b.state.Image().Brokers() {
		l, ok := broker.Listener(r.conn.listener)
		if !ok || broker.Fenced && !body.IncludeFencedBrokers {
			continue
		}
		out := kmsg.NewDescribeClusterResponseBroker()
		out.NodeID, out.Host, out.Port = int32(broker.ID), l.Host, int32(l.Port)
		out.Rack, out.IsFenced = optional(broker.Rack), broker.Fenced
		resp.Brokers = append(resp.Brokers, out)
	}
	b.finish(r, resp)
}
