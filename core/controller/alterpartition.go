package controller

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// alterPartition decides the ISR changes that a leader asks for, each on its
// own. Epochs prove that the leader knows what it changes (KIP-497), and that
// the replicas it names are the incarnations that caught up (KIP-903).
func (m *Machine) alterPartition(d *draft, a *AlterPartition) (ResultBody, *refusal) {
	if err := checkBrokerEpoch(d.image, a.Broker, a.Epoch); err != nil {
		return nil, err
	}
	result := &AlterPartitionResult{Partitions: make([]AlteredPartition, len(a.Partitions))}
	for i := range a.Partitions {
		n, out := &a.Partitions[i], &result.Partitions[i]
		out.Partition = n.Partition
		out.Error = m.alterISR(d, a.Broker, n)
		if p := d.image.Partition(n.Partition); p != nil {
			out.Leader, out.LeaderEpoch, out.PartitionEpoch = p.Leader, p.LeaderEpoch, p.PartitionEpoch
			out.ISR, out.Recovery = p.ISR, p.Recovery
		}
	}
	return result, nil
}

func (m *Machine) alterISR(d *draft, leader kafka.BrokerID, n *NewISR) kafka.ErrorCode {
	topic := d.image.Topic(n.Partition.Topic)
	if topic == nil {
		return kafka.ErrUnknownTopicID
	}
	p := topic.Partition(n.Partition.Partition)
	if p == nil {
		return kafka.ErrUnknownTopicOrPartition
	}
	if code := checkISR(d.image, p, leader, n); code != kafka.None {
		return code
	}
	v := m.topicView(d.image, topic)
	s := m.newReshape(d.image, v, p)
	s.isr = make([]kafka.BrokerID, 0, len(n.ISR))
	for _, r := range p.Replicas {
		if slices.ContainsFunc(n.ISR, func(i ISRMember) bool { return i.Broker == r }) {
			s.isr = append(s.isr, r)
		}
	}
	s.recovery = n.Recovery
	if slices.Equal(s.isr, p.ISR) && s.recovery == p.Recovery {
		return kafka.None
	}
	if c := s.run(); c != nil {
		d.add(c)
	}
	return kafka.None
}

// checkISR judges what a leader asks for.
func checkISR(im *metadata.Image, p *metadata.Partition, leader kafka.BrokerID, n *NewISR) kafka.ErrorCode {
	switch {
	case n.LeaderEpoch > p.LeaderEpoch || n.PartitionEpoch > p.PartitionEpoch:
		return kafka.ErrNotController // the leader knows a later image than this view
	case n.LeaderEpoch < p.LeaderEpoch:
		return kafka.ErrFencedLeaderEpoch
	case p.Leader != leader:
		return kafka.ErrInvalidRequest
	case n.PartitionEpoch < p.PartitionEpoch:
		return kafka.ErrInvalidUpdateVersion
	case p.Recovery == metadata.Recovered && n.Recovery == metadata.Recovering:
		return kafka.ErrInvalidRequest
	case n.Recovery == metadata.Recovering && len(n.ISR) > 1:
		return kafka.ErrInvalidRequest
	case n.Recovery != metadata.Recovered && n.Recovery != metadata.Recovering:
		return kafka.ErrInvalidRequest
	}
	hasLeader := false
	for i, member := range n.ISR {
		again := slices.ContainsFunc(n.ISR[:i], func(o ISRMember) bool { return o.Broker == member.Broker })
		if again || !slices.Contains(p.Replicas, member.Broker) {
			return kafka.ErrInvalidRequest
		}
		b := im.Broker(member.Broker)
		if !b.Eligible() || p.Lost(member.Broker) || member.Epoch != kafka.NoBrokerEpoch && member.Epoch != b.Epoch {
			return kafka.ErrIneligibleReplica
		}
		hasLeader = hasLeader || member.Broker == leader
	}
	if !hasLeader {
		return kafka.ErrInvalidRequest
	}
	return kafka.None
}
