package group

import (
	"slices"

	"trialog/core/kafka"
)

// Committed returns what a group has committed for a partition and counts. False:
// nothing. The offset is not to be changed and lasts until the next Step.
func (m *Machine) Committed(group, topic string, p kafka.PartitionIndex) (*Offset, bool) {
	k := m.committed.groups[group]
	if k == nil {
		return nil, false
	}
	o := k.offsets.get(topic, p)
	return o, o != nil
}

// EachCommitted shows all offsets of a group that count, by topic and partition.
func (m *Machine) EachCommitted(group string, visit func(topic string, p kafka.PartitionIndex, o *Offset)) {
	if k := m.committed.groups[group]; k != nil {
		k.offsets.each(func(topic string, p kafka.PartitionIndex, o *Offset) bool {
			visit(topic, p, o)
			return true
		})
	}
}

// CommittedTopics lists the lives of topics for which anything has been
// committed, by name.
func (m *Machine) CommittedTopics() []TopicGone {
	var all []TopicGone
	for _, name := range m.written.names() {
		k := m.written.groups[name]
		for i := range k.offsets.topics {
			t := &k.offsets.topics[i]
			for j := range t.parts {
				one := TopicGone{Topic: t.topic, ID: t.parts[j].TopicID}
				if !slices.Contains(all, one) {
					all = append(all, one)
				}
			}
		}
	}
	return all
}

// Listed is a group as ListGroups shows it.
type Listed struct {
	Group        string
	ProtocolType string
	State        string
	Type         string
}

// List shows every group, by name.
func (m *Machine) List(visit func(*Listed)) {
	names := make([]string, 0, len(m.groups)+len(m.consumers))
	for name := range m.groups { //order: they are sorted below
		names = append(names, name)
	}
	for name := range m.consumers { //order: they are sorted below
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		g := m.groups[name]
		if k := m.committed.groups[name]; k != nil && k.consumer != nil {
			visit(&Listed{Group: name, ProtocolType: consumerProtocolType, State: k.consumer.state(), Type: "consumer"})
			continue
		}
		if g == nil {
			continue
		}
		if m.shown(g) {
			visit(&Listed{Group: name, ProtocolType: g.protocolType, State: g.state.String(), Type: "classic"})
		}
	}
}

// shown tells whether a group is there for others: it has members, or somebody has
// been given an ID to become one, or the log knows it.
func (m *Machine) shown(g *classic) bool {
	return g.state != Empty || len(g.pending) > 0 || m.committed.groups[g.id] != nil
}

// Description is a group as DescribeGroups shows it.
type Description struct {
	State        string
	ProtocolType string
	Protocol     string
	Members      []DescribedMember
	// Causes tell why the group rebalanced last, oldest first.
	Causes []Cause
}

// DescribedMember is one member of a Description. Metadata is there only in a
// stable group; in another the Assignment is the last one.
type DescribedMember struct {
	ID         string
	InstanceID string
	Client     Client
	Metadata   []byte
	Assignment []byte
}

// Describe shows a group. False: there is none.
func (m *Machine) Describe(group string) (Description, bool) {
	g := m.groups[group]
	if g == nil || !m.shown(g) {
		return Description{State: "Dead"}, false
	}
	d := Description{State: g.state.String(), ProtocolType: g.protocolType, Causes: g.causes}
	if g.state == Stable {
		d.Protocol = g.protocol
	}
	for _, one := range g.members {
		p := DescribedMember{ID: one.id, InstanceID: one.instance, Client: one.client, Assignment: one.assignment}
		if g.state == Stable {
			p.Metadata = one.metadata(g.protocol)
		}
		d.Members = append(d.Members, p)
	}
	return d, true
}

// Count tells how many groups there are, how many members they have, and how
// many offsets count.
func (m *Machine) Count() (groups, members, offsets int) {
	for _, g := range m.groups { //order: only sums are made
		groups++
		members += len(g.members)
	}
	for _, g := range m.consumers { //order: only sums are made
		groups++
		members += len(g.watches)
	}
	for _, k := range m.committed.groups { //order: only sums are made
		offsets += k.offsets.count
	}
	return groups, members, offsets
}
