package broker

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// What a broker whose controller is not active asks of the one that is. The
// requests are Kafka's own; what a client asked goes in an Envelope (KIP-590),
// which says on whose behalf.

// pendingSend is a request to another broker that has not been answered.
type pendingSend struct {
	pendingCommand
	fetcher *fetcher // whose fetch it is; nil: a command
}

// sendToController sends a command to the broker that holds the controller.
// False: nobody does, or where it is reached is not known.
func (b *Broker) sendToController(p pendingCommand, body controller.Body) bool {
	peer := b.state.Image().Broker(b.state.Image().Controller())
	if peer == nil || peer.ID == b.config.NodeID {
		return false
	}
	l, ok := peer.Listener(b.interBrokerListener())
	if !ok {
		return false
	}
	request, version := b.remoteRequest(p, body)
	if request == nil {
		return false
	}
	ref, slot := b.sends.add()
	*slot = pendingSend{pendingCommand: p}
	b.out.Sends = append(b.out.Sends, Send{
		Ref: ref, To: peer.ID, Host: l.Host, Port: int32(l.Port), Key: request.Key(), Version: version, Body: request,
	})
	return true
}

// remoteRequest puts a command into Kafka's words.
func (b *Broker) remoteRequest(p pendingCommand, body controller.Body) (protocol.Body, int16) {
	switch c := body.(type) {
	case *controller.RegisterBroker:
		return registrationRequest(c), 4
	case *controller.Heartbeat:
		q := kmsg.NewPtrBrokerHeartbeatRequest()
		q.BrokerID, q.BrokerEpoch, q.CurrentMetadataOffset = int32(c.Broker), int64(c.Epoch), int64(c.AppliedIndex)
		q.WantFence, q.WantShutdown = c.WantFence, c.WantShutdown
		q.UnknownTags.Set(tagModesIndex, binary.BigEndian.AppendUint64(nil, c.ModesIndex))
		return q, 1
	case *controller.AllocateProducerIDs:
		q := kmsg.NewPtrAllocateProducerIDsRequest()
		q.BrokerID, q.BrokerEpoch = int32(c.Broker), int64(c.Epoch)
		return q, 0
	case *controller.CreateTopics:
		if p.kind == commandOffsetsTopic {
			return createTopicsRequest(c), 7
		}
	case *controller.AlterPartition:
		return alterPartitionRequest(c), 3
	case *controller.AssignDirectories:
		return assignDirectoriesRequest(c), 0
	default:
		// The others are a client's request, which goes as the client wrote it.
	}
	r := b.requests.get(p.token)
	if r == nil || r.envelope != nil {
		return nil, 0 // what has come in an envelope goes no further
	}
	q := kmsg.NewPtrEnvelopeRequest()
	q.RequestData = protocol.AppendRequest(nil, r.key, r.version, r.correlation, r.clientID, r.body)[protocol.FramePrefixBytes:]
	q.RequestPrincipal, q.ClientHostAddress = []byte(r.principal), []byte(r.conn.host)
	return q, 0
}

// interBrokerListener names the listener on which brokers reach one another.
func (b *Broker) interBrokerListener() string {
	for i := range b.config.Listeners {
		if b.config.Listeners[i].InterBroker {
			return b.config.Listeners[i].Name
		}
	}
	return ""
}

// peerReply takes what another broker answered. Without a body nobody knows
// what became of the request.
func (b *Broker) peerReply(in *PeerReply) {
	slot := b.sends.get(in.Ref)
	if slot == nil {
		return
	}
	p := *slot
	b.sends.finish(in.Ref)
	if p.fetcher != nil {
		b.fetchAnswered(p.fetcher, in.Body)
		return
	}
	switch p.kind {
	case commandRegister:
		code := kafka.ErrRequestTimedOut
		if a, ok := in.Body.(*kmsg.BrokerRegistrationResponse); ok {
			code = kafka.ErrorCode(a.ErrorCode)
		}
		b.registrationDone(code, code.String())
	case commandHeartbeat:
		code, result := kafka.ErrRequestTimedOut, &controller.HeartbeatResult{}
		if a, ok := in.Body.(*kmsg.BrokerHeartbeatResponse); ok {
			code = kafka.ErrorCode(a.ErrorCode)
			*result = controller.HeartbeatResult{CaughtUp: a.IsCaughtUp, Fenced: a.IsFenced, ShouldStop: a.ShouldShutdown}
		}
		b.heartbeatDone(code, result)
	case commandProducerID:
		code, block := kafka.ErrRequestTimedOut, &controller.AllocateProducerIDsResult{}
		if a, ok := in.Body.(*kmsg.AllocateProducerIDsResponse); ok {
			code = kafka.ErrorCode(a.ErrorCode)
			block.Start, block.Count = kafka.ProducerID(a.ProducerIDStart), a.ProducerIDLen
		}
		b.producerIDsDone(code, block)
	case commandOffsetsTopic:
		code, message := kafka.ErrRequestTimedOut, ""
		if a, ok := in.Body.(*kmsg.CreateTopicsResponse); ok {
			code, message = createTopicsAnswer(a)
		}
		b.offsetsTopicDone(code, message)
	case commandJoin: // who joins asks the controller itself
	case commandISR:
		code, result := kafka.ErrRequestTimedOut, (*controller.AlterPartitionResult)(nil)
		if a, ok := in.Body.(*kmsg.AlterPartitionResponse); ok {
			code, result = alterPartitionAnswer(a)
		}
		b.isrAnswered(code, result)
	case commandDirectories:
		var result *controller.AssignDirectoriesResult
		if a, ok := in.Body.(*kmsg.AssignReplicasToDirsResponse); ok {
			result = assignDirectoriesAnswer(a)
		}
		b.healAnswered(result)
	case commandRequest:
		if r := b.requests.get(p.token); r != nil && r.state == requestRunning {
			b.forwarded(r, in.Body)
		}
	}
}

// forwarded answers a client with what the controller's broker said.
func (b *Broker) forwarded(r *request, body protocol.Body) {
	code := kafka.ErrRequestTimedOut
	if a, ok := body.(*kmsg.EnvelopeResponse); ok {
		if code = kafka.ErrorCode(a.ErrorCode); code == kafka.None {
			_, answer, why := protocol.DecodeResponse(a.ResponseData, r.key, r.version, nil)
			if why == kafka.None {
				b.finish(r, answer)
				return
			}
			code = kafka.ErrUnknownServerError
		}
	}
	b.adminDone(r, &controller.Result{Error: code, Message: "The controller could not be asked."})
}

func registrationRequest(c *controller.RegisterBroker) *kmsg.BrokerRegistrationRequest {
	q := kmsg.NewPtrBrokerRegistrationRequest()
	q.BrokerID, q.IncarnationID, q.PreviousBrokerEpoch = int32(c.Broker), c.Incarnation, int64(c.Previous)
	if c.ClusterID != (kafka.UUID{}) {
		q.ClusterID = c.ClusterID.String()
	}
	q.LogDirs = append(q.LogDirs, c.Directory)
	q.UnknownTags.Set(tagKeptSince, c.KeptSince[:])
	q.Rack = optional(c.Rack)
	for _, l := range c.Listeners {
		q.Listeners = append(q.Listeners, kmsg.BrokerRegistrationRequestListener{
			Name: l.Name, Host: l.Host, Port: l.Port, SecurityProtocol: l.Security,
		})
	}
	return q
}
