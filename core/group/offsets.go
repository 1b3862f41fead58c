package group

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// commit takes offsets, from a member of the generation or from outside a group
// that nobody is in.
func (m *Machine) commit(in *Commit) {
	var g *classic
	var code kafka.ErrorCode
	var codes []kafka.ErrorCode // of the partitions; nil: all may be committed
	c := m.consumerOf(in.Group)
	if c != nil {
		code, codes = m.consumerMayCommit(c, in)
	} else {
		g, code = m.mayCommit(in)
	}
	if code != kafka.None {
		if code == kafka.ErrStaleMemberEpoch || code == kafka.ErrIllegalGeneration || code == kafka.ErrUnknownMemberID || code == kafka.ErrFencedInstanceID {
			m.out.Watch.Reached(must.ZombieCommitRefused)
		}
		m.answer(Answer{Ticket: in.Ticket, Err: code})
		return
	}
	if g == nil && c == nil {
		g = m.newClassic(in.Group)
	}
	a := Answer{Ticket: in.Ticket, Codes: codes}
	if !slices.Contains(codes, kafka.None) && (codes != nil || len(in.Offsets) == 0) {
		m.after(a)
		if g != nil {
			m.dissolve(g)
		}
		return
	}
	p := m.draft()
	for i := range in.Offsets {
		if codes != nil && codes[i] != kafka.None {
			continue
		}
		c := &in.Offsets[i]
		r := Record{Kind: OffsetRecord, Group: in.Group, Topic: c.Topic, Partition: c.Partition, HasValue: true, Offset: c.Offset}
		r.Offset.CommittedAt = m.now.Wall
		p.records = append(p.records, r)
	}
	p.outcome = outcome{Answer: a, commits: true}
	m.propose(p)
}

// mayCommit tells whether a commit may be taken. The group is nil when there is
// none yet.
func (m *Machine) mayCommit(in *Commit) (*classic, kafka.ErrorCode) {
	g := m.groups[in.Group]
	if g == nil {
		switch {
		case in.Generation < 0:
			return nil, kafka.None
		case in.Version >= 9:
			return nil, kafka.ErrGroupIDNotFound
		}
		return nil, kafka.ErrIllegalGeneration
	}
	if in.Generation < 0 && g.state == Empty {
		return g, kafka.None
	}
	if in.Generation < 0 && in.ID == "" && in.InstanceID == "" {
		return g, kafka.ErrUnknownMemberID // an administrator's, while the group is at work
	}
	one, code := g.validate(&in.Member)
	switch {
	case code != kafka.None:
		return g, code
	case in.Generation != g.generation:
		return g, kafka.ErrIllegalGeneration
	case g.state == CompletingRebalance:
		// It knows of this generation, but not yet of what it has in it.
		return g, kafka.ErrRebalanceInProgress
	}
	m.alive(one)
	return g, kafka.None
}

// deleteOffsets forgets offsets of topics that the group does not read.
func (m *Machine) deleteOffsets(in *DeleteOffsets) {
	g, c := m.groups[in.Group], m.consumerOf(in.Group)
	switch {
	case c != nil:
	case g == nil:
		m.after(Answer{Ticket: in.Ticket, Err: kafka.ErrGroupIDNotFound})
		return
	case g.state != Empty && g.protocolType != consumerProtocolType:
		m.answer(Answer{Ticket: in.Ticket, Err: kafka.ErrNonEmptyGroup})
		return
	}
	codes := make([]kafka.ErrorCode, len(in.Partitions))
	p := m.draft()
	for i := range in.Partitions {
		q := &in.Partitions[i]
		if c != nil && c.reads(q.Topic) || g != nil && g.state != Empty && g.reads(q.Topic) {
			codes[i] = kafka.ErrGroupSubscribedToTopic
			continue
		}
		if k := m.written.groups[in.Group]; k != nil && k.offsets.get(q.Topic, q.Partition) != nil {
			p.records = append(p.records, Record{Kind: OffsetRecord, Group: in.Group, Topic: q.Topic, Partition: q.Partition})
		}
	}
	a := Answer{Ticket: in.Ticket, Codes: codes}
	if len(p.records) == 0 {
		m.asked = m.asked[:len(m.asked)-1]
		m.after(a)
		return
	}
	p.outcome = outcome{Answer: a}
	m.propose(p)
}

// deleteGroup forgets an empty group with all that it has committed.
func (m *Machine) deleteGroup(in *Delete) {
	g, c := m.groups[in.Group], m.consumerOf(in.Group)
	a := Answer{Ticket: in.Ticket, Place: in.Place}
	switch {
	case c != nil && c.size() > 0:
		a.Err = kafka.ErrNonEmptyGroup
		m.answer(a)
		return
	case c != nil:
		m.bury(in.Group, nil, outcome{Answer: a})
		return
	case g == nil:
		a.Err = kafka.ErrGroupIDNotFound
		m.after(a)
		return
	case g.state != Empty:
		a.Err = kafka.ErrNonEmptyGroup
		m.answer(a)
		return
	}
	m.bury(in.Group, g, outcome{Answer: a})
}

// batchRecords bounds how many records one append holds that could hold any number.
const batchRecords = 512

// bury takes back everything that the log says of a group; g is nil for one of
// the consumer protocol.
func (m *Machine) bury(group string, g *classic, o outcome) {
	p := m.draft()
	if k := m.written.groups[group]; k != nil {
		k.offsets.each(func(topic string, partition kafka.PartitionIndex, _ *Offset) bool {
			if len(p.records) == batchRecords {
				p.outcome = outcome{silent: true}
				m.propose(p)
				p = m.draft()
			}
			p.records = append(p.records, Record{Kind: OffsetRecord, Group: group, Topic: topic, Partition: partition})
			return true
		})
	}
	p.records = append(p.records, m.epitaph(group)...)
	p.outcome = o
	p.outcome.buried = g
	m.propose(p)
}

// epitaph takes back what the log says of a group beside its offsets.
func (m *Machine) epitaph(group string) []Record {
	c := m.consumerOf(group)
	if c == nil {
		return []Record{{Kind: ClassicRecord, Group: group}}
	}
	all := c.records(group)
	for i := range all {
		all[i].Consumer = nil
	}
	return all
}
