package group

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// Online migration (KIP-848): a classic group of consumers becomes one of the
// consumer protocol when the first member of that protocol joins, and goes back
// when the last one has left. Its members stay in both directions, and so does
// what they have: nobody else is given it before they have given it up.

// upgradable tells whether a classic group with members may become one of the
// consumer protocol.
func (m *Machine) upgradable(g *classic) bool {
	return m.config.ConsumerUpgrades && g.protocolType == consumerProtocolType && len(g.members) <= int(m.config.ConsumerMaxSize)
}

// upgraded is a classic group as one of the consumer protocol. Its generation
// goes on as the epochs of group, targets and members. Of one who has joined for
// the next generation this one is over: what it has given up before must not be
// committed by it any more. And where somebody is to give something up, the
// targets are of an epoch that it comes into when it has. False: a member's
// metadata cannot be read.
func (m *Machine) upgraded(g *classic, known Topics) ([]Record, bool) {
	epoch, next := g.generation, g.generation
	records := []Record{{Kind: ClassicRecord, Group: g.id}}
	put := func(kind RecordKind, name string, value ConsumerValue) {
		records = append(records, Record{Kind: kind, Group: g.id, Name: name, Consumer: value})
	}
	holds, ok := g.holdings(known)
	if !ok {
		return nil, false
	}
	var none Current
	for i, one := range g.members {
		if one.nameless && one.isNew {
			continue // it will come again as somebody else
		}
		s, ok := readSubscription(one.embedded(g.protocol))
		if !ok {
			return nil, false
		}
		slices.Sort(s.topics)
		put(ConsumerMemberRecord, one.id, &ConsumerMember{
			InstanceID: one.instance, Rack: s.rack, Client: one.client, Topics: slices.Compact(s.topics),
			RebalanceTimeoutMs: one.rebalanceTimeoutMs,
			Classic:            &ClassicSpeaker{SessionTimeoutMs: one.sessionTimeoutMs, Protocols: one.protocols},
		})
		put(TargetRecord, one.id, &Target{Partitions: holds[i].assigned})
		state, at := MemberStable, epoch
		if one.awaitsJoin && !one.isNew {
			at++
		}
		next = max(next, at)
		if len(holds[i].revoking) > 0 {
			state, next = MemberUnrevoked, max(next, at+1)
		}
		put(CurrentRecord, one.id, &Current{
			Epoch: at, Previous: epoch, State: state, Assigned: holds[i].assigned, Revoking: holds[i].revoking,
			AssignedSince: none.sinceOf(holds[i].assigned, at), RevokingSince: none.sinceOf(holds[i].revoking, at),
		})
	}
	put(GroupEpochRecord, "", &GroupEpoch{Epoch: next})
	put(TargetEpochRecord, "", &TargetEpoch{Epoch: next})
	return records, true
}

// holding is what a classic member may have: what its last assignment says, and
// what it said that it had when it joined for that assignment, which it may not
// have seen yet.
type holding struct{ assigned, revoking Partitions }

// holdings finds what the members of a classic group may have, in their order.
// Of two who claim one partition the assignment decides, or who came first.
func (g *classic) holdings(known Topics) ([]holding, bool) {
	holds := make([]holding, len(g.members))
	taken := make(map[kafka.TopicPartition]bool)
	take := func(all []kafka.TopicPartition) Partitions {
		return slices.Clip(SetOf(slices.DeleteFunc(all, func(tp kafka.TopicPartition) bool {
			was := taken[tp]
			taken[tp] = true
			return was
		})))
	}
	for i, one := range g.members {
		given, ok := readAssignment(one.assignment)
		if !ok {
			return nil, false
		}
		holds[i].assigned = take(identified(given, known))
	}
	for i, one := range g.members {
		s, ok := readSubscription(one.embedded(g.protocol))
		if !ok {
			return nil, false
		}
		holds[i].revoking = take(identified(s.owned, known))
	}
	return holds, true
}

// embedded is a member's metadata: under the group's protocol, or, before one is
// chosen, under the one that it likes best.
func (one *member) embedded(protocol string) []byte {
	for i := range one.protocols {
		if one.protocols[i].Name == protocol {
			return one.protocols[i].Metadata
		}
	}
	return one.protocols[0].Metadata
}

// dismiss ends what a classic group waits for that is no more: its members, if it
// has any, are to join the group that has taken its place.
func (m *Machine) dismiss(g *classic) {
	for _, one := range g.members {
		m.timers.stop(&one.session)
		if one.awaitsJoin {
			one.awaitsJoin = false
			m.answer(Answer{Ticket: one.joining, Err: kafka.ErrRebalanceInProgress, Joined: Joined{Member: one.id, Generation: noGeneration}})
		}
	}
	m.refuseSyncs(g, kafka.ErrRebalanceInProgress)
	for _, one := range g.members {
		m.timers.stop(&one.session)
	}
	for _, t := range g.pending { //order: each is stopped, whichever comes first
		m.timers.stop(t)
	}
	m.timers.stop(&g.join)
	m.timers.stop(&g.sync)
	delete(m.groups, g.id)
}

// downgradable tells whether a group is to go back to the classic protocol when
// a member has left it.
func (m *Machine) downgradable(c *consumerKept, leaving string) bool {
	if p := c.member(leaving); p == nil || p.metadata.Classic != nil {
		return false
	}
	stay := 0
	for _, p := range c.members {
		if p.metadata == nil || p.id == leaving {
			continue
		}
		if p.metadata.Classic == nil {
			return false
		}
		stay++
	}
	return stay > 0 && stay <= int(m.config.MaxSize) && m.config.ConsumerDowngrades
}

// downgrade makes a classic group of one of the consumer protocol, without a
// member that leaves. The record names no leader: the members are to join for the
// next generation, whoever coordinates them then.
func (m *Machine) downgrade(group, leaving, why string, known Topics, o outcome) {
	m.out.Watch.Reached(must.GroupDowngraded)
	c := m.consumerOf(group)
	epoch, _ := c.epochs()
	v := &ClassicValue{ProtocolType: consumerProtocolType, Generation: epoch, Protocol: c.shared(leaving), StateAt: m.now.Wall}
	for _, p := range c.members {
		if p.metadata == nil || p.id == leaving {
			continue
		}
		one := member{protocols: p.metadata.Classic.Protocols}
		s, _ := readSubscription(one.embedded(v.Protocol))
		var may Partitions
		if p.current != nil {
			may = p.current.Assigned.with(p.current.Revoking)
		}
		v.Members = append(v.Members, ClassicMember{
			ID: p.id, InstanceID: p.metadata.InstanceID, ClientID: p.metadata.Client.ID, ClientHost: p.metadata.Client.Host,
			RebalanceTimeoutMs: p.metadata.RebalanceTimeoutMs, SessionTimeoutMs: p.metadata.Classic.SessionTimeoutMs,
			Subscription: one.embedded(v.Protocol), Assignment: appendAssignment(nil, s.version, may, known),
		})
	}
	m.explain(m.consumers[group], c.member(leaving), why)
	p := m.draft()
	p.records = append(p.records, m.epitaph(group)...)
	p.records = append(p.records, Record{Kind: ClassicRecord, Group: group, Classic: v})
	p.outcome = o
	m.propose(p)
}

// shared is the protocol that all classic members but one support; of several
// the one that the first of them likes best.
func (c *consumerKept) shared(but string) string {
	speakers, votes := 0, make(map[string]int)
	var order []string
	for _, p := range c.members {
		if p.metadata == nil || p.metadata.Classic == nil || p.id == but {
			continue
		}
		speakers++
		for i := range p.metadata.Classic.Protocols {
			name := p.metadata.Classic.Protocols[i].Name
			if votes[name]++; speakers == 1 {
				order = append(order, name)
			}
		}
	}
	for _, name := range order {
		if votes[name] == speakers {
			return name
		}
	}
	return ""
}

// convert makes place for a group of the classic protocol where one of the
// consumer protocol is empty. Its offsets stay, and its epochs go on as
// generations.
func (m *Machine) convert(in *Join) {
	m.out.Watch.Reached(must.GroupConverted)
	epoch, _ := m.consumerOf(in.Group).epochs()
	p := m.draft()
	p.records = append(p.records, m.epitaph(in.Group)...)
	p.records = append(p.records, Record{Kind: ClassicRecord, Group: in.Group, Classic: &ClassicValue{
		ProtocolType: consumerProtocolType, Generation: epoch, StateAt: m.now.Wall,
	}})
	p.outcome = joinsAgain(in)
	m.propose(p)
}

// joinsAgain is what follows a change of a group's protocol: a Join is taken
// again, or refused if the change has come to nothing.
func joinsAgain(in *Join) outcome {
	again := *in
	var one member
	one.ask(in)
	again.Protocols = one.protocols
	return outcome{
		Answer: Answer{Ticket: in.Ticket, Joined: Joined{Member: in.Member.ID, Generation: noGeneration}}, silent: true, again: &again,
	}
}
