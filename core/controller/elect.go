package controller

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// electLeaders decides each partition on its own.
func (m *Machine) electLeaders(d *draft, e *ElectLeaders) (ResultBody, *refusal) {
	result := &ElectLeadersResult{}
	if !e.All {
		given := make(map[kafka.TopicPartition]bool, len(e.Partitions))
		for _, tp := range e.Partitions {
			out := ElectedPartition{Partition: tp, Error: kafka.ErrInvalidRequest, Message: "Each partition may be given once."}
			if !given[tp] {
				out = m.elect(d, tp, e.Unclean)
			}
			given[tp] = true
			result.Partitions = append(result.Partitions, out)
		}
		return result, nil
	}
	d.image.EachTopic(func(t *metadata.TopicImage) bool {
		for _, p := range t.Partitions.All {
			out := m.elect(d, kafka.TopicPartition{Topic: t.ID, Partition: p.Index}, e.Unclean)
			if out.Error != kafka.ErrElectionNotNeeded {
				result.Partitions = append(result.Partitions, out)
			}
		}
		return true
	})
	return result, nil
}

func (m *Machine) elect(d *draft, tp kafka.TopicPartition, unclean bool) ElectedPartition {
	out := ElectedPartition{Partition: tp}
	if t := d.image.Topic(tp.Topic); t != nil {
		out.TopicName = t.Name
	}
	fail := func(code kafka.ErrorCode, message string) ElectedPartition {
		out.Error, out.Message = code, message
		return out
	}
	p := d.image.Partition(tp)
	if p == nil {
		return fail(kafka.ErrUnknownTopicOrPartition, "There is no such partition.")
	}
	if unclean && p.Leader != kafka.NoBroker || !unclean && p.Leader == p.Replicas[0] {
		return fail(kafka.ErrElectionNotNeeded, "The partition has the leader asked for.")
	}
	v := m.topicView(d.image, d.image.Topic(tp.Topic))
	s := m.newReshape(d.image, v, p)
	s.unclean, s.preferred = unclean, !unclean
	c := s.run()
	switch {
	case unclean && (c == nil || c.State.Leader == kafka.NoBroker):
		return fail(kafka.ErrEligibleLeadersNotAvailable, "No replica is alive.")
	case !unclean && (c == nil || c.State.Leader != p.Replicas[0]):
		return fail(kafka.ErrPreferredLeaderNotAvailable, "The preferred replica is not alive or not in sync.")
	}
	d.add(c)
	return out
}
