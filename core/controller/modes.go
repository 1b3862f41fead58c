package controller

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
)

// setMode asks for a durability mode. Who has heard of the change to ModeSynced
// still has to sync what was acknowledged before it, so that ModeSyncing comes
// first.
func (s *reshape) setMode(mode kafka.DurabilityMode) {
	if mode == kafka.ModeSynced && s.p.Mode != kafka.ModeSynced {
		mode = kafka.ModeSyncing
	}
	s.mode = mode
}

// actsAnew tells whether replicas act in another way in one mode than in the
// other, which takes a new leader epoch.
func actsAnew(mode, old kafka.DurabilityMode) bool {
	return (mode == kafka.ModeReplicated) != (old == kafka.ModeReplicated)
}

// confirmModes ends ModeSyncing where every replica that may be elected acts on an
// image that has it. A controller that has just begun knows of nobody what he
// acted on, and asks for an image of its own time.
func (m *Machine) confirmModes(d *draft) {
	if !m.syncing || m.flight.ref != 0 || len(m.open.records) > 0 || len(d.records) > 0 {
		return
	}
	if m.syncedAt == 0 {
		m.syncedAt = m.committed.Index()
	}
	m.syncing = false
	m.reshapeAll(d, func(p *metadata.Partition) bool {
		if p.Mode != kafka.ModeSyncing {
			return false
		}
		m.syncing = true
		return m.settled(p.ISR) && m.settled(p.ELR)
	}, func(s *reshape) {
		m.out.Watch.Reached(must.ModeConfirmed)
		s.mode = kafka.ModeSynced
	})
}

// settled tells whether all of some brokers have synced what ModeSyncing asks for.
func (m *Machine) settled(ids []kafka.BrokerID) bool {
	for _, id := range ids {
		if m.session(id).modes < m.syncedAt {
			return false
		}
	}
	return true
}
