package metadata

import (
	"cmp"
	"slices"

	"trialog/core/quorum"
)

func (e *edit) replicaAt(id quorum.ReplicaID) (int, bool) {
	return slices.BinarySearchFunc(e.to.replicas, id, func(r QuorumReplica, id quorum.ReplicaID) int { return cmp.Compare(r.Replica, id) })
}

func (e *edit) replica(r *QuorumReplica) error {
	i, found := e.replicaAt(r.Replica)
	switch {
	case found && (e.to.replicas[i].Node != r.Node || e.to.replicas[i].Directory != r.Directory):
		return refuse("replica %d is another's", r.Replica) // MD6
	case !found && r.Replica <= e.to.lastReplica:
		return refuse("replica ID %d is taken", r.Replica) // MD6
	case !found && e.to.ReplicaOf(r.Node) != nil:
		return refuse("node %d has a replica", r.Node) // MD6
	}
	e.to.replicas = slices.Clone(e.to.replicas)
	if found {
		e.to.replicas[i].Voter = r.Voter
	} else {
		e.to.replicas = append(e.to.replicas, *r)
		e.to.lastReplica = r.Replica
	}
	e.delta.Replicas = true
	return nil
}

func (e *edit) replicaRemoved(r *QuorumReplicaRemoved) error {
	i, found := e.replicaAt(r.Replica)
	if !found {
		return refuse("there is no replica %d", r.Replica)
	}
	e.to.replicas = slices.Delete(slices.Clone(e.to.replicas), i, i+1)
	e.delta.Replicas = true
	return nil
}
