package controller

import (
	"cmp"
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/quorum"
)

// Who is in the metadata quorum is decided by records, like everything else.
// The engine follows by steps of its own, which may be lost: an active
// controller asks for the next one until what the engine tells is what was decided.

// onMembers takes what the engine says of its membership. A cluster that has
// decided nothing yet takes it over as it is.
func (m *Machine) onMembers(in *quorum.Members) {
	if in.Version < m.members.Version {
		return
	}
	m.members = *in
	m.members.Members = slices.Clone(in.Members)
	m.adoptMembers()
	m.reconfigure()
}

func (m *Machine) adoptMembers() {
	if m.phase != active || len(m.members.Members) == 0 || m.written.LastReplica() != 0 {
		return
	}
	d := m.draft()
	members := slices.Clone(m.members.Members)
	slices.SortStableFunc(members, func(a, b quorum.Member) int { return cmp.Compare(a.Replica, b.Replica) })
	for _, o := range members {
		if d.image.ReplicaOf(o.Node) == nil {
			d.add(&metadata.QuorumReplica{Replica: o.Replica, Node: o.Node, Voter: o.Voter})
		}
	}
	m.take(d)
}

// reconfigure asks the engine for the next step to what is committed. It is
// asked again when nothing has come of it for a while.
func (m *Machine) reconfigure() {
	if m.phase != active || len(m.members.Members) == 0 {
		return
	}
	r, some := m.nextStep()
	if !some || r == m.asked && m.now.Mono < m.askAt {
		return
	}
	if r == m.asked {
		m.out.Watch.Reached(must.MembershipAskedAgain)
	}
	m.asked, m.askAt = r, m.now.Mono.Add(4*m.cfg.Limits.TickEvery)
	m.out.Reconfigures = append(m.out.Reconfigures, r)
}

// nextStep compares the engine's membership with the committed image. Whoever
// is out goes first, so that a majority is not counted with the dead.
func (m *Machine) nextStep() (r quorum.Reconfigure, some bool) {
	step := func(s quorum.Step, id quorum.ReplicaID, node kafka.BrokerID) (quorum.Reconfigure, bool) {
		return quorum.Reconfigure{Version: m.members.Version, Step: s, Replica: id, Node: node}, true
	}
	wanted := m.committed.Replicas()
	if len(wanted) == 0 {
		return r, false
	}
	for _, o := range m.members.Members {
		out := !slices.ContainsFunc(wanted, func(w metadata.QuorumReplica) bool { return w.Replica == o.Replica })
		if out && (!o.Voter || m.majorityWithout(o.Replica)) {
			return step(quorum.Remove, o.Replica, o.Node)
		}
	}
	for i := range wanted {
		w := &wanted[i]
		o, is := m.members.Member(w.Replica)
		switch {
		case !is && w.Replica > m.members.Highest:
			return step(quorum.AddNonVoter, w.Replica, w.Node)
		case is && w.Voter && !o.Voter && m.hasTheLog(w.Node):
			return step(quorum.Promote, w.Replica, w.Node)
		}
	}
	return r, false
}

// majorityWithout tells whether the voters that stay without one of them can
// commit: a majority of them is alive. The last voter stays.
func (m *Machine) majorityWithout(id quorum.ReplicaID) bool {
	left, alive := 0, 0
	for _, o := range m.members.Members {
		if !o.Voter || o.Replica == id {
			continue
		}
		left++
		if o.Node == m.cfg.Broker || m.lives(o.Node) {
			alive++
		}
	}
	return alive > left/2
}

// hasTheLog tells whether a node is alive and nearly has every committed entry:
// as a voter it would help to commit and not hold commits up.
func (m *Machine) hasTheLog(node kafka.BrokerID) bool {
	return m.lives(node) && m.session(node).applied+m.cfg.Limits.VoterLag >= m.committed.Index()
}

// lives tells whether a node's broker is unfenced and was heard of in time.
func (m *Machine) lives(node kafka.BrokerID) bool {
	b := m.committed.Broker(node)
	return b != nil && !b.Fenced && m.alive(node)
}

// joinQuorum gives a node a replica of the metadata quorum. The node's last one
// is over: its disk is gone. A node that voted votes again once it has caught up.
func (m *Machine) joinQuorum(d *draft, j *JoinQuorum) (ResultBody, *refusal) {
	if j.Node < 0 || j.Directory == (kafka.DirectoryID{}) {
		return nil, refuse(kafka.ErrInvalidRequest, "Who joins names its node and its directory.")
	}
	if d.image.LastReplica() == 0 {
		// The founders' replica IDs are not known yet, and none may be given twice.
		return nil, refuse(kafka.ErrNotController, "The founders of the metadata quorum are not known yet.")
	}
	old, voter := d.image.ReplicaOf(j.Node), false
	if old != nil {
		if old.Directory == j.Directory {
			return &JoinQuorumResult{Replica: old.Replica}, nil
		}
		// Another directory proves nothing while the node is heard of.
		if b := d.image.Broker(j.Node); b != nil && !b.Fenced && m.alive(j.Node) {
			return nil, refuse(kafka.ErrDuplicateBrokerRegistration, "Another node with this ID is alive on another directory.")
		}
		m.out.Watch.Reached(must.MembershipReplaced)
		voter = old.Voter
		d.add(&metadata.QuorumReplicaRemoved{Replica: old.Replica})
	}
	// The engine may know of IDs that were never decided here: founders that left.
	id := max(d.image.LastReplica(), m.members.Highest) + 1
	d.add(&metadata.QuorumReplica{Replica: id, Node: j.Node, Directory: j.Directory, Voter: voter})
	return &JoinQuorumResult{Replica: id}, nil
}

// addVoter lets a replica vote (KIP-853). It is answered when that is decided; the
// engine promotes the replica once it has caught up.
func (m *Machine) addVoter(d *draft, a *AddVoter) (ResultBody, *refusal) {
	r := d.image.ReplicaOf(a.Node)
	switch {
	case a.ClusterID != "" && a.ClusterID != d.image.ClusterID().String():
		return nil, refuse(kafka.ErrInconsistentClusterID, "This is cluster "+d.image.ClusterID().String()+".")
	case r == nil || !sameDirectory(r, a.Directory):
		return nil, refuse(kafka.ErrInvalidVoterKey, "The node has no replica of the metadata quorum on this directory.")
	case r.Voter:
		return nil, refuse(kafka.ErrDuplicateVoter, "The node votes already.")
	}
	d.add(&metadata.QuorumReplica{Replica: r.Replica, Node: r.Node, Directory: r.Directory, Voter: true})
	return &VoterResult{}, nil
}

// removeVoter takes a voter out of the quorum for good (KIP-853). Its node joins
// again, as one that does not vote, under another replica ID.
func (m *Machine) removeVoter(d *draft, a *RemoveVoter) (ResultBody, *refusal) {
	r := d.image.ReplicaOf(a.Node)
	voters := 0
	for _, o := range d.image.Replicas() {
		if o.Voter {
			voters++
		}
	}
	switch {
	case a.ClusterID != "" && a.ClusterID != d.image.ClusterID().String():
		return nil, refuse(kafka.ErrInconsistentClusterID, "This is cluster "+d.image.ClusterID().String()+".")
	case r == nil || !r.Voter || !sameDirectory(r, a.Directory):
		return nil, refuse(kafka.ErrVoterNotFound, "There is no such voter.")
	case voters == 1:
		return nil, refuse(kafka.ErrInvalidRequest, "The last voter cannot be removed.")
	}
	d.add(&metadata.QuorumReplicaRemoved{Replica: r.Replica})
	return &VoterResult{}, nil
}

// sameDirectory compares directories; a founder's is not known.
func sameDirectory(r *metadata.QuorumReplica, d kafka.DirectoryID) bool {
	return r.Directory == d || r.Directory == (kafka.DirectoryID{}) || d == (kafka.DirectoryID{})
}

// describeQuorum tells who is in the quorum and how far each is. What the engine
// itself is at nobody is told, so an entry counts as fetched once it was applied.
func (m *Machine) describeQuorum(d *draft) (ResultBody, *refusal) {
	result := &DescribeQuorumResult{Leader: m.cfg.Broker, Epoch: m.epoch, Committed: m.committed.Index()}
	for _, r := range d.image.Replicas() {
		o := QuorumReplicaState{Node: r.Node, Directory: r.Directory}
		in, is := m.members.Member(r.Replica)
		o.Voter = is && in.Voter
		if r.Node == m.cfg.Broker {
			o.Applied, o.HeardAt = m.committed.Index(), m.now.Wall
		} else if s := m.session(r.Node); s.heardAt > 0 {
			o.Applied, o.HeardAt = s.applied, s.heardAt
		} else {
			o.HeardAt = kafka.NoTimestamp
		}
		result.Replicas = append(result.Replicas, o)
	}
	return result, nil
}
