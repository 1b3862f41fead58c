package model

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// nextTimer returns when something is due next.
func (m *Model) nextTimer() kafka.Instant {
	at := min(m.elect, m.idle)
	for i := range m.nodes {
		n := &m.nodes[i]
		if !n.up || n.frozen {
			continue
		}
		at = min(at, n.hearAt, n.membersAt)
		if t := n.nextTell(); t != nil {
			at = min(at, t.at)
		}
	}
	for i := range m.steps {
		at = min(at, m.steps[i].due)
	}
	for i := range m.flights {
		f := &m.flights[i]
		at = min(at, f.due)
		if m.live(f.node) {
			at = min(at, f.unknownAt)
		}
	}
	return at
}

// nextTell returns the hint that a node is told next; nil while there is none,
// or it waits for older entries.
func (n *node) nextTell() *tell {
	if len(n.tells) == 0 || n.applied < n.tells[0].after && len(n.tells) == 1 {
		return nil
	}
	return &n.tells[0]
}

// fire does what is due, in a fixed order.
func (m *Model) fire() {
	if m.idle <= m.clock {
		m.idle = m.clock.Add(m.cfg.Limits.IdleEvery)
		if m.odd(siteIdleMove, m.cfg.Limits.OddIdleMove) {
			m.move()
		}
	}
	if m.elect <= m.clock {
		m.hold()
	}
	for i := range m.nodes {
		if m.nodes[i].hearAt <= m.clock && m.live(i) {
			m.hear(i)
		}
	}
	m.takeSteps()
	for i := 0; i < len(m.flights); i++ {
		f := m.flights[i]
		if f.due > m.clock {
			continue
		}
		over := m.try(&f)
		m.flights[i] = f
		if over {
			m.flights = slices.Delete(m.flights, i, i+1)
			i--
		}
	}
}

// anything tells whether deliver would.
func (m *Model) anything() bool {
	for i := range m.nodes {
		n := &m.nodes[i]
		if !n.up || n.frozen {
			continue
		}
		if t := n.nextTell(); t != nil && t.at <= m.clock || m.ready(i) || n.membersAt <= m.clock {
			return true
		}
	}
	for i := range m.flights {
		if f := &m.flights[i]; f.unknownAt <= m.clock && m.live(f.node) {
			return true
		}
	}
	return false
}

// deliver returns an event that is due now.
func (m *Model) deliver() (Delivery, bool) {
	for i := range m.nodes {
		n := &m.nodes[i]
		if !n.up || n.frozen {
			continue
		}
		if t := n.nextTell(); t != nil && t.at <= m.clock {
			if d, ok := m.deliverTell(i); ok {
				return d, true
			}
		}
		if m.ready(i) {
			return m.deliverEntry(i), true
		}
		if n.membersAt <= m.clock {
			return m.deliverMembers(i), true
		}
	}
	for i := range m.flights {
		f := &m.flights[i]
		if f.unknownAt <= m.clock && m.live(f.node) {
			return m.deliverUnknown(i), true
		}
	}
	return Delivery{}, false
}

// ready tells whether a node can be told of an entry: it has heard of one, and
// has it, or can be sent the snapshot that took its place.
func (m *Model) ready(id int) bool {
	n := &m.nodes[id]
	if n.applied >= n.heard {
		return false
	}
	return n.applied >= m.base || m.ownSnapshot(n) || m.reaches(id)
}

// ownSnapshot tells whether a node begins with a snapshot on its own disk.
func (m *Model) ownSnapshot(n *node) bool {
	return n.applied == 0 && n.start >= 0 && m.snapshots[n.start].slots <= n.heard
}

// deliverTell passes a hint on, unless what came after has overtaken it.
func (m *Model) deliverTell(id int) (Delivery, bool) {
	n := &m.nodes[id]
	t := n.tells[0]
	n.tells = slices.Delete(n.tells, 0, 1)
	if t.leads && n.applied < t.after {
		return Delivery{}, false // it stopped leading before it had applied what was there
	}
	n.told = t.leads
	if !t.leads {
		return Delivery{id, &m.leadsNot}, true
	}
	switch {
	case t.false:
		m.reached(must.QuorumFalseLeads)
	case m.leader != id:
		m.reached(must.QuorumToldLate)
	case n.applied < m.end():
		m.reached(must.QuorumLeadsBeforeApplied)
	}
	for o := range m.nodes {
		if o != id && m.nodes[o].up && m.nodes[o].told {
			m.reached(must.QuorumToldTwo)
			break
		}
	}
	return Delivery{id, &m.leads}, true
}

// deliverEntry delivers the node's next entry, or the snapshot that stands for
// it and those before.
func (m *Model) deliverEntry(id int) Delivery {
	n := &m.nodes[id]
	if s := m.snapshotFor(n); s != nil {
		n.applied, n.start = s.slots, -1
		n.heard = max(n.heard, s.slots)
		m.loaded.Index, m.loaded.State = s.index, s.state
		return Delivery{id, &m.loaded}
	}
	s := &m.log[n.applied-m.base]
	n.applied++
	m.committed.Index, m.committed.Entry, m.committed.Ref = s.index, s.entry, 0
	if s.node == id && s.incarnation == n.incarnation {
		m.committed.Ref = s.ref
		m.settle(id, s.ref)
	}
	return Delivery{id, &m.committed}
}

// snapshotFor returns the snapshot that a node gets next, nil when it gets an
// entry.
func (m *Model) snapshotFor(n *node) *snapshot {
	switch {
	case m.ownSnapshot(n):
		m.reached(must.QuorumSnapshotReplayed)
		return &m.snapshots[n.start]
	case n.applied < m.base:
		m.reached(must.QuorumSnapshotSent)
		return &m.snapshots[0]
	}
	return nil
}

// settle notes that a proposer has seen its entry: no Unknown follows, but for
// the one that was on its way.
func (m *Model) settle(id int, ref kafka.Ref) {
	for i := range m.flights {
		f := &m.flights[i]
		if f.node != id || f.ref != ref || f.incarnation != m.nodes[id].incarnation || f.unknownAt == never || f.settled {
			continue
		}
		if f.settled = true; m.odd(siteUnknownToo, m.cfg.Limits.OddUnknown) {
			return
		}
		f.unknownAt = never
		if f.due == never && !f.parked {
			m.flights = slices.Delete(m.flights, i, i+1)
		}
		return
	}
}

// deliverUnknown tells a proposer that its proposal's fate is not known. One
// that waits for a leader is given up; one that has left may still commit.
func (m *Model) deliverUnknown(i int) Delivery {
	f := &m.flights[i]
	d := Delivery{f.node, &m.unknown}
	m.unknown.Ref = f.ref
	f.unknownAt, f.gaveUp = never, true
	if f.settled {
		m.reached(must.QuorumUnknownAfterCommitted)
	}
	if f.parked && !f.afar {
		f.parked = false
		if m.odd(siteUnknown, m.cfg.Limits.OddUnknown) {
			f.afar = true
			f.due = m.clock.Add(m.spread(siteLate, 0, m.cfg.Limits.LateSpread))
		}
	}
	if f.due == never && !f.parked {
		m.flights = slices.Delete(m.flights, i, i+1)
	}
	return d
}
