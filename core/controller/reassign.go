package controller

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
)

// A reassignment (KIP-455) goes from one set of replicas to another. Meanwhile the
// partition has both: Replicas is the target followed by what is removed. It is
// over, in one change, once every replica of the target is in the ISR; nobody
// leaves before.

// alterReassignments decides each partition on its own.
func (m *Machine) alterReassignments(d *draft, a *AlterReassignments) (ResultBody, *refusal) {
	result := &AlterReassignmentsResult{Partitions: make([]ReassignedPartition, len(a.Partitions))}
	given := make(map[NamedPartition]bool, len(a.Partitions))
	for i := range a.Partitions {
		r, out := &a.Partitions[i], &result.Partitions[i]
		name := NamedPartition{Topic: r.Topic, Partition: r.Partition}
		err := refuse(kafka.ErrInvalidRequest, "Each partition may be given once.")
		if !given[name] {
			err = m.reassign(d, r, a.KeepReplicationFactor)
		}
		given[name] = true
		if err != nil {
			out.Error, out.Message = err.code, err.message
		}
	}
	return result, nil
}

func (m *Machine) reassign(d *draft, r *Reassignment, keepFactor bool) *refusal {
	t := d.image.TopicByName(r.Topic)
	if t == nil || t.Partition(r.Partition) == nil {
		return refuse(kafka.ErrUnknownTopicOrPartition, "There is no such partition.")
	}
	p := t.Partition(r.Partition)
	from := p.Origin()
	to := r.Replicas
	switch {
	case r.Cancel && !p.Reassigning():
		return refuse(kafka.ErrNoReassignmentInProgress, "No partition reassignment is in progress.")
	case r.Cancel:
		m.out.Watch.Reached(must.ReassignmentCancelled)
		to = from
	default:
		if err := checkReplicas(d.image, to); err != nil {
			return err
		}
		if keepFactor && len(to) != len(from) {
			return refuse(kafka.ErrInvalidReplicationFactor, "The replication factor would change.")
		}
	}
	s := m.newReshape(d.image, m.topicView(d.image, t), p)
	s.retarget(from, to)
	if s.losesTooMany() {
		return refuse(kafka.ErrInvalidReplicaAssignment, "Too few of the remaining replicas are in sync.")
	}
	if c := s.run(); c != nil {
		d.add(c)
	}
	return nil
}

// retarget turns the partition that is decided about into one on its way from
// one set of replicas to another. What was added on the way to a third is dropped.
func (s *reshape) retarget(from, to []kafka.BrokerID) {
	q := *s.p
	q.Removing = filter(from, func(b kafka.BrokerID) bool { return !slices.Contains(to, b) })
	q.Adding = filter(to, func(b kafka.BrokerID) bool { return !slices.Contains(from, b) })
	s.p = withReplicas(&q, append(slices.Clone(to), q.Removing...), s.image)
}

// withReplicas gives a partition other replicas, and takes whoever is none of
// them out of all its sets.
func withReplicas(p *metadata.Partition, replicas []kafka.BrokerID, im *metadata.Image) *metadata.Partition {
	q := *p
	is := func(b kafka.BrokerID) bool { return slices.Contains(replicas, b) }
	q.Replicas = replicas
	q.Directories = make([]kafka.DirectoryID, len(replicas))
	for i, b := range replicas {
		if at := slices.Index(p.Replicas, b); at >= 0 {
			q.Directories[i] = p.Directories[at]
		} else {
			q.Directories[i] = im.Broker(b).Directory
		}
	}
	q.ISR, q.ELR, q.LastKnownELR = filter(p.ISR, is), filter(p.ELR, is), filter(p.LastKnownELR, is)
	if !is(q.Leader) {
		q.Leader = kafka.NoBroker
	}
	return &q
}

// losesTooMany tells whether fewer replicas than min ISR would be left of those
// that surely have every committed record, and fewer than there were.
func (s *reshape) losesTooMany() bool {
	sure := func(p *metadata.Partition) int { return len(p.ISR) + len(p.ELR) }
	least := max(1, min(int(s.view.minISR), len(s.p.Replicas)-len(s.p.Removing)))
	return sure(s.p) < min(least, sure(s.was))
}

// complete ends a reassignment whose target is in sync, and returns who leads then.
func (s *reshape) complete(leader kafka.BrokerID, isr []kafka.BrokerID) (kafka.BrokerID, []kafka.BrokerID) {
	target := s.p.Target()
	in := func(b kafka.BrokerID) bool { return slices.Contains(isr, b) }
	if !s.p.Reassigning() || len(filter(target, in)) < len(target) {
		return leader, isr
	}
	s.watch.Reached(must.ReassignmentCompleted)
	q := *s.p
	q.Adding, q.Removing = nil, nil
	s.p = withReplicas(&q, target, s.image)
	s.elr = nil
	if !slices.Contains(target, leader) {
		leader = target[0]
	}
	return leader, filter(isr, func(b kafka.BrokerID) bool { return slices.Contains(target, b) })
}

// listReassignments tells what is on its way.
func (m *Machine) listReassignments(d *draft, l *ListReassignments) (ResultBody, *refusal) {
	result := &ListReassignmentsResult{}
	take := func(p *metadata.Partition) {
		if p != nil && p.Reassigning() {
			result.Partitions = append(result.Partitions, p)
		}
	}
	if l.All {
		d.image.EachTopic(func(t *metadata.TopicImage) bool {
			for _, p := range t.Partitions.All {
				take(p)
			}
			return true
		})
		return result, nil
	}
	for i := range l.Partitions {
		if t := d.image.TopicByName(l.Partitions[i].Topic); t != nil {
			take(t.Partition(l.Partitions[i].Partition))
		}
	}
	return result, nil
}
