package model

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/quorum"
)

// flight is a proposal whose story is not over: it may yet commit, or its
// proposer is yet to be told.
type flight struct {
	entry       quorum.Entry
	ref         kafka.Ref
	node        int
	incarnation uint64
	order       uint64        // of Propose
	due         kafka.Instant // when it tries to commit; never: it will not, or is parked
	unknownAt   kafka.Instant // when its proposer is told Unknown; never: it is not
	parked      bool          // waits for a leader
	afar        bool          // it has left its proposer: a leader has it
	gaveUp      bool          // its proposer was told Unknown
	settled     bool          // its proposer was told Committed
}

// Propose takes a proposal from a live node. Entry.Records is kept.
func (m *Model) Propose(now kafka.Instant, id int, p *quorum.Propose) {
	m.at(now)
	n, l := &m.nodes[id], &m.cfg.Limits
	must.True(n.up && !n.frozen, "quorum model: a node that does not run proposes")
	m.flown++
	f := flight{
		entry: p.Entry, ref: p.Ref, node: id, incarnation: n.incarnation,
		order: m.flown, due: never, unknownAt: never,
	}
	if l.ProposeTimeout > 0 {
		f.unknownAt = m.clock.Add(l.ProposeTimeout)
	}
	switch {
	case f.unknownAt != never && m.odd(siteDrop, l.OddDrop):
		m.reached(must.QuorumDropped)
	case f.unknownAt != never && m.odd(siteUnknown, l.OddUnknown):
		f.afar = true
		f.due = f.unknownAt.Add(m.spread(siteLate, 0, l.LateSpread))
	default:
		f.due = m.clock.Add(m.spread(siteCommit, l.CommitMin, l.CommitSpread))
		if m.odd(siteReorder, l.OddReorder) {
			f.due = f.due.Add(m.spread(siteLate, 0, l.LateSpread))
		} else {
			f.due = max(f.due, n.lastDue)
			n.lastDue = f.due
		}
	}
	m.flights = append(m.flights, f)
}

// try lets a flight commit, if there is a leader and the flight reaches it.
// It returns whether the flight's story is over.
func (m *Model) try(f *flight) bool {
	f.due = never
	if !f.afar && !m.mine(f) {
		// Its proposer is gone; it may have been forwarded before.
		if m.cfg.Choose(siteOrphan, 2) == 0 {
			return true
		}
		f.afar = true
	}
	if m.leader < 0 || !f.afar && !m.reaches(f.node) {
		f.parked = true
		return false
	}
	m.commit(f)
	return !m.mine(f) || f.unknownAt == never
}

// mine tells whether the incarnation that proposed a flight lives.
func (m *Model) mine(f *flight) bool {
	n := &m.nodes[f.node]
	return n.up && n.incarnation == f.incarnation
}

// commit puts an entry into the log: a majority of the voters, those whom the
// leader reaches, has it synced.
func (m *Model) commit(f *flight) {
	l := &m.cfg.Limits
	if m.odd(siteGap, l.OddGap) {
		m.nextIndex += 1 + uint64(m.below(siteGapSize, 4))
	}
	m.log = append(m.log, slot{m.nextIndex, f.entry, f.ref, f.node, f.incarnation})
	m.nextIndex++
	m.markOddities(f)
	for v := range m.nodes {
		if m.votes(v) && m.reaches(v) && !m.nodes[v].wiped {
			m.nodes[v].disk = m.end()
		}
	}
	if m.odd(siteTwice, l.OddTwice) {
		again := *f
		again.due = m.clock.Add(m.spread(siteLate, l.CommitMin, l.LateSpread))
		again.unknownAt, again.afar = never, true
		m.flights = append(m.flights, again)
	}
	m.maybeSnapshot()
	m.wake()
	if m.odd(siteMove, l.OddMove) {
		m.move()
	}
}

func (m *Model) markOddities(f *flight) {
	if f.entry.IsClaim() {
		m.newest = max(m.newest, f.entry.Epoch)
	} else if f.entry.Epoch < m.newest {
		m.reached(must.QuorumOldEpochCommitted)
	}
	if f.gaveUp {
		m.reached(must.QuorumCommittedAfterUnknown)
	}
	for i := range m.flights {
		if o := &m.flights[i]; o.node == f.node && o.order < f.order && (o.due != never || o.parked) {
			m.reached(must.QuorumReordered)
			break
		}
	}
	for i := range m.log[:len(m.log)-1] {
		if s := &m.log[len(m.log)-2-i]; s.ref == f.ref && s.node == f.node && s.incarnation == f.incarnation {
			m.reached(must.QuorumCommittedTwice)
			break
		}
		if i >= 64 {
			break
		}
	}
}

// maybeSnapshot takes a snapshot when one is due, and forgets the slots below
// the one before that nobody who can talk with the leader waits for.
func (m *Model) maybeSnapshot() {
	every := m.cfg.Limits.SnapshotEvery
	if m.cfg.Fold == nil || every == 0 || uint64(m.end()-m.snapshots[0].slots) < every {
		return
	}
	for ; m.folded < m.end(); m.folded++ {
		s := &m.log[m.folded-m.base]
		m.cfg.Fold.Apply(s.index, &s.entry)
	}
	m.snapshots[1] = m.snapshots[0]
	m.snapshots[0] = snapshot{slots: m.end(), index: m.log[len(m.log)-1].index, state: m.cfg.Fold.Snapshot(nil)}
	keep := m.snapshots[1].slots
	for i := range m.nodes {
		if m.reaches(i) && m.nodes[i].start < 0 {
			keep = min(keep, m.nodes[i].applied)
		}
	}
	if drop := keep - m.base; drop > 0 {
		kept := copy(m.log, m.log[drop:])
		clear(m.log[kept:])
		m.log, m.base = m.log[:kept], m.base+drop
	}
	for i := range m.nodes {
		if n := &m.nodes[i]; n.up && n.applied == 0 {
			n.start = -1
			m.chooseStart(n)
		}
	}
}
