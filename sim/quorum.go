package sim

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/quorum"
	"trialog/core/quorum/model"
	"trialog/sim/choice"
)

// quorumState is what the state of the metadata quorum's snapshots is.
type fold struct{ state *metadata.State }

func (f fold) Apply(index uint64, e *quorum.Entry) { f.state.Apply(index, e) }

func (f fold) Snapshot(dst []byte) []byte { return f.state.Snapshot(dst) }

// newQuorum sets the model up: node i of the model is host i+1.
func (w *World) newQuorum() {
	stream := w.source.Stream(choice.KindQuorum, 0)
	w.quorum = model.New(model.Config{
		Nodes:   w.config.Brokers,
		Voters:  w.config.Voters,
		Managed: w.config.Membership, FirstNode: 1,
		Limits: w.config.Quorum,
		Choose: func(site uint16, n uint64) uint64 { return stream.Choose(choice.QuorumFirst+choice.Site(site), n) },
		Fold:   fold{metadata.NewState()},
		Watch:  &w.watch,
	})
}

func (w *World) instant() kafka.Instant { return kafka.Instant(w.now) }

func (w *World) quorumUp(h *host) {
	h.broker.joined = true
	if w.quorumTraced {
		w.memory.quorum = append(w.memory.quorum, model.TraceEvent{Kind: model.KindUp, Node: h.node - 1})
	}
	w.quorum.Up(w.instant(), h.node-1)
	if w.quorum.Replica(h.node-1) == 0 {
		h.broker.askToJoin = h.node
		w.schedule(h, w.now+joinEvery, evJoin, 0, 0)
	}
	w.armQuorum()
}

func (w *World) quorumDown(h *host) {
	if h.broker.joined {
		h.broker.joined = false
		if w.quorumTraced {
			w.memory.quorum = append(w.memory.quorum, model.TraceEvent{Kind: model.KindDown, Node: h.node - 1})
		}
		w.quorum.Down(w.instant(), h.node-1)
		w.armQuorum()
	}
}

func (w *World) quorumFreeze(h *host, frozen bool) {
	if h.broker != nil && h.broker.joined {
		w.quorum.Freeze(w.instant(), h.node-1, frozen)
		w.armQuorum()
	}
}

func (w *World) propose(b *brokerHost, p *quorum.Propose) {
	d := &w.trace.current
	d.add2(uint64(p.Ref), uint64(uint32(p.Entry.Epoch))<<32^p.Entry.Seq)
	d.bytes(p.Entry.Records)
	if w.trace.on() {
		w.trace.say("propose")
		w.trace.number("epoch", int64(p.Entry.Epoch))
		w.trace.number("seq", int64(p.Entry.Seq))
	}
	if w.quorumTraced {
		w.memory.quorum = append(w.memory.quorum, model.TracePropose(b.host.node-1, p))
		w.sameOnTheWire(&p.Entry)
	}
	w.quorum.Propose(w.instant(), b.host.node-1, p)
	w.armQuorum()
}

// armQuorum makes sure that the model is asked when it has something to do.
func (w *World) armQuorum() {
	i, ok := w.quorum.Deadline()
	if !ok {
		return
	}
	at := max(int64(i), w.now)
	if w.quorumAt != 0 && w.quorumAt <= at {
		return
	}
	w.quorumAt = at
	w.scheduleWorld(0, at, evQuorum, uint64(at), 0)
}

// stepQuorum delivers what the model has to tell.
func (w *World) stepQuorum(armed int64) {
	if w.quorumAt != armed {
		return
	}
	w.quorumAt = 0
	for {
		d, ok := w.quorum.Next(w.instant())
		if !ok {
			break
		}
		h := w.hosts[d.Node+1]
		w.trace.current.add(uint64(h.node))
		if !h.running {
			w.fail(h.node, "the quorum's model tells a node that is down")
			return
		}
		if w.quorumTraced {
			w.memory.quorum = append(w.memory.quorum, model.Trace(d.Node, d.Event))
		}
		h.broker.in.quorum.Event = d.Event
		if members, ok := d.Event.(*quorum.Members); ok && w.forsaken(h, members) {
			continue
		}
		w.stepBroker(h.broker, &h.broker.in.quorum)
	}
	if w.watch.Dirty() {
		w.count(&w.watch)
	}
	w.armQuorum()
}
