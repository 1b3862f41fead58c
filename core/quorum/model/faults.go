package model

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// Up starts a new incarnation of a node on the disk it left behind. Its events
// begin with SnapshotLoaded, or with the first entry there is.
func (m *Model) Up(now kafka.Instant, id int) {
	m.at(now)
	n := &m.nodes[id]
	must.True(!n.up, "quorum model: a node starts twice")
	n.up, n.frozen = true, false
	n.incarnation++
	n.told, n.tells = false, n.tells[:0]
	n.applied, n.start = 0, -1
	n.lastDue = m.clock
	m.chooseStart(n)
	floor := 0
	if n.start >= 0 {
		floor = m.snapshots[n.start].slots
	}
	n.heard = n.persisted - m.below(siteReplay, n.persisted-floor+1)
	if n.start < 0 && m.base > 0 {
		n.heard = 0 // what it would begin with is gone: the leader sends a snapshot
	}
	m.tellMembers(id)
	m.reconsider()
}

// chooseStart picks the snapshot on the node's disk that a restart begins with.
func (m *Model) chooseStart(n *node) {
	for i := range m.snapshots {
		if s := &m.snapshots[i]; s.slots > 0 && s.slots <= n.persisted {
			n.start = i
			break
		}
	}
	if n.start == 0 && m.snapshots[1].slots > 0 && m.odd(siteOldSnapshot, m.cfg.Limits.OddOldSnapshot) {
		n.start = 1
	}
}

// Down ends a node's incarnation, by a crash, a kill or a power cut: what a
// majority holds is synced, so none of them loses a committed entry.
func (m *Model) Down(now kafka.Instant, id int) {
	m.at(now)
	n := &m.nodes[id]
	must.True(n.up, "quorum model: a node that is down goes down")
	n.up, n.frozen = false, false
	n.tells = n.tells[:0]
	n.told = false
	n.hearAt, n.membersAt = never, never
	m.orphan(id)
	m.reconsider()
}

// orphan forgets whom to tell of a dead incarnation's proposals.
func (m *Model) orphan(id int) {
	m.flights = slices.DeleteFunc(m.flights, func(f flight) bool {
		return f.node == id && f.due == never && !f.parked
	})
	for i := range m.flights {
		if f := &m.flights[i]; f.node == id {
			f.unknownAt = never
		}
	}
}

// Freeze stops a node without ending it (SIGSTOP), or lets it go on.
func (m *Model) Freeze(now kafka.Instant, id int, frozen bool) {
	m.at(now)
	m.nodes[id].frozen = frozen
	m.reconsider()
}

// Wipe destroys a down node's disk. It comes back as a new replica, and votes
// again once a leader has brought it up to date. With a majority of the voters'
// disks gone nobody leads any more.
func (m *Model) Wipe(now kafka.Instant, id int) {
	m.at(now)
	n := &m.nodes[id]
	must.True(!n.up, "quorum model: the disk of a running node is wiped")
	n.wiped, n.disk, n.persisted = true, 0, 0
	if m.cfg.Managed {
		n.wiped, n.replica = false, 0 // it is nobody until it joins
	}
	m.reconsider()
}

// Spare tells whether a voter's disk may be wiped so that a majority of the
// voters' disks still holds everything that was committed.
func (m *Model) Spare(id int) bool {
	intact := 0
	for v := range m.nodes {
		if v != id && m.votes(v) && !m.nodes[v].wiped {
			intact++
		}
	}
	return !m.votes(id) || intact > m.members.Voters()/2
}

// Link cuts or mends the way from one node to another.
func (m *Model) Link(now kafka.Instant, from, to int, up bool) {
	m.at(now)
	m.cut[from*m.cfg.Nodes+to] = !up
	m.reconsider()
}

// at moves the clock; what was due before has been done by Next.
func (m *Model) at(now kafka.Instant) { m.clock = max(m.clock, now) }

func (m *Model) live(id int) bool { return m.nodes[id].up && !m.nodes[id].frozen }

// linked tells whether two nodes can talk, which takes both ways.
func (m *Model) linked(a, b int) bool {
	return a == b || !m.cut[a*m.cfg.Nodes+b] && !m.cut[b*m.cfg.Nodes+a]
}

// reaches tells whether a node can talk with the leader.
func (m *Model) reaches(id int) bool {
	return m.leader >= 0 && m.live(id) && m.member(id) && m.linked(m.leader, id)
}

// canLead tells whether a node has a majority of the voters, itself among them.
func (m *Model) canLead(id int) bool {
	if !m.votes(id) || !m.live(id) || m.nodes[id].wiped {
		return false
	}
	votes := 0
	for v := range m.nodes {
		if m.votes(v) && m.live(v) && !m.nodes[v].wiped && m.linked(id, v) {
			votes++
		}
	}
	return votes > m.members.Voters()/2
}

// reconsider follows a change of who lives and who can talk with whom.
func (m *Model) reconsider() {
	if m.leader >= 0 && !m.canLead(m.leader) {
		m.depose()
	}
	if m.leader < 0 && m.elect == never && m.someoneCanLead() {
		m.callElection()
	}
	m.wake()
}

func (m *Model) someoneCanLead() bool {
	for v := range m.nodes {
		if m.canLead(v) {
			return true
		}
	}
	return false
}

// depose ends a leadership; the leader learns of it in time, if it lives.
func (m *Model) depose() {
	if m.nodes[m.leader].up {
		m.tell(m.leader, tell{leads: false})
	}
	m.last, m.leader = m.leader, -1
}

// callElection sets the time of the next election.
func (m *Model) callElection() {
	l := &m.cfg.Limits
	wait := m.spread(siteElection, l.ElectionMin, l.ElectionSpread)
	if m.odd(siteLongAbsence, l.OddLongAbsence) {
		m.reached(must.QuorumAbsent)
		wait += l.LongAbsence
	}
	m.elect = m.clock.Add(wait)
}

// move takes leadership away without a fault.
func (m *Model) move() {
	if m.leader < 0 {
		return
	}
	m.reached(must.QuorumMoved)
	m.depose()
	m.callElection()
}

// hold elects a leader among those who have a majority and every committed
// entry. Raft's vote sees to the second: a majority holds each, and any two
// majorities meet in a voter whose disk was not wiped since.
func (m *Model) hold() {
	m.elect = never
	var room [16]int
	candidates := room[:0]
	for v := range m.nodes {
		if m.canLead(v) && m.nodes[v].disk == m.end() {
			candidates = append(candidates, v)
		}
	}
	if len(candidates) == 0 {
		m.mustSurvive()
		return // until somebody's links or life change
	}
	who := candidates[m.below(siteCandidate, len(candidates))]
	m.leader = who
	m.nextIndex++ // the term's own entry
	after := m.end()
	if m.odd(siteEarlyLeads, m.cfg.Limits.OddEarlyLeads) {
		after = 0
	}
	m.tell(who, tell{leads: true, after: after})
	if m.odd(siteFalseLeads, m.cfg.Limits.OddFalseLeads) {
		m.tellFalsely()
	}
	m.wake()
}

// mustSurvive checks that whoever has a majority sees every committed entry in
// it, even where links are such that nobody can win an election.
func (m *Model) mustSurvive() {
	for c := range m.nodes {
		if !m.canLead(c) {
			continue
		}
		kept := false
		for v := range m.nodes {
			kept = kept || m.votes(v) && m.live(v) && !m.nodes[v].wiped && m.linked(c, v) && m.nodes[v].disk == m.end()
		}
		must.True(kept, "Q4: a majority of the voters has lost a committed entry")
	}
}

// tellFalsely tells a voter that it leads, and later that it does not.
func (m *Model) tellFalsely() {
	v := m.voter(m.below(siteFalseWho, m.members.Voters()))
	if v == m.leader || !m.nodes[v].up {
		return
	}
	m.tell(v, tell{leads: true, false: true})
	m.tell(v, tell{leads: false})
}

// tell sends a hint. A node is told in the order of what happened.
func (m *Model) tell(id int, t tell) {
	l, n := &m.cfg.Limits, &m.nodes[id]
	t.at = m.clock.Add(m.spread(siteTell, l.TellMin, l.TellSpread))
	if m.odd(siteLateTell, l.OddLateTell) {
		t.at = t.at.Add(m.spread(siteLate, 0, l.LateSpread))
	}
	if k := len(n.tells); k > 0 {
		t.at = max(t.at, n.tells[k-1].at)
	}
	n.tells = append(n.tells, t)
}

// wake lets everybody hear who can and has not.
func (m *Model) wake() {
	for i := range m.nodes {
		n := &m.nodes[i]
		if n.hearAt == never && m.reaches(i) && (n.heard < m.end() || n.wiped || n.disk < m.end()) {
			m.hearSoon(n)
		}
	}
	if m.leader < 0 {
		return
	}
	for i := range m.flights {
		if f := &m.flights[i]; f.parked {
			f.parked = false
			f.due = m.clock.Add(m.cfg.Limits.CommitMin)
		}
	}
}

// hearSoon sets when a node next hears of commits.
func (m *Model) hearSoon(n *node) {
	l := &m.cfg.Limits
	wait := m.spread(siteApply, l.ApplyMin, l.ApplySpread)
	if m.odd(siteLongLag, l.OddLongLag) {
		m.reached(must.QuorumLongLag)
		wait += l.LongLag
	}
	n.hearAt = m.clock.Add(wait)
}

// hear brings a node up to what the leader has committed.
func (m *Model) hear(id int) {
	n := &m.nodes[id]
	n.hearAt = never
	if !m.reaches(id) {
		return
	}
	n.heard, n.disk = m.end(), m.end()
	n.persisted = n.heard
	if n.wiped {
		m.reached(must.QuorumVoterWiped)
		n.wiped = false
		m.reconsider()
	}
}
