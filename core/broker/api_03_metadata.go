package broker

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// beginMetadata describes brokers and topics as clients of this listener see
// them. Asking for a topic never creates it.
func (b *Broker) beginMetadata(r *request) {
	body := r.body.(*kmsg.MetadataRequest)
	image := b.state.Image()
	resp := kmsg.NewPtrMetadataResponse()
	resp.ControllerID = int32(b.adminBroker())
	cluster := b.ClusterID()
	resp.ClusterID = &cluster
	for _, broker := range image.Brokers() {
		l, ok := broker.Listener(r.conn.listener)
		if broker.Fenced || !ok {
			continue
		}
		out := kmsg.NewMetadataResponseBroker()
		out.NodeID, out.Host, out.Port, out.Rack = int32(broker.ID), l.Host, int32(l.Port), optional(broker.Rack)
		resp.Brokers = append(resp.Brokers, out)
	}
	if body.Topics == nil || r.version == 0 && len(body.Topics) == 0 {
		image.EachTopic(func(t *metadata.TopicImage) bool {
			resp.Topics = append(resp.Topics, b.describeTopic(r, t))
			return true
		})
	}
	for i := range body.Topics {
		resp.Topics = append(resp.Topics, b.lookUpTopic(r, &body.Topics[i]))
	}
	b.finish(r, resp)
}

// lookUpTopic answers for one topic asked by name or, from version 10, by ID.
func (b *Broker) lookUpTopic(r *request, q *kmsg.MetadataRequestTopic) kmsg.MetadataResponseTopic {
	image := b.state.Image()
	missing := kmsg.NewMetadataResponseTopic()
	missing.Topic, missing.TopicID = q.Topic, q.TopicID
	byID := q.TopicID != [16]byte{}
	var t *metadata.TopicImage
	switch {
	case q.Topic != nil && byID, q.Topic == nil && !byID:
		missing.ErrorCode = int16(kafka.ErrInvalidRequest)
	case byID:
		t = image.Topic(q.TopicID)
		missing.ErrorCode = int16(kafka.ErrUnknownTopicID)
	case controller.TopicNameFlaw(*q.Topic) != "":
		missing.ErrorCode = int16(kafka.ErrInvalidTopicException)
	default:
		t = image.TopicByName(*q.Topic)
		missing.ErrorCode = int16(kafka.ErrUnknownTopicOrPartition)
	}
	if t == nil {
		b.counters.Errors++
		return missing
	}
	return b.describeTopic(r, t)
}

func (b *Broker) describeTopic(r *request, t *metadata.TopicImage) kmsg.MetadataResponseTopic {
	out := kmsg.NewMetadataResponseTopic()
	name := t.Name
	out.Topic, out.TopicID, out.IsInternal = &name, t.ID, internalTopic(t.Name)
	for _, p := range t.Partitions.All {
		q := kmsg.NewMetadataResponseTopicPartition()
		q.Partition = int32(p.Index)
		var code kafka.ErrorCode
		q.Leader, q.LeaderEpoch, code = b.reachableLeader(r.conn, p)
		if code == kafka.ErrListenerNotFound && r.version < 6 {
			code = kafka.ErrLeaderNotAvailable
		}
		q.ErrorCode = int16(code)
		q.Replicas, q.ISR = ids(p.Replicas), ids(p.ISR)
		q.OfflineReplicas = ids(b.offline(p))
		out.Partitions = append(out.Partitions, q)
	}
	return out
}

// reachableLeader is a partition's leader as a client of a listener can use it.
func (b *Broker) reachableLeader(c *connection, p *metadata.Partition) (leader, epoch int32, code kafka.ErrorCode) {
	broker := b.state.Image().Broker(p.Leader)
	if p.Leader == kafka.NoBroker || broker == nil || broker.Fenced {
		return int32(kafka.NoBroker), int32(p.LeaderEpoch), kafka.ErrLeaderNotAvailable
	}
	if _, ok := broker.Listener(c.listener); !ok {
		return int32(kafka.NoBroker), int32(p.LeaderEpoch), kafka.ErrListenerNotFound
	}
	return int32(p.Leader), int32(p.LeaderEpoch), kafka.None
}

// adminBroker names a live broker that takes admin requests: the one that holds
// the controller, else this one. Clients cannot work without (librdkafka, kafkajs).
func (b *Broker) adminBroker() kafka.BrokerID {
	id := b.state.Image().Controller()
	if broker := b.state.Image().Broker(id); broker != nil && !broker.Fenced {
		return id
	}
	return b.config.NodeID
}

// offline lists the replicas whose brokers are not there, and those that are lost.
func (b *Broker) offline(p *metadata.Partition) []kafka.BrokerID {
	return slices.DeleteFunc(slices.Clone(p.Replicas), func(id kafka.BrokerID) bool {
		broker := b.state.Image().Broker(id)
		return broker != nil && !broker.Fenced && !p.Lost(id)
	})
}

func ids(brokers []kafka.BrokerID) []int32 {
	out := make([]int32, len(brokers))
	for i, id := range brokers {
		out[i] = int32(id)
	}
	return out
}

// optional is nil for an empty string, as the wire has absent ones.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
