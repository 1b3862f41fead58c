package group

import (
	"bytes"

	"trialog/core/kafka"
	"trialog/core/must"
)

// syncGroup takes a Sync. The leader's assignment counts, and goes to all, once
// the log has it.
func (m *Machine) syncGroup(in *Sync) {
	if c := m.consumerOf(in.Group); c != nil {
		m.syncMixed(c, in)
		return
	}
	g := m.groups[in.Group]
	if g == nil {
		m.answer(Answer{Ticket: in.Ticket, Err: kafka.ErrUnknownMemberID})
		return
	}
	one, code := g.validate(&in.Member)
	switch {
	case code != kafka.None:
	case in.Generation != g.generation:
		code = kafka.ErrIllegalGeneration
	case in.ProtocolType != "" && in.ProtocolType != g.protocolType, in.Protocol != "" && in.Protocol != g.protocol:
		code = kafka.ErrInconsistentGroupProtocol
	case g.state == Empty:
		code = kafka.ErrUnknownMemberID
	case g.state == PreparingRebalance:
		code = kafka.ErrRebalanceInProgress
	}
	if code != kafka.None {
		m.answer(Answer{Ticket: in.Ticket, Err: code})
		return
	}
	m.markSynced(g, one)
	m.alive(one)
	if g.state == Stable {
		m.answer(g.synced(one, in.Ticket))
		return
	}
	if one.awaitsSync {
		m.answer(Answer{Ticket: one.syncing, Err: kafka.ErrRebalanceInProgress}) // another try of the same
	}
	one.syncing, one.awaitsSync = in.Ticket, true
	if one.id == g.leader {
		m.assign(g, in)
	}
}

// markSynced notes that a member has sent Sync in this generation.
func (m *Machine) markSynced(g *classic, one *member) {
	if one.synced {
		return
	}
	one.synced = true
	if g.state == CompletingRebalance {
		if g.unsynced--; g.unsynced == 0 {
			m.timers.stop(&g.sync)
		}
	}
}

// assign writes what the leader has decided. Members that it does not name get
// nothing.
func (m *Machine) assign(g *classic, in *Sync) {
	given := make(map[string][]byte, len(in.Assignments))
	for i := range in.Assignments {
		given[in.Assignments[i].Member] = in.Assignments[i].Bytes
	}
	all := make([][]byte, len(g.members))
	for i, one := range g.members {
		all[i] = bytes.Clone(given[one.id])
	}
	p := m.draft()
	p.records = append(p.records, Record{Kind: ClassicRecord, Group: g.id, Classic: g.value(all)})
	p.outcome = outcome{assigned: g, generation: g.generation}
	m.propose(p)
}

// assigned gives the assignment out that counts now, if the generation still
// waits for it.
func (m *Machine) assigned(o *outcome) {
	g := o.assigned
	v := m.committed.groups[g.id]
	if m.groups[g.id] != g || g.state != CompletingRebalance || g.generation != o.generation {
		m.out.Watch.Reached(must.AssignmentOvertaken)
		return
	}
	must.True(v != nil && v.classic != nil && v.classic.Generation == g.generation, "G5 an assignment is given out once it counts")
	for i := range v.classic.Members {
		if one := g.byID[v.classic.Members[i].ID]; one != nil {
			one.assignment = v.classic.Members[i].Assignment
		}
	}
	m.enter(g, Stable)
	for _, one := range g.members {
		if one.awaitsSync {
			one.awaitsSync = false
			m.answer(g.synced(one, one.syncing))
			m.alive(one)
		}
	}
}

// unassigned begins anew where an assignment has come to nothing.
func (m *Machine) unassigned(o *outcome, code kafka.ErrorCode) {
	g := o.assigned
	if m.groups[g.id] != g || g.state != CompletingRebalance || g.generation != o.generation {
		return
	}
	m.refuseSyncs(g, code)
	m.rebalance(g, nil, "the assignment could not be written")
}

// refuseSyncs answers everybody who waits for an assignment.
func (m *Machine) refuseSyncs(g *classic, code kafka.ErrorCode) {
	for _, one := range g.members {
		if one.awaitsSync {
			one.awaitsSync = false
			m.answer(Answer{Ticket: one.syncing, Err: code})
			m.alive(one)
		}
	}
}

func (g *classic) synced(one *member, t Ticket) Answer {
	return Answer{Ticket: t, Synced: Synced{ProtocolType: g.protocolType, Protocol: g.protocol, Assignment: one.assignment}}
}

// heartbeat takes a member's sign of life.
func (m *Machine) heartbeat(in *Heartbeat) {
	if c := m.consumerOf(in.Group); c != nil {
		m.beatMixed(c, in)
		return
	}
	code := kafka.ErrUnknownMemberID
	if g := m.groups[in.Group]; g != nil {
		var one *member
		if one, code = g.validate(&in.Member); code == kafka.None {
			code = m.beat(g, one, in.Generation)
		}
	}
	m.answer(Answer{Ticket: in.Ticket, Err: code})
}

func (m *Machine) beat(g *classic, one *member, generation int32) kafka.ErrorCode {
	if generation != g.generation {
		return kafka.ErrIllegalGeneration
	}
	switch g.state {
	case Empty:
		return kafka.ErrUnknownMemberID
	case PreparingRebalance:
		m.alive(one)
		return kafka.ErrRebalanceInProgress
	case CompletingRebalance, Stable:
		// In CompletingRebalance it has joined and may beat before it syncs.
		m.alive(one)
	}
	return kafka.None
}

// leaveGroup takes members that go, or are sent away.
func (m *Machine) leaveGroup(in *Leave) {
	if c := m.consumerOf(in.Group); c != nil {
		m.leaveMixed(c, in)
		return
	}
	g := m.groups[in.Group]
	codes := make([]kafka.ErrorCode, len(in.Members))
	for i := range in.Members {
		if codes[i] = kafka.ErrUnknownMemberID; g != nil {
			codes[i] = m.leaver(g, &in.Members[i])
		}
	}
	if g != nil {
		m.dissolve(g)
	}
	m.answer(Answer{Ticket: in.Ticket, Codes: codes})
}

func (m *Machine) leaver(g *classic, who *Leaver) kafka.ErrorCode {
	if who.ID == "" && who.InstanceID != "" {
		one := g.byInstance[who.InstanceID]
		if one == nil {
			return kafka.ErrUnknownMemberID
		}
		m.leave(g, one, because("a static member was removed", who.Reason))
		return kafka.None
	}
	if m.drop(g, who.ID) {
		m.joinedAll(g)
		return kafka.None
	}
	one, code := g.validate(&Member{ID: who.ID, InstanceID: who.InstanceID})
	if code == kafka.None {
		m.leave(g, one, because("a member left", who.Reason))
	}
	return code
}
