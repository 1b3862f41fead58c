package group

import (
	"bytes"
	"slices"
	"strconv"

	"trialog/core/kafka"
	"trialog/core/must"
)

// joinGroup takes a Join. Whoever is taken in, or has to join again, is answered
// when the join phase ends.
func (m *Machine) joinGroup(in *Join) {
	if in.SessionTimeoutMs < m.config.MinSessionTimeoutMs || in.SessionTimeoutMs > m.config.MaxSessionTimeoutMs {
		m.refuseJoin(in, kafka.ErrInvalidSessionTimeout, in.Member.ID)
		return
	}
	if c := m.consumerOf(in.Group); c != nil {
		if c.size() > 0 {
			m.joinMixed(c, in)
			return
		}
		m.convert(in)
		return
	}
	g := m.groups[in.Group]
	if g == nil {
		if in.Member.ID != "" {
			m.refuseJoin(in, kafka.ErrUnknownMemberID, in.Member.ID)
			return
		}
		g = m.newClassic(in.Group)
	}
	switch {
	case !m.room(g, in.Member.ID):
		if one := g.byID[in.Member.ID]; one != nil {
			m.remove(g, one)
		}
		m.drop(g, in.Member.ID)
		m.refuseJoin(in, kafka.ErrGroupMaxSizeReached, "")
	case !g.supports(in):
		m.refuseJoin(in, kafka.ErrInconsistentGroupProtocol, in.Member.ID)
	case in.Member.ID == "":
		m.joinNew(g, in)
	default:
		m.joinKnown(g, in)
	}
	m.dissolve(g)
}

func (m *Machine) refuseJoin(in *Join, code kafka.ErrorCode, memberID string) {
	m.answer(Answer{Ticket: in.Ticket, Err: code, Joined: Joined{Member: memberID, Generation: noGeneration}})
}

// room tells whether a member may take part under group.max.size.
func (m *Machine) room(g *classic, id string) bool {
	size := int(m.config.MaxSize)
	one := g.byID[id]
	switch g.state {
	case Empty:
		return true
	case PreparingRebalance:
		return one != nil && one.awaitsJoin || g.joining < size
	case CompletingRebalance, Stable:
		return one != nil || len(g.members) < size
	}
	return true
}

// joinNew takes somebody who names no member ID.
func (m *Machine) joinNew(g *classic, in *Join) {
	id := m.newMemberID(in)
	if in.InstanceID != "" {
		if old := g.byInstance[in.InstanceID]; old != nil {
			m.replace(g, old, in, id)
			return
		}
		m.add(g, in, id)
		return
	}
	if in.RequireMemberID {
		t := &timer{kind: timerPending, group: g, member: &member{id: id}}
		g.pending[id] = t
		m.timers.set(t, m.now.Mono.Add(kafka.Ms(int64(in.SessionTimeoutMs))))
		m.refuseJoin(in, kafka.ErrMemberIDRequired, id)
		return
	}
	m.add(g, in, id)
	g.byID[id].nameless = true
}

// abandoned takes out a member that waits for its ID with nobody there to hear
// it. It would come again as somebody else, and the group would wait for both:
// with a client that loses patience before the group's rebalance timeout has
// passed, for ever.
func (m *Machine) abandoned(in *Abandoned) {
	g := m.groups[in.Group]
	if g == nil {
		return
	}
	for _, one := range g.members {
		if one.awaitsJoin && one.joining == in.Ticket && one.isNew && one.nameless {
			m.out.Watch.Reached(must.NamelessMemberGone)
			m.leave(g, one, "a new member went before it was answered")
			m.dissolve(g)
			return
		}
	}
}

// newMemberID makes an ID that tells people whose it is.
func (m *Machine) newMemberID(in *Join) string {
	id := make([]byte, 0, len(in.Client.ID)+len(in.InstanceID)+37)
	if in.InstanceID != "" {
		id = append(id, in.InstanceID...)
	} else {
		id = append(id, in.Client.ID...)
	}
	u := m.rand.UUID()
	for i, b := range u {
		switch i {
		case 0, 4, 6, 8, 10:
			id = append(id, '-')
		}
		const hex = "0123456789abcdef"
		id = append(id, hex[b>>4], hex[b&15])
	}
	return string(id)
}

// joinKnown takes somebody who names the member that it is.
func (m *Machine) joinKnown(g *classic, in *Join) {
	if g.pending[in.Member.ID] != nil && in.InstanceID == "" {
		m.drop(g, in.Member.ID)
		m.add(g, in, in.Member.ID)
		return
	}
	one, code := g.validate(&in.Member)
	if code != kafka.None {
		m.refuseJoin(in, code, in.Member.ID)
		return
	}
	switch g.state {
	case PreparingRebalance:
		m.update(g, one, in, "")
	case CompletingRebalance:
		if !one.same(in.Protocols) {
			m.update(g, one, in, "its subscription or its protocols have changed")
			return
		}
		// It has not seen the answer to its last Join: here it is again.
		m.out.Watch.Reached(must.JoinAnsweredAgain)
		m.answer(m.joined(g, one, in.Ticket))
	case Stable:
		switch {
		case one.id == g.leader:
			m.update(g, one, in, "the leader has joined again")
		case !one.same(in.Protocols):
			m.update(g, one, in, "its subscription or its protocols have changed")
		default:
			m.answer(m.joined(g, one, in.Ticket))
		}
	case Empty:
		m.refuseJoin(in, kafka.ErrUnknownMemberID, "")
	}
}

// add takes a member in and begins a rebalance.
func (m *Machine) add(g *classic, in *Join, id string) {
	one := &member{id: id, instance: in.InstanceID, client: in.Client, isNew: true}
	one.ask(in)
	if len(g.members) == 0 {
		g.protocolType = in.ProtocolType
	}
	one.joining, one.awaitsJoin, one.maySkip = in.Ticket, true, in.MaySkip
	g.joining++
	g.insert(one)
	if g.state == PreparingRebalance && g.wasEmpty {
		g.newcomers = true
	}
	m.timers.set(&one.session, m.now.Mono.Add(newMemberTimeout))
	m.rebalance(g, one, because("a member joined", in.Reason))
}

// ask takes over what a member wants.
func (one *member) ask(in *Join) {
	one.rebalanceTimeoutMs, one.sessionTimeoutMs = in.RebalanceTimeoutMs, in.SessionTimeoutMs
	one.protocols = make([]Protocol, len(in.Protocols))
	for i := range in.Protocols {
		one.protocols[i] = Protocol{Name: in.Protocols[i].Name, Metadata: bytes.Clone(in.Protocols[i].Metadata)}
	}
}

// update takes a member's new wishes and lets it wait for the next generation.
func (m *Machine) update(g *classic, one *member, in *Join, why string) {
	m.await(g, one, in)
	m.rebalance(g, one, because(why, in.Reason))
}

// await lets a Join of a member wait. One that waits already is another try of
// the same: whoever sent it does not wait for its answer any more.
func (m *Machine) await(g *classic, one *member, in *Join) {
	g.vote(one, -1)
	one.ask(in)
	g.vote(one, 1)
	if one.awaitsJoin {
		m.answer(Answer{Ticket: one.joining, Err: kafka.ErrRebalanceInProgress, Joined: Joined{Member: one.id, Generation: noGeneration}})
	} else {
		g.joining++
	}
	one.joining, one.awaitsJoin, one.maySkip = in.Ticket, true, in.MaySkip
	m.alive(one)
}

// replace puts a static member in the place of its predecessor, which is fenced
// (KIP-345). In a stable group whose protocol stays nothing is rebalanced, unless
// the predecessor was to join once more.
func (m *Machine) replace(g *classic, old *member, in *Join, id string) {
	m.out.Watch.Reached(must.StaticMemberReplaced)
	if old.awaitsJoin {
		old.awaitsJoin = false
		g.joining--
		m.answer(Answer{Ticket: old.joining, Err: kafka.ErrFencedInstanceID, Joined: Joined{Member: old.id, Generation: noGeneration}})
	}
	if old.awaitsSync {
		old.awaitsSync = false
		m.answer(Answer{Ticket: old.syncing, Err: kafka.ErrFencedInstanceID})
	}
	leader := g.leader
	if g.leader == old.id {
		g.leader = id
	}
	delete(g.byID, old.id)
	one := old // it keeps its place, its assignment and whether it has synced
	owes := g.owesJoin(old)
	one.id = id
	g.byID[id] = one
	g.vote(one, -1)
	one.ask(in)
	g.vote(one, 1)
	one.client = in.Client
	m.alive(one)
	if g.state == Stable && g.choose() == g.protocol && !owes {
		m.persistReplaced(g, one, in, leader)
		return
	}
	one.joining, one.awaitsJoin, one.maySkip = in.Ticket, true, in.MaySkip
	g.joining++
	m.rebalance(g, one, because("static member "+strconv.Quote(in.InstanceID)+" came back", in.Reason))
}

// owesJoin tells whether a cooperative member (KIP-429) was to give up something
// that it had when it joined, and to join anew, so that somebody else is given it.
// Who takes its place does not know of it.
func (g *classic) owesJoin(one *member) bool {
	s, ok := readSubscription(one.metadata(g.protocol))
	if g.protocolType != consumerProtocolType || !ok || len(s.owned) == 0 {
		return false
	}
	given, ok := readAssignment(one.assignment)
	return ok && slices.ContainsFunc(s.owned, func(p namedPartition) bool { return !slices.Contains(given, p) })
}

// persistReplaced has the log know a static member's new ID and answers it with
// the generation that goes on. The leader is told that it need not assign; one
// that does not understand that is told that somebody else leads (KIP-814).
func (m *Machine) persistReplaced(g *classic, one *member, in *Join, leader string) {
	a := m.joined(g, one, in.Ticket)
	a.Joined.Members = nil
	if in.MaySkip {
		a.Joined.SkipAssignment = g.leader == one.id
		if a.Joined.SkipAssignment {
			a.Joined.Members = g.joinedMembers()
		}
	} else {
		a.Joined.Leader = leader
	}
	p := m.draft()
	p.records = append(p.records, Record{Kind: ClassicRecord, Group: g.id, Classic: g.value(nil)})
	p.outcome = outcome{Answer: a}
	m.propose(p)
}

// joined is the answer to a Join in the current generation.
func (m *Machine) joined(g *classic, one *member, t Ticket) Answer {
	a := Answer{Ticket: t, Joined: Joined{
		Generation: g.generation, ProtocolType: g.protocolType, Protocol: g.protocol, Leader: g.leader, Member: one.id,
	}}
	if g.leader == one.id {
		a.Joined.Members = g.joinedMembers()
	}
	return a
}

// joinedMembers is what the leader is told.
func (g *classic) joinedMembers() []JoinedMember {
	all := make([]JoinedMember, len(g.members))
	for i, one := range g.members {
		all[i] = JoinedMember{ID: one.id, InstanceID: one.instance, Metadata: one.metadata(g.protocol)}
	}
	return all
}

// alive starts a member's session anew.
func (m *Machine) alive(one *member) {
	m.timers.set(&one.session, m.now.Mono.Add(kafka.Ms(int64(one.sessionTimeoutMs))))
}

// because joins our reason and the client's own (KIP-800).
func because(ours, theirs string) string {
	switch {
	case theirs == "":
		return ours
	case ours == "":
		return theirs
	}
	return ours + " (" + theirs + ")"
}
