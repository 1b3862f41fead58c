package controller

import (
	"cmp"
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
)

// mostBalanced bounds the elections of one look, so that a restarted broker takes
// its partitions back in steps.
const mostBalanced = 1000

// preference is how many partitions prefer a broker as their leader, and how many
// of them are led by another.
type preference struct {
	broker            kafka.BrokerID
	all, ledOtherwise int64
}

// balance lets brokers lead again what they are preferred for, now and then
// (auto.leader.rebalance.enable): those of which more than
// leader.imbalance.per.broker.percentage is led by others.
func (m *Machine) balance() {
	if m.phase != active || m.now.Mono < m.balanceAt {
		return
	}
	layers := m.written.Layers("", m.cfg.Broker, m.cfg.Static)
	layers.Broker = nil // what decides for the cluster is no one broker's own
	number := func(name string) int64 {
		r := kafka.LookupSetting(name, kafka.ScopeBroker).ResolveBroker(&layers)
		return r.Parsed().Int
	}
	first := m.balanceAt == 0
	m.balanceAt = m.now.Mono.Add(kafka.Duration(number("leader.imbalance.check.interval.seconds")) * kafka.Second)
	if first || number("auto.leader.rebalance.enable") == 0 {
		return
	}
	list, allowed := preferences(m.written), number("leader.imbalance.per.broker.percentage")
	elections := 0
	d := m.draft()
	m.reshapeAll(d, func(p *metadata.Partition) bool {
		if elections >= mostBalanced || !prefersAnother(p) || !d.image.Broker(p.Replicas[0]).Eligible() {
			return false
		}
		s := &list[slices.IndexFunc(list, func(s preference) bool { return s.broker == p.Replicas[0] })]
		if s.ledOtherwise*100 <= allowed*s.all || !slices.Contains(p.ISR, p.Replicas[0]) {
			return false
		}
		elections++
		return true
	}, func(s *reshape) { s.preferred = true })
	if elections > 0 {
		m.out.Watch.Reached(must.LeadersBalanced)
	}
	m.take(d)
}

// prefersAnother tells whether a partition has a leader that it does not prefer.
func prefersAnother(p *metadata.Partition) bool {
	return p.Leader != kafka.NoBroker && p.Leader != p.Replicas[0]
}

// preferences counts, by broker ID, who is preferred for how much.
func preferences(im *metadata.Image) []preference {
	var list []preference
	im.EachTopic(func(t *metadata.TopicImage) bool {
		for _, p := range t.Partitions.All {
			at, found := slices.BinarySearchFunc(list, p.Replicas[0], func(s preference, id kafka.BrokerID) int { return cmp.Compare(s.broker, id) })
			if !found {
				list = slices.Insert(list, at, preference{broker: p.Replicas[0]})
			}
			list[at].all++
			if prefersAnother(p) {
				list[at].ledOtherwise++
			}
		}
		return true
	})
	return list
}
