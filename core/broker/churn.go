package broker

import "trialog/core/metadata"

// countChanges counts what one entry did to leaders and in-sync replicas.
func (b *Broker) countChanges(d *metadata.Delta) {
	if d.Replaced {
		return // how often anything changed is not known
	}
	for i := range d.Topics {
		t := &d.Topics[i]
		before, after := d.From.Topic(t.ID), d.To.Topic(t.ID)
		if t.Change != metadata.TopicChanged || before == nil || after == nil {
			continue
		}
		for _, p := range t.Partitions {
			if was := before.Partition(p); was != nil {
				b.countChange(was, after.Partition(p))
			}
		}
	}
}

func (b *Broker) countChange(was, is *metadata.Partition) {
	if is.Leader != was.Leader {
		b.counters.LeaderChanges++
	}
	if is.Recovery == metadata.Recovering && was.Recovery != metadata.Recovering {
		b.counters.UncleanElections++
	}
	if is.Leader != b.config.NodeID {
		return
	}
	switch {
	case len(is.ISR) < len(was.ISR):
		b.counters.ISRShrinks++
	case len(is.ISR) > len(was.ISR):
		b.counters.ISRExpands++
	}
}
