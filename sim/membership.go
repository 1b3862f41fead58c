package sim

import (
	"encoding/binary"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/quorum"
)

// What node/quorum does about the membership of the metadata quorum, done by the
// world: pass steps on, end a replica that is a member no more, and let a broker
// without one join.

// joinEvery is how often a broker that has no replica asks for one.
const joinEvery = 100 * Millisecond

func (w *World) reconfigure(b *brokerHost, r *quorum.Reconfigure) {
	w.trace.current.add2(r.Version, uint64(r.Replica)<<8|uint64(r.Step))
	if w.trace.on() {
		w.trace.say("reconfigure")
		w.trace.number("step", int64(r.Step))
		w.trace.number("replica", int64(r.Replica))
	}
	w.quorum.Reconfigure(w.instant(), b.host.node-1, r)
	w.armQuorum()
}

// forsaken ends a broker whose replica is a member no more; it comes back without one.
func (w *World) forsaken(h *host, members *quorum.Members) bool {
	if _, is := members.Member(w.quorum.Replica(h.node - 1)); is || members.Highest < w.quorum.Replica(h.node-1) {
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
	if w.quorum.Replica(h.node-1) != 0 {
		return
	}
	w.schedule(h, w.now+joinEvery, evJoin, 0, 0)
	to := w.hosts[h.broker.askToJoin]
	// Whoever does not answer is followed by the next.
	h.broker.askToJoin = h.broker.askToJoin%w.config.Brokers + 1
	if to == h || !to.running || to.paused || to.broker.core == nil || w.link(h, to).cuts > 0 || w.link(to, h).cuts > 0 {
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
		w.quorum.Join(w.instant(), h.node-1, j.Answer.Replica)
		w.armQuorum()
	} else if ask, known := j.Answer.Ask(); known {
		h.broker.askToJoin = int(ask)
	}
}
