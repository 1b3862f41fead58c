package metadata

import (
	"slices"

	"trialog/core/kafka"
)

func (e *edit) topic(r *Topic) error {
	if r.Name == "" || r.ID == (kafka.TopicID{}) || e.to.Topic(r.ID) != nil || e.touched[r.ID] != nil {
		return refuse("topic %q with ID %s cannot begin", r.Name, r.ID)
	}
	if e.to.TopicByName(r.Name) != nil {
		return refuse("there is a topic %q", r.Name)
	}
	t := &touchedTopic{image: &TopicImage{ID: r.ID, Name: r.Name}, change: TopicCreated}
	e.own(t)
	return nil
}

// own puts a topic that this edit may change in place into the image.
func (e *edit) own(t *touchedTopic) {
	t.list = editList(&t.image.Partitions)
	e.touched[t.image.ID] = t
	e.order = append(e.order, t)
	e.to.byID = e.to.byID.set(idKey(t.image.ID), t.image)
	e.to.byName = e.to.byName.set(nameKey(t.image.Name), t.image)
}

// touch returns a topic's own copy, nil when there is no such topic.
func (e *edit) touch(id kafka.TopicID) *touchedTopic {
	if t := e.touched[id]; t != nil {
		if t.change == TopicDeleted {
			return nil
		}
		return t
	}
	old := e.to.Topic(id)
	if old == nil {
		return nil
	}
	c := *old
	t := &touchedTopic{image: &c, change: TopicChanged, existed: true}
	e.own(t)
	return t
}

func (e *edit) topicRemoved(r *TopicRemoved) error {
	t := e.touch(r.ID)
	if t == nil {
		return refuse("there is no topic %s", r.ID)
	}
	t.change = TopicDeleted
	e.releaseAll(t.image)
	e.to.partitions -= t.image.Partitions.Len()
	e.to.byID = e.to.byID.remove(idKey(r.ID))
	e.to.byName = e.to.byName.remove(nameKey(t.image.Name))
	res := TopicResource(t.image.Name)
	if _, found := e.to.configs.get(resourceKey(res)); found {
		e.to.configs = e.to.configs.remove(resourceKey(res))
		e.delta.Configs = append(e.delta.Configs, res)
	}
	return nil
}

func (e *edit) partition(r *PartitionRecord) error {
	t := e.touch(r.Topic)
	if t == nil || int(r.Partition) != t.image.Partitions.Len() {
		return refuse("partition %d of topic %s cannot begin", r.Partition, r.Topic)
	}
	p := &Partition{Topic: r.Topic, TopicName: t.image.Name, Index: r.Partition, PartitionState: r.State}
	if why := p.flaw(); why != "" {
		return refuse("partition %s-%d: %s", p.TopicName, p.Index, why)
	}
	t.list.add(p)
	e.hold(p, nil)
	t.partitions = append(t.partitions, r.Partition)
	e.to.partitions++
	return nil
}

func (e *edit) partitionChange(r *PartitionChange) error {
	t := e.touch(r.Topic)
	if t == nil || t.image.Partition(r.Partition) == nil {
		return refuse("there is no partition %d of topic %s", r.Partition, r.Topic)
	}
	p := *t.image.Partition(r.Partition)
	before := p.Replicas
	p.change(r)
	if why := p.flaw(); why != "" {
		return refuse("partition %s-%d: %s", p.TopicName, p.Index, why)
	}
	t.list.set(int(r.Partition), &p)
	if r.Fields&FieldReplicas != 0 {
		e.hold(&p, before)
	}
	t.partitions = append(t.partitions, r.Partition)
	return nil
}

// change sets the selected fields and raises the epochs.
func (p *Partition) change(r *PartitionChange) {
	f, s := r.Fields, &r.State
	if f&FieldReplicas != 0 {
		p.Replicas = s.Replicas
	}
	if f&FieldAdding != 0 {
		p.Adding = s.Adding
	}
	if f&FieldRemoving != 0 {
		p.Removing = s.Removing
	}
	if f&FieldDirectories != 0 {
		p.Directories = s.Directories
	}
	if f&FieldISR != 0 {
		p.ISR = s.ISR
	}
	if f&FieldELR != 0 {
		p.ELR = s.ELR
	}
	if f&FieldLastKnownELR != 0 {
		p.LastKnownELR = s.LastKnownELR
	}
	if f&FieldLeader != 0 {
		p.Leader = s.Leader
		p.LeaderEpoch++
	}
	if f&FieldRecovery != 0 {
		p.Recovery = s.Recovery
	}
	if f&FieldMode != 0 {
		p.Mode = s.Mode
	}
	p.PartitionEpoch++
}

// flaw tells how the partition breaks MD4, "" when it does not.
func (p *Partition) flaw() string {
	s := &p.PartitionState
	switch {
	case len(s.Replicas) == 0 || repeats(s.Replicas):
		return "its replicas are empty or repeat"
	case len(s.Directories) != len(s.Replicas):
		return "its directories do not match its replicas"
	case s.Leader != kafka.NoBroker && !slices.Contains(s.Replicas, s.Leader):
		return "its leader is not a replica"
	case !within(s.ISR, s.Replicas) || repeats(s.ISR):
		return "its ISR is not a set of replicas"
	case !within(s.ELR, s.Replicas) || repeats(s.ELR) || meets(s.ISR, s.ELR):
		return "its ELR is not a set of replicas outside the ISR"
	case !within(s.LastKnownELR, s.Replicas) || repeats(s.LastKnownELR):
		return "its last known ELR is not a set of replicas"
	case !within(s.Adding, s.Replicas) || repeats(s.Adding):
		return "what is added is not a set of replicas"
	case !within(s.Removing, s.Replicas) || repeats(s.Removing) || meets(s.Adding, s.Removing):
		return "what is removed is not a set of other replicas"
	case s.LeaderEpoch < 0 || s.PartitionEpoch < 0:
		return "an epoch is negative"
	case s.Mode != kafka.ModeSynced && s.Mode != kafka.ModeReplicated && s.Mode != kafka.ModeSyncing:
		return "its durability mode is unknown"
	}
	return ""
}

func repeats(ids []kafka.BrokerID) bool {
	for i, id := range ids {
		if slices.Contains(ids[:i], id) {
			return true
		}
	}
	return false
}

func within(ids, of []kafka.BrokerID) bool {
	for _, id := range ids {
		if !slices.Contains(of, id) {
			return false
		}
	}
	return true
}

func meets(a, b []kafka.BrokerID) bool {
	for _, id := range a {
		if slices.Contains(b, id) {
			return true
		}
	}
	return false
}
