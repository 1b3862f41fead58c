package controller

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
)

// heartbeat renews a session and moves the broker between its states: fenced,
// unfenced, shutting down. What changes nothing is answered at once, from the
// committed view; nothing rests on it.
func (m *Machine) heartbeat(c *Command, h *Heartbeat) {
	b := m.written.Broker(h.Broker)
	switch {
	case b == nil:
		m.answer(Result{Ref: c.Ref, Error: kafka.ErrBrokerIDNotRegistered, Message: "The broker is not registered."})
		return
	case b.Epoch != h.Epoch:
		m.answer(Result{Ref: c.Ref, Error: kafka.ErrStaleBrokerEpoch, Message: "Another incarnation of the broker has registered."})
		return
	}
	s := m.session(h.Broker)
	s.lastContact = m.now.Mono
	s.applied, s.heardAt = max(s.applied, h.AppliedIndex), m.now.Wall

	d := m.draft()
	committed := m.committed.Broker(h.Broker)
	caughtUp := committed != nil && committed.Epoch == h.Epoch && h.AppliedIndex >= committed.RegisteredAt
	switch {
	case h.WantShutdown && !b.ShuttingDown:
		d.add(&metadata.BrokerChange{Broker: b.ID, Epoch: b.Epoch, Fenced: b.Fenced, ShuttingDown: true})
		m.reshapeEach(d, b.ID, nil)
	case b.Fenced && caughtUp && !h.WantFence && !b.ShuttingDown:
		d.add(&metadata.BrokerChange{Broker: b.ID, Epoch: b.Epoch})
		m.reshapeEach(d, b.ID, nil)
	case !b.Fenced && h.WantFence:
		m.fence(d, b)
	}
	if caughtUp {
		s.modes = max(s.modes, h.ModesIndex)
		m.confirmModes(d)
	}
	after := d.image.Broker(h.Broker)
	if len(d.records) > 0 {
		m.wait(c, d, &HeartbeatResult{CaughtUp: caughtUp, Fenced: after.Fenced}, nil)
		return
	}
	m.answer(Result{Ref: c.Ref, Body: &HeartbeatResult{
		CaughtUp:   caughtUp,
		Fenced:     committed == nil || committed.Fenced,
		ShouldStop: committed != nil && committed.ShuttingDown && m.everyoneKnows(committed),
	}})
}

// everyoneKnows tells whether every eligible broker acts on an image in which b
// has no role any more.
func (m *Machine) everyoneKnows(b *metadata.Broker) bool {
	for _, o := range m.committed.Brokers() {
		if o.ID != b.ID && o.Eligible() && m.session(o.ID).applied < b.ChangedAt {
			return false
		}
	}
	return true
}

// fence takes every role from a broker, in the same batch.
func (m *Machine) fence(d *draft, b *metadata.Broker) {
	d.add(&metadata.BrokerChange{Broker: b.ID, Epoch: b.Epoch, Fenced: true, ShuttingDown: b.ShuttingDown})
	m.reshapeEach(d, b.ID, nil)
}

// fenceSilent fences the brokers whose sessions have ended.
func (m *Machine) fenceSilent() {
	if m.phase != active {
		return
	}
	d := m.draft()
	for _, b := range m.written.Brokers() {
		if !b.Fenced && !m.alive(b.ID) {
			m.out.Watch.Reached(must.BrokerFencedBySession)
			m.fence(d, b)
		}
	}
	m.take(d)
}

// alive tells whether a broker has been heard of within a session.
func (m *Machine) alive(id kafka.BrokerID) bool {
	return m.now.Mono.Sub(m.session(id).lastContact) < m.cfg.Limits.SessionTimeout
}

// noticeGap grants full sessions when the controller itself was stopped: it
// cannot have heard the heartbeats that were sent meanwhile.
func (m *Machine) noticeGap() {
	gap := m.now.Mono.Sub(m.lastStep)
	m.lastStep = m.now.Mono
	if m.phase == active && gap > 4*m.cfg.Limits.TickEvery {
		m.out.Watch.Reached(must.ControllerWasStopped)
		m.grantSessions()
	}
}

// grantSessions starts every broker's session anew.
func (m *Machine) grantSessions() {
	for _, b := range m.written.Brokers() {
		m.session(b.ID).lastContact = m.now.Mono
	}
}

// session returns what is known of a broker's life, beginning it when nothing is.
func (m *Machine) session(id kafka.BrokerID) *session {
	i, found := slices.BinarySearchFunc(m.sessions, id, func(s session, id kafka.BrokerID) int { return int(s.broker) - int(id) })
	if !found {
		m.sessions = slices.Insert(m.sessions, i, session{broker: id, lastContact: m.now.Mono})
	}
	return &m.sessions[i]
}
