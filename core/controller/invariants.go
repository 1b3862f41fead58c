package controller

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// Invariants checks C1 and C3, and, when the written view changed since the
// last call, C7 on all of it. It returns the first that is broken.
func (m *Machine) Invariants() error {
	if m.phase != active {
		if m.written != nil || len(m.open.records) > 0 || len(m.open.waiting) > 0 {
			return errors.New("C1: decisions outside a term")
		}
		return nil
	}
	a := m.committed.Applier()
	if a.Epoch != m.epoch || !m.mine(a.Holder, a.Nonce) {
		return errors.New("C1: active without holding the epoch")
	}
	if m.flight.ref != 0 && m.flight.entry.Seq != a.LastSeq+1 {
		return fmt.Errorf("C3: sequence %d in flight after %d", m.flight.entry.Seq, a.LastSeq)
	}
	if !m.dirty {
		return nil
	}
	m.dirty = false
	if err := m.checkView(); err != nil {
		return err
	}
	return m.checkPartitions()
}

// checkView compares the written view with what C2 says it is. Indexes are left
// out: the written view does not know them.
func (m *Machine) checkView() error {
	view := m.committed
	for _, records := range [][]metadata.Record{m.flight.records, m.open.records} {
		d, err := metadata.Edit(view, math.MaxUint64, records)
		if err != nil {
			return fmt.Errorf("C2: %w", err)
		}
		view = d.To
	}
	if !metadata.SameFacts(view, m.written) {
		return errors.New("C2: the written view is not the committed one with what was decided since")
	}
	return nil
}

func (m *Machine) checkPartitions() (err error) {
	m.written.EachTopic(func(t *metadata.TopicImage) bool {
		v := m.topicView(m.written, t)
		for _, p := range t.Partitions.All {
			if err = m.checkPartition(v, p); err != nil {
				return false
			}
		}
		return true
	})
	return err
}

func (m *Machine) checkPartition(v *topicView, p *metadata.Partition) error {
	flaw := func(what string) error { return fmt.Errorf("C7: %s-%d: %s", p.TopicName, p.Index, what) }
	if p.Leader != kafka.NoBroker && !slices.Contains(p.ISR, p.Leader) {
		return flaw("its leader is not in its ISR")
	}
	for _, b := range p.ISR {
		if !m.written.Broker(b).Eligible() && !m.cfg.Limits.NoELR {
			return flaw("a broker in its ISR is not eligible")
		}
	}
	target := filter(p.Target(), func(b kafka.BrokerID) bool { return slices.Contains(p.ISR, b) })
	if p.Reassigning() && len(target) == len(p.Target()) {
		return flaw("its reassignment is over and goes on")
	}
	if len(p.ELR) > 0 && len(p.ISR) >= min(int(v.minISR), len(p.Replicas)) {
		return flaw("it has an ELR at min ISR")
	}
	if p.Leader == kafka.NoBroker {
		for _, b := range p.ELR {
			if m.written.Broker(b).Eligible() {
				return flaw("it has no leader although its ELR has an eligible broker")
			}
		}
	}
	return nil
}
