package oracle

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
)

// What is claimed, with m the effective min ISR: in synced mode everything
// survives any number of crashes and power cuts, and the loss of m-1 disks until
// every replica is in sync again; in replicated mode, any number of kills, and
// m-1 power cuts or lost disks.

// Wiped says that a node's disk is empty now.
func (o *Oracle) Wiped(at int) {
	n := &o.nodes[at]
	n.wiped, n.hasWiped = len(n.lives), true
	clear(n.logs)
	o.damage(at, func(*part) bool { return true })
	o.each(func(p *part) {
		p.held[at] = nil
		if p.state != nil && !slices.Contains(p.blank, at) {
			p.blank = append(p.blank, at)
		}
	})
}

// refill follows which nodes have been in sync with somebody since they lost
// their disk, and judges a change that lets one lead that has not. Of changes
// that nobody was seen acting on in between nothing is known.
func (o *Oracle) refill(p *part, topic string, state *metadata.Partition) {
	blank := func(id kafka.BrokerID) bool {
		return slices.Contains(p.blank, int(id)) && o.registeredSince(int(id), o.nodes[id].wiped)
	}
	follows := int32(state.PartitionEpoch) == p.epoch+1
	if unclean, _ := o.image.Configs(metadata.TopicResource(topic)).Get("unclean.leader.election.enable"); follows && unclean != "true" &&
		state.Leader != kafka.NoBroker && blank(state.Leader) {
		o.fail("O11: node %d leads %v in epoch %d, and has lost its disk since it was in sync", state.Leader, p.tp, state.LeaderEpoch)
	}
	p.blank = slices.DeleteFunc(p.blank, func(at int) bool {
		id := kafka.BrokerID(at)
		been := slices.Contains(state.ISR, id) || // or in between, since whoever becomes eligible was
			!follows && p.state != nil && slices.Contains(state.ELR, id) && !slices.Contains(p.state.ELR, id)
		return been && blank(id)
	})
}

// PowerCut says that a node has lost what was not synced.
func (o *Oracle) PowerCut(at int) {
	n := &o.nodes[at]
	n.cut, n.hasCut = len(n.lives), true
	o.damage(at, func(p *part) bool {
		return p.held[at] != nil && (!p.held[at].mode || p.state != nil && !p.state.Mode.Durable())
	})
}

// Spare tells whether a node's disk may be lost without going beyond what is
// claimed of any partition, and leaves each somebody to lead it: one of which the
// others were never in sync, as when it is created while they are down, has
// nothing that counts, and none of them is eligible.
func (o *Oracle) Spare(at int) bool {
	spare := true
	o.each(func(p *part) {
		lost := len(p.damaged)
		if p.replicates(at) && !slices.Contains(p.damaged, at) {
			lost++
		}
		spare = spare && lost < o.minISR && !p.onlyCandidate(at)
	})
	return spare
}

// damage notes that copies of a node cannot be relied upon.
func (o *Oracle) damage(at int, concerned func(*part) bool) {
	o.each(func(p *part) {
		if !p.replicates(at) || !concerned(p) || slices.Contains(p.damaged, at) {
			return
		}
		p.damaged = append(p.damaged, at)
		if len(p.damaged) >= o.minISR {
			p.void = true
		}
	})
}

// each visits the partitions.
func (o *Oracle) each(visit func(*part)) {
	for _, p := range o.parts { //order: each by itself; what is asked of all is whether all of them
		visit(p)
	}
}

// Began says that a process starts on a node.
func (o *Oracle) Began(at int, id kafka.IncarnationID) {
	o.nodes[at].lives = append(o.nodes[at].lives, id)
}

// registeredSince tells whether the newest image knows a process of a node that
// began after so many others.
func (o *Oracle) registeredSince(at, before int) bool {
	if o.image == nil {
		return false
	}
	b := o.image.Broker(kafka.BrokerID(at))
	return b != nil && slices.Contains(o.nodes[at].lives[before:], b.Incarnation)
}

// claimed tells whether the partition must still be whole.
func (o *Oracle) claimed(p *part) bool { return !p.void }

// excused tells whether the cluster cannot know yet that a node has lost what
// it had: it has not registered since. That a log has come back in synced mode does
// not tell that it was in it when its node's power was cut: the entry of the change
// may be durable where records before it are not.
func (o *Oracle) excused(at int, p *part) bool {
	n := &o.nodes[at]
	if n.hasWiped && !o.registeredSince(at, n.wiped) {
		return true
	}
	r := p.held[at]
	mayLose := r != nil && (!r.mode || p.state != nil && !p.state.Mode.Durable())
	return mayLose && n.hasCut && !o.registeredSince(at, n.cut)
}
