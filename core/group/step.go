package group

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// Step is the only way to change the machine once it has been loaded.
func (m *Machine) Step(now kafka.Now, in Input, out *Effects) {
	m.now, m.out = now, out
	switch in := in.(type) {
	case *Tick:
	case *Appended:
		m.appended(in.End)
	case *Refused:
		m.refused(in.Err)
	case *Committed:
		m.count(in.HighWatermark)
	case *Loaded:
		m.loaded()
	case *Closed:
		m.closed(in.Err)
	case *TopicGone:
		m.topicGone(in)
	case *Join:
		m.joinGroup(in)
	case *Abandoned:
		m.abandoned(in)
	case *Sync:
		m.syncGroup(in)
	case *Heartbeat:
		m.heartbeat(in)
	case *Leave:
		m.leaveGroup(in)
	case *ConsumerHeartbeat:
		if !m.quick(in) {
			m.consumerHeartbeat(in)
		}
	case *Commit:
		m.commit(in)
	case *DeleteOffsets:
		m.deleteOffsets(in)
	case *Confirm:
		m.confirm(in)
	case *Delete:
		m.deleteGroup(in)
	}
	if t, tick := in.(*Tick); tick {
		m.due(t.Known)
	}
	m.out = nil
}

// due does what has become due. An append that it asks for is answered before
// the next Tick, so that each Tick ends one deadline's work at most.
func (m *Machine) due(known Topics) {
	m.giveUp()
	for len(m.asked) == 0 {
		t := m.timers.fire(m.now.Mono)
		if t == nil {
			m.sweepOn()
			return
		}
		m.fire(t, known)
	}
}

// fire carries out one deadline.
func (m *Machine) fire(t *timer, known Topics) {
	switch t.kind {
	case timerSession:
		m.silent(t)
	case timerPending:
		m.drop(t.group, t.member.id)
		m.joinedAll(t.group)
		m.dissolve(t.group)
	case timerInitial:
		m.initialDelayOver(t.group)
	case timerJoin:
		m.joinTimeout(t.group)
	case timerSync:
		m.syncTimeout(t.group)
	case timerConsumerSession:
		m.overslept(t, "a member's session expired", known)
	case timerConsumerRevoke, timerConsumerSync:
		m.overslept(t, "a member did not give its partitions up in time", known)
	}
}

// Deadline is when the machine next wants a Tick.
func (m *Machine) Deadline() (kafka.Instant, bool) {
	at := m.sweep.next
	if m.sweep.left > 0 || len(m.sweep.gone) > 0 {
		at = min(at, m.sweep.at)
	}
	if d, ok := m.timers.deadline(); ok {
		at = min(at, d)
	}
	if d, ok := m.tail.Deadline(); ok {
		at = min(at, d)
	}
	return at, true
}

// loaded makes the groups of what has been replayed.
func (m *Machine) loaded() {
	m.out.Watch.Reached(must.CoordinatorLoaded)
	for _, name := range m.written.names() {
		if k := m.written.groups[name]; k.consumer != nil {
			m.loadConsumer(name, k.consumer)
		} else {
			m.loadClassic(name, k.classic)
		}
	}
	m.sweep.next = m.now.Mono.Add(m.config.RetentionCheck)
}

// closed answers everybody who waits.
func (m *Machine) closed(code kafka.ErrorCode) {
	for p := m.tail.Counted(1<<63 - 1); p != nil; p = m.tail.Counted(1<<63 - 1) {
		m.out.Watch.Reached(must.CoordinatorLostPending)
		for i := range p.Answers {
			if o := &p.Answers[i]; !o.silent && o.assigned == nil {
				m.fail(o, code)
			}
		}
		m.tail.Pop()
	}
	m.unconfirmed(code)
	for _, name := range m.names() {
		g := m.groups[name]
		for _, one := range g.members {
			if one.awaitsJoin {
				one.awaitsJoin = false
				m.answer(Answer{Ticket: one.joining, Err: code, Joined: Joined{Member: one.id, Generation: noGeneration}})
			}
		}
		m.refuseSyncs(g, code)
	}
}
