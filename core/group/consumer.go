package group

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// consumer is what a coordinator knows of a group of the consumer protocol and
// the log does not: who has been heard of, and what was looked at. Everything
// that is decided on stands in the written view.
type consumer struct {
	id         string
	watches    map[string]*watch // by member ID
	seen       uint64            // the version of the topics that the group's hash was made of
	emptySince kafka.TimestampMs
	causes     []Cause
}

// watch is over one member.
type watch struct {
	group     *consumer
	id        string
	session   timer
	rebalance timer // runs while it has something to give up; of a classic member, while it is to join again
	sync      timer // runs while a classic member is to sync
	epoch     int32 // that it is to give it up in
}

// The epochs that are none.
const (
	epochBefore      int32 = 1 // of a group that has no members yet, as Kafka 4.3 counts
	epochJoin        int32 = 0
	epochLeave       int32 = -1
	epochLeaveStatic int32 = -2 // whoever goes comes back
	epochClassic     int32 = -3 // of a Join of a classic member, which names none
)

// consumerOf is what has been written of a group of the consumer protocol, nil
// when it is none.
func (m *Machine) consumerOf(group string) *consumerKept {
	if k := m.written.groups[group]; k != nil {
		return k.consumer
	}
	return nil
}

// loadConsumer watches over the members that the log has.
func (m *Machine) loadConsumer(id string, c *consumerKept) {
	g := m.newConsumer(id)
	for _, p := range c.members {
		if p.metadata != nil {
			m.watchOver(g, p)
		}
	}
}

func (m *Machine) newConsumer(id string) *consumer {
	g := &consumer{id: id, watches: make(map[string]*watch), emptySince: m.now.Wall}
	m.consumers[id] = g
	return g
}

// follow has the watches follow what has been written.
func (m *Machine) follow(r *Record) {
	g := m.consumers[r.Group]
	c := m.consumerOf(r.Group)
	if c == nil {
		m.forgetConsumer(g)
		if k := m.written.groups[r.Group]; k != nil && m.groups[r.Group] == nil {
			m.loadClassic(r.Group, k.classic)
		}
		return
	}
	if g == nil {
		g = m.newConsumer(r.Group)
	}
	if r.Kind != ConsumerMemberRecord && r.Kind != CurrentRecord {
		return
	}
	if p := c.member(r.Name); p != nil {
		m.watchOver(g, p)
		return
	}
	if w := g.watches[r.Name]; w != nil {
		m.unwatch(w)
		delete(g.watches, r.Name)
		g.emptySince = m.now.Wall
	}
}

// watchOver makes sure that a member's timers run that should.
func (m *Machine) watchOver(g *consumer, p *memberKept) {
	w := g.watches[p.id]
	if w == nil {
		w = &watch{group: g, id: p.id}
		w.session.watch, w.session.kind = w, timerConsumerSession
		w.rebalance.watch, w.rebalance.kind = w, timerConsumerRevoke
		w.sync.watch, w.sync.kind = w, timerConsumerSync
		g.watches[p.id] = w
	}
	if w.session.place == 0 {
		m.heard(w, p)
	}
	if p.metadata.Classic != nil {
		return
	}
	m.timers.stop(&w.sync)
	switch {
	case p.current == nil || p.current.State != MemberUnrevoked:
		m.timers.stop(&w.rebalance)
	case w.rebalance.place == 0 || w.epoch != p.current.Epoch:
		m.timers.stop(&w.rebalance)
		w.epoch = p.current.Epoch
		m.timers.set(&w.rebalance, m.now.Mono.Add(kafka.Ms(int64(p.metadata.RebalanceTimeoutMs))))
	}
}

// settings are those of a group, which may have its own.
func (m *Machine) settings(group string) kafka.GroupSettings {
	if own, has := m.config.Groups[group]; has {
		return own
	}
	return kafka.GroupSettings{
		ConsumerHeartbeatIntervalMs: m.config.ConsumerHeartbeatIntervalMs, ConsumerSessionTimeoutMs: m.config.ConsumerSessionTimeoutMs,
	}
}

// heard starts a member's session anew. A classic member has its own.
func (m *Machine) heard(w *watch, p *memberKept) {
	session := m.settings(w.group.id).ConsumerSessionTimeoutMs
	if classic := p.metadata.Classic; classic != nil {
		session = classic.SessionTimeoutMs
	}
	m.timers.set(&w.session, m.now.Mono.Add(kafka.Ms(int64(session))))
}

// unwatch stops the timers of a member.
func (m *Machine) unwatch(w *watch) {
	m.timers.stop(&w.session)
	m.timers.stop(&w.rebalance)
	m.timers.stop(&w.sync)
}

// forgetConsumer lets go of a group that the log has no more.
func (m *Machine) forgetConsumer(g *consumer) {
	if g == nil {
		return
	}
	for _, w := range g.watches { //order: each is stopped, whichever comes first
		m.unwatch(w)
	}
	delete(m.consumers, g.id)
}

// watchAgain starts what ran out before an append that has come to nothing.
func (m *Machine) watchAgain(group string) {
	g, c := m.consumers[group], m.consumerOf(group)
	if g == nil || c == nil {
		return
	}
	for _, p := range c.members {
		if p.metadata != nil {
			m.watchOver(g, p)
		}
	}
}

// overslept removes a member that was silent, or has kept what it was to give up,
// or has not joined or synced in time.
func (m *Machine) overslept(t *timer, why string, known Topics) {
	w := t.watch
	c := m.consumerOf(w.group.id)
	if c.member(w.id) == nil {
		return
	}
	switch {
	case t.kind == timerConsumerSession:
		m.out.Watch.Reached(must.ConsumerSessionExpired)
	case c.member(w.id).metadata.Classic == nil:
		m.out.Watch.Reached(must.RevocationTimedOut)
	default:
		m.out.Watch.Reached(must.ClassicMemberLate)
		why = "a member did not join or sync in time"
	}
	if m.downgradable(c, w.id) {
		m.downgrade(w.group.id, w.id, why, known, outcome{silent: true})
		return
	}
	m.removeMembers(w.group.id, []string{w.id}, why, outcome{silent: true})
}

// removeMembers takes members out. What they had is free, and the next heartbeat
// of somebody finds out who shall have it.
func (m *Machine) removeMembers(group string, ids []string, why string, o outcome) {
	c := m.consumerOf(group)
	p := m.draft()
	take := func(kind RecordKind, name string) {
		p.records = append(p.records, Record{Kind: kind, Group: group, Name: name})
	}
	for _, id := range ids {
		one := c.member(id)
		if one.current != nil {
			take(CurrentRecord, id)
		}
		if one.target != nil {
			take(TargetRecord, id)
		}
		take(ConsumerMemberRecord, id)
		m.explain(m.consumers[group], one, why)
	}
	for _, k := range c.regexes {
		if !c.subscribes(k.expression, ids) {
			take(RegexRecord, k.expression)
		}
	}
	epoch := &GroupEpoch{Epoch: 1}
	if c.epoch != nil {
		*epoch = *c.epoch
		epoch.Epoch++
	}
	p.records = append(p.records, Record{Kind: GroupEpochRecord, Group: group, Consumer: epoch})
	if c.size() == len(ids) {
		p.records = append(p.records, Record{Kind: TargetEpochRecord, Group: group, Consumer: &TargetEpoch{Epoch: epoch.Epoch}})
	}
	p.outcome = o
	m.propose(p)
}

// subscribes tells whether anybody but some members subscribes with an expression.
func (c *consumerKept) subscribes(expression string, but []string) bool {
	return slices.ContainsFunc(c.members, func(p *memberKept) bool {
		return p.metadata != nil && p.metadata.Regex == expression && !slices.Contains(but, p.id)
	})
}

// explain keeps why a group begins to assign anew, for people.
func (m *Machine) explain(g *consumer, who *memberKept, why string) {
	c := Cause{At: m.now.Wall, Member: who.id, Text: why}
	if who.metadata != nil {
		c.Client = who.metadata.Client
	}
	if g != nil {
		if len(g.causes) == keptCauses {
			g.causes = g.causes[:copy(g.causes, g.causes[1:])]
		}
		g.causes = append(g.causes, c)
		m.out.Causes = append(m.out.Causes, GroupCause{Group: g.id, Cause: c})
	}
}
