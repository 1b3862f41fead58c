package sim

import (
	"encoding/binary"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/quorum"
	"trialog/core/quorum/model"
)

// What node/quorum does about the membership of the metadata quorum, done by the
// world: pass steps on, end a replica that is a member no more, and let a broker
// without one join.

// joinEvery is how often a broker that has no replica asks for one, and one whose
// replica is no member asks whether it will ever be.
const joinEvery = 100 * Millisecond

func (w *World) reconfigure(b *brokerHost, r *quorum.Reconfigure) {
	w.trace.current.add2(r.Version, uint64(r.Replica)<<8|uint64(r.Step))
	if w.trace.on() {
		w.trace.say("reconfigure")
		w.trace.number("step", int64(r.Step))
		w.trace.number("replica", int64(r.Replica))
	}
	if w.quorumTraced {
		w.memory.quorum = append(w.memory.quorum, model.TraceReconfigure(b.host.node-1, r))
	}
	w.quorum.Reconfigure(w.instant(), b.host.node-1, r)
	w.armQuorum()
}

// forsaken ends a broker whose replica is a member no more; it comes back without one.
func (w *World) forsaken(h *host, members *quorum.Members) bool {
	if !members.Over(w.quorum.Replica(h.node - 1)) {
		return false
	}
	w.crash(h, false, "its replica of the metadata log is over")
	w.quorum.Wipe(w.instant(), h.node-1)
	h.broker.quorumLife++
	w.restartSoon(h)
	return true
}

// askToJoin asks a broker, the controller's if that is known, for a replica.
func (w *World) askToJoin(h *host) {
	if _, is := w.quorum.Members().Member(w.quorum.Replica(h.node - 1)); is {
		return
	}
	w.schedule(h, w.now+joinEvery, evJoin, 0, 0)
	to := w.hosts[h.broker.askToJoin]
	// Whoever does not answer is followed by the next.
	h.broker.askToJoin = h.broker.askToJoin%w.config.Brokers + 1
	if to == h || !to.running || to.paused || to.broker.core == nil || w.link(h, to).cuts > 0 || w.link(to, h).cuts > 0 {
		return
	}
	if w.quorum.Replica(h.node-1) != 0 {
		// It has been given one, which is no member: perhaps it never will be.
		if members := w.quorum.Members(); !members.Over(w.quorum.Replica(to.node - 1)) {
			w.forsaken(h, members)
		}
		return
	}
	in := broker.JoinQuorum{Ref: kafka.Ref(uint64(h.broker.quorumLife)<<16 | uint64(h.node)), Join: quorum.Join{Node: kafka.BrokerID(h.node)}}
	binary.BigEndian.PutUint32(in.Join.Directory[:], uint32(h.node))
	binary.BigEndian.PutUint32(in.Join.Directory[4:], h.broker.quorumLife+1)
	w.stepBroker(to.broker, &in)
}

// joins takes what a broker was answered. An answer to a process that is gone is
// lost.
func (w *World) joins(j *broker.Joined) {
	h, life := w.hosts[uint64(j.Ref)&0xffff], uint64(j.Ref)>>16
	w.trace.current.add2(uint64(j.Ref), uint64(j.Answer.Replica))
	if uint64(h.broker.quorumLife) != life || !h.running || !h.broker.joined || w.quorum.Replica(h.node-1) != 0 {
		return
	}
	if j.Answer.Given() {
		if !w.ownReplica(h, j.Answer.Replica) {
			w.fail(h.node, "a replica ID of the metadata quorum was given to two directories")
			return
		}
		w.quorum.Join(w.instant(), h.node-1, j.Answer.Replica)
		w.armQuorum()
	} else if ask, known := j.Answer.Ask(); known {
		h.broker.askToJoin = int(ask)
	}
}

// ownReplica tells whether a replica ID was given to this disk of a broker's and to
// no other. The founders have theirs from the beginning.
func (w *World) ownReplica(h *host, id quorum.ReplicaID) bool {
	for int(id) >= len(w.replicas) {
		w.replicas = append(w.replicas, 0)
	}
	self := uint64(h.node)<<32 | uint64(h.broker.quorumLife)
	if w.replicas[id] == 0 && !w.quorum.Founder(id) {
		w.replicas[id] = self
	}
	return w.replicas[id] == self
}

// Settled tells whether the membership of the metadata quorum is what every broker
// knows to be decided, and nobody is on the way: until then a replica may be ended,
// and its process with it.
func (w *World) Settled() bool {
	members := w.quorum.Members()
	if !w.config.Membership {
		return true
	}
	for _, h := range w.hosts[1 : w.config.Brokers+1] {
		image := w.Image(h.node)
		if image == nil || !h.broker.joined || len(image.Replicas()) != 0 && len(image.Replicas()) != len(members.Members) {
			return false
		}
		for _, decided := range image.Replicas() {
			if is, some := members.Member(decided.Replica); !some || is.Voter != decided.Voter {
				return false
			}
		}
		if _, is := members.Member(w.quorum.Replica(h.node - 1)); !is {
			return false
		}
	}
	return true
}

// Balanced tells, where that is asked for, whether every partition is led by the
// replica that it prefers, as far as the broker knows that knows most.
func (w *World) Balanced() bool {
	if !w.config.Balanced {
		return true
	}
	newest := w.newest()
	balanced := newest != nil
	if balanced {
		newest.EachTopic(func(t *metadata.TopicImage) bool {
			for _, p := range t.Partitions.All {
				balanced = balanced && p.Leader == p.Replicas[0]
			}
			return balanced
		})
	}
	return balanced
}

// Informed tells whether all brokers that run act on the newest image. One that
// lags may take itself for the leader that it was, and answer as one.
func (w *World) Informed() bool {
	newest := w.newest()
	for _, h := range w.hosts[1 : w.config.Brokers+1] {
		if image := w.Image(h.node); h.running && image != nil && image.Index() != newest.Index() {
			return false
		}
	}
	return true
}

// newest is the newest image that any broker acts on; nil: there is none.
func (w *World) newest() *metadata.Image {
	var newest *metadata.Image
	for _, h := range w.hosts[1 : w.config.Brokers+1] {
		if image := w.Image(h.node); image != nil && (newest == nil || image.Index() > newest.Index()) {
			newest = image
		}
	}
	return newest
}

// Lost tells whether a partition of a topic has nobody left who may lead it,
// although every broker is there.
func (w *World) Lost(topic string) bool {
	image := w.newest()
	if image == nil || image.TopicByName(topic) == nil {
		return false
	}
	for _, h := range w.hosts[1 : w.config.Brokers+1] {
		if !image.Broker(kafka.BrokerID(h.node)).Eligible() {
			return false
		}
	}
	for _, p := range image.TopicByName(topic).Partitions.All {
		if p.Leader == kafka.NoBroker && len(p.ISR)+len(p.ELR) == 0 {
			return true
		}
	}
	return false
}
