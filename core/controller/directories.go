package controller

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
)

// assignDirectories takes a broker's word on where its replicas lie, each on its own.
func (m *Machine) assignDirectories(d *draft, a *AssignDirectories) (ResultBody, *refusal) {
	if err := checkBrokerEpoch(d.image, a.Broker, a.Epoch); err != nil {
		return nil, err
	}
	result := &AssignDirectoriesResult{Codes: make([]kafka.ErrorCode, len(a.Replicas))}
	for i := range a.Replicas {
		result.Codes[i] = m.assign(d, a.Broker, &a.Replicas[i])
	}
	return result, nil
}

func (m *Machine) assign(d *draft, broker kafka.BrokerID, r *AssignedReplica) kafka.ErrorCode {
	p := d.image.Partition(r.Partition)
	if p == nil {
		return kafka.ErrUnknownTopicOrPartition
	}
	at := slices.Index(p.Replicas, broker)
	switch {
	case at < 0:
		return kafka.ErrNotLeaderOrFollower
	case r.LeaderEpoch > p.LeaderEpoch:
		return kafka.ErrNotController // the broker knows a later image than this view
	case r.LeaderEpoch < p.LeaderEpoch:
		return kafka.ErrFencedLeaderEpoch
	case p.Directories[at] == r.Directory:
		return kafka.None
	case r.Directory != kafka.LostDirectory && r.Directory != d.image.Broker(broker).Directory:
		return kafka.ErrLogDirNotFound
	}
	s := m.newReshape(d.image, m.topicView(d.image, d.image.Topic(r.Partition.Topic)), p)
	s.move(at, r.Directory)
	if r.Directory == kafka.LostDirectory {
		if !m.spared(d, p, broker) {
			m.out.Watch.Reached(must.LastCopyDamaged)
			return kafka.ErrEligibleLeadersNotAvailable
		}
		m.out.Watch.Reached(must.ReplicaLost)
		s.lost, s.lostDisk, s.newEpoch = broker, true, true
	}
	d.add(s.run())
	return kafka.None
}

// spared tells whether somebody else surely has all that has counted and can lead
// at once. Where nobody does, a damaged replica may be the only one with some of it
// and is not given up: what of it can be read is served.
func (m *Machine) spared(d *draft, p *metadata.Partition, broker kafka.BrokerID) bool {
	has := func(b kafka.BrokerID) bool { return b != broker && d.image.Broker(b).Eligible() && !p.Lost(b) }
	return slices.ContainsFunc(p.ISR, has) || slices.ContainsFunc(p.ELR, has)
}

// move puts a replica into another directory.
func (s *reshape) move(at int, to kafka.DirectoryID) {
	q := *s.p
	q.Directories = slices.Clone(q.Directories)
	q.Directories[at] = to
	s.p = &q
}
