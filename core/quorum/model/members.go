package model

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/quorum"
)

// step is a change of the membership on its way.
type step struct {
	quorum.Reconfigure
	node int // who asked
	due  kafka.Instant
}

// found makes every node a founding member.
func (m *Model) found() {
	m.members.Version = 1
	for i := range m.nodes {
		id := quorum.ReplicaID(m.cfg.FirstNode) + quorum.ReplicaID(i) + 1
		m.nodes[i].replica = id
		m.members.Members = append(m.members.Members, quorum.Member{Replica: id, Node: m.id(i), Voter: i < m.cfg.Voters})
		m.members.Highest = id
	}
}

func (m *Model) id(node int) kafka.BrokerID { return m.cfg.FirstNode + kafka.BrokerID(node) }

// votes tells whether a node's replica is a voter.
func (m *Model) votes(node int) bool {
	o, is := m.members.Member(m.nodes[node].replica)
	return is && o.Voter
}

// member tells whether a node's replica is in the membership.
func (m *Model) member(node int) bool {
	_, is := m.members.Member(m.nodes[node].replica)
	return is
}

// voter returns the node of the nth voter.
func (m *Model) voter(nth int) int {
	for v := range m.nodes {
		if !m.votes(v) {
			continue
		}
		if nth == 0 {
			return v
		}
		nth--
	}
	return 0
}

// Members is the membership as it is.
func (m *Model) Members() *quorum.Members { return &m.members }

// Founder tells whether a replica ID was a member's from the beginning.
func (m *Model) Founder(id quorum.ReplicaID) bool {
	return id <= quorum.ReplicaID(m.cfg.FirstNode)+quorum.ReplicaID(len(m.nodes))
}

// Replica returns a node's replica, 0 when it has none.
func (m *Model) Replica(node int) quorum.ReplicaID { return m.nodes[node].replica }

// Join starts an empty replica on a node that has none and is up. It hears
// nothing until it is a member.
func (m *Model) Join(now kafka.Instant, node int, replica quorum.ReplicaID) {
	m.at(now)
	n := &m.nodes[node]
	must.True(n.replica == 0 && n.up, "quorum model: a node joins that has a replica")
	n.replica = replica
	m.tellMembers(node)
	m.reconsider()
}

// Reconfigure takes a step from a live node. It may be lost, or late; nobody is
// told but by Members.
func (m *Model) Reconfigure(now kafka.Instant, node int, r *quorum.Reconfigure) {
	m.at(now)
	l := &m.cfg.Limits
	if m.odd(siteStepDrop, l.OddDrop) {
		m.reached(must.QuorumStepDropped)
		return
	}
	s := step{Reconfigure: *r, node: node, due: m.clock.Add(m.spread(siteStep, l.CommitMin, l.CommitSpread))}
	if m.odd(siteStepLate, l.OddUnknown) {
		s.due = s.due.Add(m.spread(siteLate, 0, l.LateSpread))
	}
	m.steps = append(m.steps, s)
}

func (m *Model) takeSteps() {
	for i := 0; i < len(m.steps); i++ {
		if m.steps[i].due > m.clock {
			continue
		}
		s := m.steps[i]
		m.steps = slices.Delete(m.steps, i, i+1)
		i--
		m.takeStep(&s)
	}
}

// takeStep carries a step out if it is of the present version, the leader can be
// asked, and it has a majority of the voters that there will be: they, who must
// have the change, have every entry before it.
func (m *Model) takeStep(s *step) {
	if m.leader < 0 || !m.reaches(s.node) {
		return
	}
	next, done := m.members.Take(&s.Reconfigure, m.members.Version+1)
	if !done {
		m.reached(must.QuorumStepStale)
		return
	}
	reached := 0
	for v := range m.nodes {
		if o, is := next.Member(m.nodes[v].replica); is && o.Voter && m.live(v) && m.linked(m.leader, v) {
			reached++
		}
	}
	if reached <= next.Voters()/2 {
		return
	}
	old := m.members
	m.members = next
	m.nextIndex++ // the change's own entry
	for i := range m.nodes {
		if m.votes(i) && m.reaches(i) {
			m.nodes[i].disk = m.end()
		}
		if _, was := old.Member(m.nodes[i].replica); was || m.member(i) {
			m.tellMembers(i)
		}
	}
	m.reconsider()
}

// tellMembers lets a node be told the membership, soon.
func (m *Model) tellMembers(node int) {
	n, l := &m.nodes[node], &m.cfg.Limits
	if m.cfg.Managed && n.up && n.replica != 0 {
		n.membersAt = m.clock.Add(m.spread(siteMembers, l.ApplyMin, l.ApplySpread))
	}
}

// deliverMembers tells a node the membership as it is.
func (m *Model) deliverMembers(node int) Delivery {
	n := &m.nodes[node]
	n.membersAt = never
	m.told = m.members
	m.told.Members = slices.Clone(m.members.Members)
	return Delivery{node, &m.told}
}
