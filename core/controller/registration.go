package controller

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
)

// registerBroker makes an incarnation known, fenced, and takes from the broker
// every role of the incarnation before, in the same batch: what it led gets a
// new leader epoch, and where its disk may lack committed records it leaves ISR
// and ELR.
func (m *Machine) registerBroker(d *draft, r *RegisterBroker) (ResultBody, *refusal) {
	switch {
	case r.ClusterID != (kafka.UUID{}) && r.ClusterID != d.image.ClusterID():
		return nil, refuse(kafka.ErrInconsistentClusterID, "The broker belongs to cluster "+r.ClusterID.String()+", this is "+d.image.ClusterID().String()+".")
	case r.Broker < 0 || r.Incarnation == (kafka.IncarnationID{}) || r.Directory == (kafka.DirectoryID{}):
		return nil, refuse(kafka.ErrInvalidRequest, "A registration names a broker, an incarnation and a directory.")
	case len(r.Listeners) == 0:
		return nil, refuse(kafka.ErrInvalidRegistration, "A registration names at least one listener.")
	}
	old := d.image.Broker(r.Broker)
	if old != nil && old.Incarnation == r.Incarnation {
		if old.Directory != r.Directory {
			return nil, refuse(kafka.ErrInvalidRequest, "An incarnation cannot change its directory.")
		}
		m.session(r.Broker).lastContact = m.now.Mono
		return &RegisterBrokerResult{Epoch: old.Epoch}, nil
	}
	// The directory is locked by whoever runs on it, so the same directory proves
	// that the incarnation before is gone. Another one proves nothing.
	if old != nil && old.Directory != r.Directory && m.alive(r.Broker) {
		return nil, refuse(kafka.ErrDuplicateBrokerRegistration, "Another broker with this ID is alive on another directory.")
	}
	epoch := d.image.LastBrokerEpoch() + 1
	d.add(&metadata.BrokerRegistration{
		Broker: r.Broker, Epoch: epoch, Incarnation: r.Incarnation, Directory: r.Directory,
		Previous: r.Previous, KeptSince: r.KeptSince, Rack: r.Rack, Listeners: slices.Clone(r.Listeners),
	})
	m.reshapeAfterRegistration(d, r, old != nil && old.Directory == r.Directory, whole(old, r))
	s := m.session(r.Broker)
	s.lastContact, s.applied = m.now.Mono, 0
	return &RegisterBrokerResult{Epoch: epoch}, nil
}

// whole tells whether everything is on the disk that the incarnation before has
// written, synced or not: it ended with care, or it died and the kernel has gone
// on. A power cut in between may have taken what was not synced.
func whole(old *metadata.Broker, r *RegisterBroker) bool {
	if old == nil || old.Directory != r.Directory {
		return false
	}
	return r.Previous == old.Epoch || r.KeptSince == old.KeptSince && r.KeptSince != (kafka.IncarnationID{})
}

// reshapeAfterRegistration takes the broker's roles, and what its disk no
// longer vouches for. What is lost on a directory stays so.
func (m *Machine) reshapeAfterRegistration(d *draft, r *RegisterBroker, same, whole bool) {
	m.reshapeEach(d, r.Broker, func(s *reshape) {
		at := slices.Index(s.p.Replicas, r.Broker)
		switch {
		case same && s.p.Lost(r.Broker):
		case s.p.Directories[at] != r.Directory:
			m.out.Watch.Reached(must.ReplicaDirectoryReplaced)
			s.lost, s.lostDisk = r.Broker, true
			s.move(at, r.Directory)
		case !whole && !s.p.Mode.Durable():
			m.out.Watch.Reached(must.ReplicaUncleanlyRestarted)
			s.lost = r.Broker
		}
	})
}

// unregisterBroker forgets a broker and takes every role from it. Replicas that
// are assigned to it stay so, offline, until they are reassigned.
func (m *Machine) unregisterBroker(d *draft, u *UnregisterBroker) (ResultBody, *refusal) {
	b := d.image.Broker(u.Broker)
	if b == nil {
		return nil, refuse(kafka.ErrBrokerIDNotRegistered, "The broker is not registered.")
	}
	m.out.Watch.Reached(must.BrokerUnregistered)
	d.add(&metadata.BrokerRemoved{Broker: b.ID, Epoch: b.Epoch})
	m.reshapeEach(d, b.ID, nil)
	return &UnregisterBrokerResult{}, nil
}
