package broker

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/protocol"
)

// locate turns what a request calls a partition into what machines call it.
// Names are used nowhere behind this.
func (b *Broker) locate(name string, id kafka.TopicID, p kafka.PartitionIndex, byID bool) (kafka.TopicPartition, kafka.ErrorCode) {
	image := b.state.Image()
	var t *metadata.TopicImage
	if byID {
		if t = image.Topic(id); t == nil {
			return kafka.TopicPartition{Topic: id, Partition: p}, kafka.ErrUnknownTopicID
		}
	} else if t = image.TopicByName(name); t == nil {
		return kafka.TopicPartition{}, kafka.ErrUnknownTopicOrPartition
	}
	tp := kafka.TopicPartition{Topic: t.ID, Partition: p}
	if t.Partition(p) == nil {
		return tp, kafka.ErrUnknownTopicOrPartition
	}
	return tp, kafka.None
}

// hint names the current leader to a client that came to the wrong broker or
// with an old epoch (KIP-951).
func (b *Broker) hint(tp kafka.TopicPartition, code kafka.ErrorCode) protocol.LeaderHint {
	if code != kafka.ErrNotLeaderOrFollower && code != kafka.ErrFencedLeaderEpoch {
		return protocol.LeaderHint{}
	}
	p := b.state.Image().Partition(tp)
	if p == nil || p.Leader == kafka.NoBroker {
		return protocol.LeaderHint{}
	}
	return protocol.LeaderHint{Set: true, Leader: p.Leader, Epoch: p.LeaderEpoch}
}

// hintNode adds the address of a hinted leader, once.
func (b *Broker) hintNode(nodes []protocol.NodeEndpoint, c *connection, hint protocol.LeaderHint) []protocol.NodeEndpoint {
	if !hint.Set {
		return nodes
	}
	for i := range nodes {
		if nodes[i].Node == hint.Leader {
			return nodes
		}
	}
	broker := b.state.Image().Broker(hint.Leader)
	if broker == nil {
		return nodes
	}
	l, ok := broker.Listener(c.listener)
	if !ok {
		return nodes
	}
	return append(nodes, protocol.NodeEndpoint{Node: broker.ID, Host: l.Host, Port: int32(l.Port), Rack: broker.Rack})
}

// fromBroker tells whether a connection came in on the inter-broker listener.
func (b *Broker) fromBroker(c *connection) bool {
	for i := range b.config.Listeners {
		if l := &b.config.Listeners[i]; l.Name == c.listener {
			return l.InterBroker
		}
	}
	return false
}
