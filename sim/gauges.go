package sim

import (
	"fmt"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// gauged looks, when a run is over, whether a broker's gauges tell how things stand
// in the newest image, if it has that.
func (w *World) gauged(b *brokerHost) {
	image := w.newest()
	if b.core == nil || image == nil || w.broken != "" {
		return
	}
	g := b.core.Gauges()
	if g.MetadataIndex != image.Index() {
		return
	}
	var all, leaderless, leads, short int64
	image.EachTopic(func(t *metadata.TopicImage) bool {
		for _, p := range t.Partitions.All {
			all++
			if p.Leader == kafka.NoBroker {
				leaderless++
			}
			if p.Leader == kafka.BrokerID(b.host.node) {
				leads++
				if len(p.ISR) < len(p.Replicas) {
					short++
				}
			}
		}
		return true
	})
	if g.Partitions != all || g.Leaderless != leaderless || g.Leads != leads || g.UnderReplicated != short ||
		g.UnderMinISR+g.AtMinISR > leads || g.Brokers+g.FencedBrokers != int64(len(image.Brokers())) {
		w.fail(b.host.node, fmt.Sprintf("the gauges %+v are not what the image says: %d partitions, %d leaderless, %d led, %d of those short", g, all, leaderless, leads, short))
	}
}
