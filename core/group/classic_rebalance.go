package group

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// rebalance has every member join again, unless that is under way. who and why
// are for people.
func (m *Machine) rebalance(g *classic, who *member, why string) {
	if g.state == PreparingRebalance {
		m.joinedAll(g)
		return
	}
	m.remember(g, who, why)
	if g.state == CompletingRebalance {
		m.refuseSyncs(g, kafka.ErrRebalanceInProgress)
	}
	m.timers.stop(&g.sync)
	m.timers.stop(&g.join)
	g.wasEmpty = g.state == Empty
	m.enter(g, PreparingRebalance)
	if !g.wasEmpty {
		g.join.kind = timerJoin
		m.timers.set(&g.join, m.now.Mono.Add(g.rebalanceTimeout()))
		m.joinedAll(g)
		return
	}
	// Others may be about to come: wait for them, longer as long as they do.
	g.newcomers = false
	g.initialEnd = m.now.Mono.Add(max(g.rebalanceTimeout(), m.config.InitialRebalanceDelay))
	g.join.kind = timerInitial
	m.timers.set(&g.join, m.now.Mono.Add(m.config.InitialRebalanceDelay))
}

// remember keeps the cause of a rebalance.
func (m *Machine) remember(g *classic, who *member, why string) {
	c := Cause{At: m.now.Wall, Text: why}
	if who != nil {
		c.Member, c.Client = who.id, who.client
	}
	if len(g.causes) == keptCauses {
		g.causes = g.causes[:copy(g.causes, g.causes[1:])]
	}
	g.causes = append(g.causes, c)
	m.out.Causes = append(m.out.Causes, GroupCause{Group: g.id, Cause: c})
}

// initialDelayOver ends the first wait of a group, or goes on with it while
// members come.
func (m *Machine) initialDelayOver(g *classic) {
	if g.newcomers && m.now.Mono < g.initialEnd {
		g.newcomers = false
		m.timers.set(&g.join, min(m.now.Mono.Add(m.config.InitialRebalanceDelay), g.initialEnd))
		return
	}
	m.completeJoin(g)
}

// joinedAll ends the join phase once every member has joined again. The first of
// a group ends by its delay alone.
func (m *Machine) joinedAll(g *classic) {
	if g.state == PreparingRebalance && !g.wasEmpty && g.joining == len(g.members) && len(g.pending) == 0 {
		m.completeJoin(g)
	}
}

// completeJoin begins the next generation with those who have joined. A dynamic
// member that has not is out; a static one may still come.
func (m *Machine) completeJoin(g *classic) {
	m.timers.stop(&g.join)
	m.expel(g)
	if len(g.members) > 0 && !g.electLeader() {
		g.join.kind = timerJoin
		m.timers.set(&g.join, m.now.Mono.Add(max(g.rebalanceTimeout(), kafka.Millisecond)))
		return
	}
	g.generation++
	must.True(g.generation > 0, "G3 generations rise")
	if len(g.members) == 0 {
		m.enterEmpty(g)
		return
	}
	g.protocol = g.choose()
	must.True(g.protocol != "", "G4 members share a protocol")
	g.learnTopics()
	m.enter(g, CompletingRebalance)
	g.unsynced = len(g.members)
	for _, one := range g.members {
		one.synced, one.isNew = false, false
		if one.awaitsJoin {
			one.awaitsJoin = false
			g.joining--
			m.answer(m.joined(g, one, one.joining))
		}
		m.alive(one)
	}
	m.timers.set(&g.sync, m.now.Mono.Add(g.rebalanceTimeout()))
}

// expel removes the dynamic members that have not joined again.
func (m *Machine) expel(g *classic) {
	var gone []*member
	g.members = slices.DeleteFunc(g.members, func(one *member) bool {
		out := !one.awaitsJoin && one.instance == ""
		if out {
			gone = append(gone, one)
		}
		return out
	})
	for _, one := range gone {
		m.out.Watch.Reached(must.MemberMissedRebalance)
		m.remember(g, one, "a member did not join again in time")
		m.detach(g, one)
	}
}

// electLeader makes sure that the leader is one who has joined. False: nobody has.
func (g *classic) electLeader() bool {
	if one := g.byID[g.leader]; one != nil && one.awaitsJoin {
		return true
	}
	for _, one := range g.members {
		if one.awaitsJoin {
			g.leader = one.id
			return true
		}
	}
	return false
}

// enterEmpty has the log know since when a group is empty: its offsets expire
// from there.
func (m *Machine) enterEmpty(g *classic) {
	m.enter(g, Empty)
	g.protocol, g.leader = "", ""
	g.learnTopics()
	p := m.draft()
	p.records = append(p.records, Record{Kind: ClassicRecord, Group: g.id, Classic: g.value(nil)})
	p.outcome = outcome{silent: true}
	m.propose(p)
}

// joinTimeout ends the wait for members.
func (m *Machine) joinTimeout(g *classic) {
	if g.state == PreparingRebalance {
		m.completeJoin(g)
	}
}

// syncTimeout removes those who have joined and then not synced.
func (m *Machine) syncTimeout(g *classic) {
	if g.state != CompletingRebalance || g.unsynced == 0 {
		return
	}
	var gone []*member
	g.members = slices.DeleteFunc(g.members, func(one *member) bool {
		if !one.synced {
			gone = append(gone, one)
		}
		return !one.synced
	})
	for _, one := range gone {
		m.detach(g, one)
	}
	m.rebalance(g, gone[0], "a member did not sync in time")
	m.dissolve(g)
}

// silent removes a member that has not been heard of in time.
func (m *Machine) silent(t *timer) {
	g, one := t.group, t.member
	if one.awaitsJoin && !one.isNew || one.awaitsSync {
		m.alive(one) // it waits for us
		return
	}
	m.out.Watch.Reached(must.MemberSessionExpired)
	m.leave(g, one, "a member's session expired")
	m.dissolve(g)
}

// leave takes a member out and has the others rebalance.
func (m *Machine) leave(g *classic, one *member, why string) {
	if one.awaitsJoin {
		m.answer(Answer{Ticket: one.joining, Err: kafka.ErrUnknownMemberID, Joined: Joined{Member: "", Generation: noGeneration}})
	}
	if one.awaitsSync {
		one.awaitsSync = false
		m.answer(Answer{Ticket: one.syncing, Err: kafka.ErrUnknownMemberID})
	}
	m.remove(g, one)
	m.rebalance(g, one, why)
}

// drop forgets an ID that was given out and has not come back.
func (m *Machine) drop(g *classic, id string) bool {
	t := g.pending[id]
	if t == nil {
		return false
	}
	m.timers.stop(t)
	delete(g.pending, id)
	return true
}

// dissolve forgets a group of which nothing is left and the log knows nothing.
func (m *Machine) dissolve(g *classic) {
	if g.state == Empty && len(g.pending) == 0 && len(m.asked) == 0 && m.written.groups[g.id] == nil && m.committed.groups[g.id] == nil {
		m.timers.stop(&g.join)
		m.timers.stop(&g.sync)
		delete(m.groups, g.id)
	}
}
