package group

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// Members of the classic protocol in a group of the consumer protocol. Their
// generation is their member epoch. The coordinator assigns, so nobody leads
// them; a heartbeat tells a member to join again when there is something for it
// to give up or to take; a Join says what it still has, and the Sync after it
// brings what it has from then on.

// ClassicSpeaker is of a member that speaks the classic protocol.
type ClassicSpeaker struct {
	SessionTimeoutMs int32
	Protocols        []Protocol
}

// same tells whether two members say the same of the classic protocol.
func (s *ClassicSpeaker) same(o *ClassicSpeaker) bool {
	if s == nil || o == nil {
		return s == o
	}
	one := member{protocols: s.Protocols}
	return s.SessionTimeoutMs == o.SessionTimeoutMs && one.same(o.Protocols)
}

// understands tells whether a classic member can be in the group: there is a
// protocol that it and all classic members support.
func (c *consumerKept) understands(in *Join) bool {
	if in.ProtocolType != consumerProtocolType {
		return false
	}
	speakers, votes := 0, make(map[string]int)
	for _, p := range c.members {
		if p.metadata == nil || p.metadata.Classic == nil {
			continue
		}
		speakers++
		for i := range p.metadata.Classic.Protocols {
			votes[p.metadata.Classic.Protocols[i].Name]++
		}
	}
	for i := range in.Protocols {
		if votes[in.Protocols[i].Name] == speakers {
			return true
		}
	}
	return false
}

// joinMixed takes a Join to a group of the consumer protocol that has members.
// It is answered at once: there is nobody to wait for.
func (m *Machine) joinMixed(c *consumerKept, in *Join) {
	code := kafka.None
	var s subscription
	switch {
	case c.member(in.Member.ID) == nil && in.InstanceID == "" && c.size() >= int(m.config.ConsumerMaxSize):
		m.refuseJoin(in, kafka.ErrGroupMaxSizeReached, "")
		return
	case !c.understands(in):
		code = kafka.ErrInconsistentGroupProtocol
	case in.Member.ID == "" && in.InstanceID == "" && in.RequireMemberID:
		m.refuseJoin(in, kafka.ErrMemberIDRequired, m.newMemberID(in))
		return
	default:
		var ok bool
		if s, ok = readSubscription(in.Protocols[0].Metadata); !ok {
			code = kafka.ErrInconsistentGroupProtocol
		}
	}
	if code != kafka.None {
		m.refuseJoin(in, code, in.Member.ID)
		return
	}
	m.joinAsClassic(c, in, &s)
}

// joinAsClassic takes what a classic member says in a Join as a heartbeat that
// says everything.
func (m *Machine) joinAsClassic(c *consumerKept, in *Join, s *subscription) {
	joined := Join{Ticket: in.Ticket, Member: in.Member, Client: in.Client}
	one := member{}
	one.ask(in)
	b := &beat{m: m, kept: c, speaks: &ClassicSpeaker{SessionTimeoutMs: in.SessionTimeoutMs, Protocols: one.protocols}}
	b.in = &ConsumerHeartbeat{
		Ticket: in.Ticket, Member: in.Member, Client: in.Client, Epoch: epochClassic, Rack: s.rack,
		RebalanceTimeoutMs: in.RebalanceTimeoutMs, Topics: s.topics, HasTopics: true, HasRegex: true,
		Owned: SetOf(identified(s.owned, in.Known)), HasOwned: true, Known: in.Known,
	}
	if code := b.identifyClassic(in); code != kafka.None {
		m.refuseJoin(&joined, code, joined.Member.ID)
		return
	}
	if !b.ownsWhatItSays() {
		m.out.Watch.Reached(must.ClassicMemberStranger)
		m.refuseJoin(&joined, kafka.ErrUnknownMemberID, "")
		return
	}
	if b.replaced != nil && m.downgradable(c, b.replaced.id) {
		m.downgrade(in.Group, b.replaced.id, "a static member came back by the classic protocol", in.Known, joinsAgain(in))
		return
	}
	m.out.Watch.Reached(must.ClassicMemberServed)
	if code := b.bring(); code != kafka.None {
		m.refuseJoin(&joined, code, joined.Member.ID)
	}
}

// identifyClassic finds out who joins, and whether it may. A member ID that is not
// known is as good as a new one: it may have been given out for this.
func (b *beat) identifyClassic(in *Join) kafka.ErrorCode {
	nameless := in.Member.ID == ""
	if nameless {
		b.in.ID = b.m.newMemberID(in)
	}
	if in.InstanceID == "" {
		b.before = b.kept.member(b.in.ID)
		return kafka.None
	}
	there := b.kept.instance(in.InstanceID)
	switch {
	case nameless && there != nil:
		b.replaced = there
		b.m.out.Watch.Reached(must.StaticMemberReplaced)
	case nameless:
	case there == nil:
		return kafka.ErrUnknownMemberID
	case there.id != in.Member.ID:
		return kafka.ErrFencedInstanceID
	default:
		b.before = there
	}
	return kafka.None
}

// ownsWhatItSays tells whether a member has what it says that it has. One that
// has not was thrown out meanwhile and does not know: what it reads is somebody
// else's by now, and what it would commit when it is told to give that up must not
// count.
func (b *beat) ownsWhatItSays() bool {
	if len(b.in.Owned) == 0 {
		return true
	}
	if b.before == nil || b.before.current == nil {
		return false
	}
	c := b.before.current
	return b.in.Owned.within(c.Assigned.with(c.Revoking))
}

// joinedMixed is the answer to a Join in such a group.
func (b *beat) joinedMixed() Answer {
	return Answer{Ticket: b.in.Ticket, Joined: Joined{
		Generation: b.after.current.Epoch, ProtocolType: consumerProtocolType,
		Protocol: b.after.metadata.Classic.Protocols[0].Name, Member: b.in.ID,
	}}
}

// awaitSync watches over a member that has joined: it is to sync in time.
func (m *Machine) awaitSync(group, id string) {
	g, p := m.consumers[group], m.consumerOf(group).member(id)
	if g == nil || p == nil || g.watches[id] == nil {
		return
	}
	w := g.watches[id]
	m.heard(w, p)
	m.timers.stop(&w.rebalance)
	m.timers.stop(&w.sync)
	m.timers.set(&w.sync, m.now.Mono.Add(kafka.Ms(int64(p.metadata.RebalanceTimeoutMs))))
}

// named finds a member of a group of the consumer protocol by both its IDs.
func (c *consumerKept) named(who *Member) (*memberKept, kafka.ErrorCode) {
	p := c.member(who.ID)
	if who.InstanceID != "" {
		switch p = c.instance(who.InstanceID); {
		case p == nil:
			return nil, kafka.ErrUnknownMemberID
		case p.id != who.ID:
			return nil, kafka.ErrFencedInstanceID
		}
	}
	if p == nil {
		return nil, kafka.ErrUnknownMemberID
	}
	return p, kafka.None
}

// inGeneration finds a classic member that speaks in its epoch.
func (c *consumerKept) inGeneration(who *Member, generation int32) (*memberKept, kafka.ErrorCode) {
	p, code := c.named(who)
	if code == kafka.None && p.metadata.Classic == nil {
		return nil, kafka.ErrUnknownMemberID
	}
	if code == kafka.None && (p.current == nil || p.current.Epoch != generation) {
		return nil, kafka.ErrIllegalGeneration
	}
	return p, code
}

// syncMixed tells a classic member what it has.
func (m *Machine) syncMixed(c *consumerKept, in *Sync) {
	p, code := c.inGeneration(&in.Member, in.Generation)
	epoch, _ := c.epochs()
	var w *watch
	if code == kafka.None {
		w = m.consumers[in.Group].watches[p.id]
		protocol := p.metadata.Classic.Protocols[0].Name
		switch {
		case in.ProtocolType != "" && in.ProtocolType != consumerProtocolType, in.Protocol != "" && in.Protocol != protocol:
			code = kafka.ErrInconsistentGroupProtocol
		case epoch > p.current.Epoch && p.current.State != MemberUnrevoked:
			code = kafka.ErrRebalanceInProgress
			m.callBack(w, p)
		}
	}
	if code != kafka.None {
		m.answer(Answer{Ticket: in.Ticket, Err: code})
		return
	}
	m.timers.stop(&w.sync)
	m.heard(w, p)
	first := &p.metadata.Classic.Protocols[0]
	s, _ := readSubscription(first.Metadata)
	m.after(Answer{Ticket: in.Ticket, Synced: Synced{
		ProtocolType: consumerProtocolType, Protocol: first.Name, Assignment: appendAssignment(nil, s.version, p.current.Assigned, in.Known),
	}})
}

// callBack gives a member that has been told to join again its rebalance timeout
// to do so.
func (m *Machine) callBack(w *watch, p *memberKept) {
	if w.rebalance.place == 0 {
		m.timers.set(&w.rebalance, m.now.Mono.Add(kafka.Ms(int64(p.metadata.RebalanceTimeoutMs))))
	}
}

// beatMixed takes a classic member's sign of life, and tells it to join again
// when there is something for it to give up or to take.
func (m *Machine) beatMixed(c *consumerKept, in *Heartbeat) {
	p, code := c.inGeneration(&in.Member, in.Generation)
	if code != kafka.None {
		m.answer(Answer{Ticket: in.Ticket, Err: code})
		return
	}
	w := m.consumers[in.Group].watches[p.id]
	m.heard(w, p)
	epoch, _ := c.epochs()
	if m.learnTopics(c, in) || p.current.Epoch < epoch || p.current.State == MemberUnrevoked || p.current.State == MemberUnreleased && !c.awaitsRelease(p) {
		m.callBack(w, p)
		m.answer(Answer{Ticket: in.Ticket, Err: kafka.ErrRebalanceInProgress})
		return
	}
	m.after(Answer{Ticket: in.Ticket})
}

// learnTopics tells whether the topics of a group have changed since it was last
// found out who shall have what. Who joins finds that out anew; of members of the
// classic protocol nobody else does, since none of them leads here.
func (m *Machine) learnTopics(c *consumerKept, in *Heartbeat) bool {
	g := m.consumers[in.Group]
	if g.seen == in.Known.Version() {
		return false
	}
	r := roster{regexes: make(map[string]*ResolvedRegex)}
	for _, p := range c.members {
		if p.metadata != nil {
			r.members = append(r.members, p)
		}
	}
	for _, k := range c.regexes {
		r.regexes[k.expression] = k.resolved
	}
	if c.epoch == nil || c.epoch.Hash != hashTopics(r.topics(in.Known)) {
		m.out.Watch.Reached(must.ClassicMemberTopicsChanged)
		return true
	}
	g.seen = in.Known.Version()
	return false
}

// awaitsRelease tells whether somebody still has something that a member shall have.
func (c *consumerKept) awaitsRelease(p *memberKept) bool {
	if p.target == nil {
		return false
	}
	for _, tp := range p.target.Partitions {
		if owner, owned := c.owners[tp]; owned && owner != p.id {
			return true
		}
	}
	return false
}

// leaveMixed takes members out of a group of the consumer protocol, whichever they
// speak: an administrator removes them so.
func (m *Machine) leaveMixed(c *consumerKept, in *Leave) {
	codes := make([]kafka.ErrorCode, len(in.Members))
	var ids []string
	seen := make(map[string]bool)
	why := "a member left"
	for i := range in.Members {
		who := &in.Members[i]
		id := who.ID
		if p := c.instance(who.InstanceID); id == "" && p != nil {
			id = p.id
		}
		p, code := c.named(&Member{ID: id, InstanceID: who.InstanceID})
		if codes[i] = code; code == kafka.None && !seen[p.id] {
			seen[p.id] = true
			ids, why = append(ids, p.id), because("a member left", who.Reason)
		}
	}
	a := Answer{Ticket: in.Ticket, Codes: codes}
	if len(ids) == 0 {
		m.answer(a)
		return
	}
	if len(ids) == 1 && m.downgradable(c, ids[0]) {
		m.downgrade(in.Group, ids[0], why, in.Known, outcome{Answer: a})
		return
	}
	m.removeMembers(in.Group, ids, why, outcome{Answer: a})
}
