package sim

import "trialog/sim/choice"

// heldDelivery is one that others overtake.
type heldDelivery struct {
	event
	past int // how many are still to come before it
}

// MostPast is past how many others a delivery may be held.
const MostPast = 8

// explore lets a choice decide what befalls a broker before one of its events,
// and past how many others a delivery is held. What the metadata quorum does may
// concern any broker. A fault that strikes one broker before an event of another
// could as well strike before its own next one, so that no other place is offered.
func (w *World) explore(e *event) {
	switch e.kind {
	case evPhase, evStart, evStrike, evFaultEnd:
		w.dispatch(e)
		return
	case evQuorum:
		for _, h := range w.hosts[1 : w.config.Brokers+1] {
			w.border(h)
		}
	default:
		if h := w.hosts[e.node]; h.broker != nil {
			w.border(h)
		}
	}
	if e.kind != evDeliver {
		w.dispatch(e)
		return
	}
	if past := w.world.Choose(choice.ExploreDelay, MostPast+1); past > 0 {
		w.held = append(w.held, heldDelivery{*e, int(past)})
		return
	}
	w.dispatch(e)
	w.overtaken()
}

// border is a place at which a fault may strike a broker whose process runs.
func (w *World) border(h *host) {
	if !h.running || h.paused {
		return
	}
	way := h.draw.Choose(choice.ExploreFault, uint64(len(w.config.Explore))+1)
	if way == 0 {
		return
	}
	s := w.config.Explore[way-1]
	s.At, s.Target = w.now, h.node
	w.carryOut(&strike{Strike: s, draw: w.nemesis.stream(w, s.Kind)})
}

// overtaken counts a delivery that has passed those that are held.
func (w *World) overtaken() {
	kept := w.held[:0]
	for i := range w.held {
		d := &w.held[i]
		if d.past--; d.past > 0 {
			kept = append(kept, *d)
			continue
		}
		d.at = w.now
		w.queue.pushFirst(d.event)
	}
	w.held = kept
}

// releaseAll lets what is still held arrive.
func (w *World) releaseAll() {
	for i := range w.held {
		d := &w.held[i]
		w.scheduleWorld(int(d.node), w.now, d.kind, d.a, d.b)
	}
	w.held = w.held[:0]
}
