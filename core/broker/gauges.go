package broker

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// Gauges say how the cluster and this broker's part in it stand now, as the
// broker knows it. Computing them walks over all partitions.
type Gauges struct {
	Controller      bool  // this broker's controller decides
	Brokers         int64 // registered and unfenced
	FencedBrokers   int64
	Topics          int64
	Partitions      int64
	Leaderless      int64  // partitions of the cluster without a leader
	Leads           int64  // partitions that this broker leads
	UnderReplicated int64  // of those, with a replica outside the ISR
	UnderMinISR     int64  // of those, with fewer in sync than min.insync.replicas
	AtMinISR        int64  // of those, with as many: the next loss stops acks=all
	MetadataIndex   uint64 // of the last entry of the metadata log that was applied
	ControllerEpoch int64
	Groups          int64 // coordinated here, in partitions that have been loaded
	GroupMembers    int64 // of those
	GroupOffsets    int64 // that those have committed
	Loading         int64 // partitions of the offsets topic led here that do not answer yet
}

// Gauges returns how things stand.
func (b *Broker) Gauges() Gauges {
	im := b.state.Image()
	g := Gauges{
		Controller: b.IsController(), Topics: int64(im.TopicCount()), Partitions: int64(im.PartitionCount()),
		MetadataIndex: im.Index(), ControllerEpoch: int64(im.Applier().Epoch),
	}
	for _, other := range im.Brokers() {
		if other.Fenced {
			g.FencedBrokers++
		} else {
			g.Brokers++
		}
	}
	im.EachTopic(func(t *metadata.TopicImage) bool {
		minISR := -1
		for _, p := range t.Partitions.All {
			if p.Leader == kafka.NoBroker {
				g.Leaderless++
			}
			if p.Leader != b.config.NodeID {
				continue
			}
			if minISR < 0 {
				minISR = b.minISR(t.Name)
			}
			g.lead(p, min(minISR, len(p.Replicas)))
		}
		return true
	})
	b.countGroups(&g)
	return g
}

// lead counts a partition that this broker leads.
func (g *Gauges) lead(p *metadata.Partition, minISR int) {
	g.Leads++
	if len(p.ISR) < len(p.Replicas) {
		g.UnderReplicated++
	}
	switch {
	case len(p.ISR) < minISR:
		g.UnderMinISR++
	case len(p.ISR) == minISR && len(p.Replicas) > minISR:
		g.AtMinISR++
	}
}

// minISR is min.insync.replicas of a topic.
func (b *Broker) minISR(topic string) int {
	layers := b.layers(topic)
	r := kafka.LookupSetting("min.insync.replicas", kafka.ScopeTopic).ResolveTopic(&layers)
	return int(r.Parsed().Int)
}

// countGroups adds what is coordinated here.
func (b *Broker) countGroups(g *Gauges) {
	for _, s := range b.groups.shards {
		if s.phase != shardActive {
			g.Loading++
			continue
		}
		groups, members, offsets := s.machine.Count()
		g.Groups += int64(groups)
		g.GroupMembers += int64(members)
		g.GroupOffsets += int64(offsets)
	}
}
