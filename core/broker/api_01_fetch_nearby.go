package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// Consumers that name their rack may read from a replica there (KIP-392). The
// leader says from which; that one shows what is committed as far as it knows.

// readsNearby tells whether a fetch is of a consumer that names its rack, and so
// knows what to do when a follower cannot answer.
func readsNearby(body *protocol.FetchRequest) bool { return body.RackID != "" && body.ReplicaID < 0 }

// sendAway looks whether a reader of a partition that is led here shall ask
// another replica: the one in its rack that has come furthest, unless this broker
// is in that rack. It is told at once, and without records.
func (b *Broker) sendAway(p *fetchPart, body *protocol.FetchRequest) bool {
	rack := body.RackID
	if !readsNearby(body) || !b.cluster.RackAwareReads || b.config.Rack == rack || p.view.Diverging.Set {
		return false
	}
	image := b.state.Image()
	led := image.Partition(p.tp)
	if led == nil {
		return false
	}
	best := kafka.NoOffset
	for _, id := range led.Replicas {
		peer := image.Broker(id)
		if peer == nil || peer.Rack != rack || !peer.Eligible() {
			continue
		}
		if end, ok := p.host.replica.Offers(id, p.asked.FetchOffset); ok && end > best {
			best, p.near = end, id
		}
	}
	if p.near == kafka.NoBroker {
		return false
	}
	b.out.Watch.Reached(must.ReaderSentToFollower)
	return true
}
