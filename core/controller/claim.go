package controller

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/quorum"
)

// onLeads claims the next controller epoch, unless that is done or under way.
func (m *Machine) onLeads() {
	m.leads = true
	if m.phase != idle {
		return
	}
	m.phase = claiming
	m.reclaimAt = never
	m.claim = m.propose(quorum.Entry{Epoch: m.committed.Applier().Epoch + 1})
}

// onLeadsNot resigns. What has not been proposed will never be; what has may
// still commit, and its commands wait for that or for a newer claim.
func (m *Machine) onLeadsNot() {
	m.leads = false
	m.reclaimAt = never
	m.resign()
}

func (m *Machine) resign() {
	if m.phase == active && m.flight.ref != 0 {
		m.out.Watch.Reached(must.ControllerResignedInFlight)
	}
	m.phase = idle
	m.claim = proposal{}
	m.written = nil
	m.retryAt, m.tickAt = never, never
	m.cancel(&m.open, kafka.ErrNotController, "The controller lost its leadership before it proposed the change.")
}

// onUnknown repeats, after a pause, a proposal whose fate nobody knows.
func (m *Machine) onUnknown(ref kafka.Ref) {
	if m.phase == claiming && ref == m.claim.ref || m.phase == active && ref == m.flight.ref {
		m.retryAt = m.now.Mono.Add(m.cfg.Limits.RetryBackoff)
	}
}

func (m *Machine) proposeAgain() {
	m.out.Watch.Reached(must.ControllerProposedAgain)
	switch m.phase {
	case claiming:
		m.claim = m.propose(m.claim.entry)
	case active:
		m.flight.proposal = m.propose(m.flight.entry)
	case idle:
	}
}

func (m *Machine) propose(e quorum.Entry) proposal {
	e.Proposer, e.Nonce = m.cfg.Broker, m.cfg.Nonce
	m.lastRef++
	m.out.Proposals = append(m.out.Proposals, quorum.Propose{Ref: m.lastRef, Entry: e})
	return proposal{m.lastRef, e}
}

func (m *Machine) mine(holder kafka.BrokerID, nonce uint64) bool {
	return holder == m.cfg.Broker && nonce == m.cfg.Nonce
}

// onApplied moves the committed view on by one entry.
func (m *Machine) onApplied(in *Applied) {
	e := in.Entry
	m.committed = in.Image
	if !in.Accepted {
		return
	}
	mine := m.mine(e.Proposer, e.Nonce)
	switch {
	case e.IsClaim():
		// Every entry up to here has been seen: what is in flight under an older
		// epoch will never count.
		m.cancel(&m.flight, kafka.ErrNotController, "Another controller took over before the change was committed.")
		if mine && m.phase == claiming {
			must.True(e.Epoch == m.claim.entry.Epoch, "C1: a claim counted that is not the one proposed")
			m.activate()
		} else {
			m.deposed()
		}
	case mine && m.flight.ref != 0 && e.Epoch == m.epoch && e.Seq == m.flight.entry.Seq:
		m.flightCommitted()
	default:
		must.True(m.phase != active, "C1: somebody else's batch counted under an active controller's epoch")
	}
}

// onLoaded moves the committed view on by many entries at once.
func (m *Machine) onLoaded(in *Loaded) {
	m.committed = in.Image
	a := in.Image.Applier()
	mine := m.mine(a.Holder, a.Nonce)
	if m.flight.ref != 0 && mine && a.Epoch == m.epoch && a.LastSeq >= m.flight.entry.Seq {
		m.flightCommitted()
		return
	}
	if a.Epoch > m.epoch && m.flight.ref != 0 {
		// It may have counted before the newer claim.
		m.cancel(&m.flight, kafka.ErrRequestTimedOut, "A newer controller took over; the change may have been committed before.")
	}
	switch {
	case m.phase == claiming && mine && a.Epoch == m.claim.entry.Epoch:
		m.activate()
	case m.phase == claiming && a.Epoch >= m.claim.entry.Epoch, m.phase == active && a.Epoch > m.epoch:
		m.deposed()
	}
}

// deposed gives way to a newer claim. When the quorum keeps saying that this
// broker leads, it claims again after a while: rival hints end, and the one
// that stays wins.
func (m *Machine) deposed() {
	if m.phase == active {
		m.out.Watch.Reached(must.ControllerDeposed)
	}
	m.resign()
	if m.leads {
		m.reclaimAt = m.now.Mono.Add(m.cfg.Limits.ReclaimAfter)
	}
}

// activate begins a term. Every broker is granted a full session, for its
// heartbeats went elsewhere; the first batch of a cluster's life names it.
func (m *Machine) activate() {
	m.phase = active
	m.syncing, m.syncedAt = true, 0
	m.epoch = m.claim.entry.Epoch
	m.claim = proposal{}
	m.retryAt, m.balanceAt = never, 0
	m.written = m.committed
	m.dirty = true
	m.grantSessions()
	m.tickAt = m.now.Mono.Add(m.cfg.Limits.TickEvery)
	if m.written.ClusterID() == (kafka.UUID{}) {
		d := m.draft()
		id := m.cfg.ClusterID
		if id == (kafka.UUID{}) {
			id = m.rand.UUID()
		}
		d.add(&metadata.ClusterID{ID: id})
		for _, f := range m.cfg.Features {
			d.add(&metadata.FeatureLevel{Name: f.Name, Level: f.Level})
		}
		m.take(d)
	}
	m.adoptMembers()
}

// flush proposes the open batch when nothing is in flight.
func (m *Machine) flush() {
	if m.phase != active || m.flight.ref != 0 || len(m.open.records) == 0 && len(m.open.waiting) == 0 {
		return
	}
	m.flight, m.open = m.open, batch{records: m.flight.records[:0], waiting: m.flight.waiting[:0]}
	m.flight.proposal = m.propose(quorum.Entry{
		Epoch:   m.epoch,
		Seq:     m.committed.Applier().LastSeq + 1,
		Records: metadata.AppendBatch(nil, m.flight.records),
	})
}

// flightCommitted answers what waited for the flight and rests the written view
// on the new committed one.
func (m *Machine) flightCommitted() {
	for i := range m.flight.waiting {
		m.answer(m.flight.waiting[i].result)
	}
	m.land()
	m.retryAt = never
	if m.phase == active {
		m.written = extend(m.committed, m.open.records)
		m.reconfigure()
		m.dirty = true
	}
}

// land empties the flight and keeps its memory.
func (m *Machine) land() {
	clear(m.flight.records)
	clear(m.flight.waiting)
	m.flight = batch{records: m.flight.records[:0], waiting: m.flight.waiting[:0]}
}

// cancel answers everything that waits for b with an error and empties it.
func (m *Machine) cancel(b *batch, code kafka.ErrorCode, message string) {
	for i := range b.waiting {
		m.answer(Result{Ref: b.waiting[i].result.Ref, Error: code, Message: message})
	}
	clear(b.records)
	clear(b.waiting)
	*b = batch{records: b.records[:0], waiting: b.waiting[:0]}
}

// expire answers commands whose askers stop waiting.
func (m *Machine) expire() {
	m.earliest = never
	for _, b := range [2]*batch{&m.flight, &m.open} {
		b.waiting = slices.DeleteFunc(b.waiting, func(w waiting) bool {
			if m.now.Mono < w.deadline {
				m.earliest = min(m.earliest, w.deadline)
				return false
			}
			m.answer(Result{Ref: w.result.Ref, Error: kafka.ErrRequestTimedOut, Message: "The change was not committed in time; it may still be."})
			return true
		})
	}
}
