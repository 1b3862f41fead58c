package sim

import (
	"slices"

	"trialog/sim/choice"
)

// boot starts a host's process.
func (w *World) boot(h *host) {
	h.restartAt = 0
	if !h.up {
		h.up = true
		h.boots++
		h.clock.boot(w.now, 0)
	}
	h.running = true
	h.incarnation++
	h.armed = 0
	if h.incarnation > 1 {
		w.restarts++
	}
	if h.broker != nil {
		w.startBroker(h.broker)
	} else {
		w.startClient(h.client)
	}
}

// restart lets a host's process start again at a time, whatever was planned
// before.
func (w *World) restart(h *host, at int64) {
	if slices.Contains(w.config.Absent, h.node) {
		return
	}
	h.restartAt = max(at, w.now)
	w.scheduleWorld(h.node, h.restartAt, evStart, uint64(h.restartAt), 0)
}

// crash ends a host's process without a word to it; with power, the whole
// host. Whoever calls it lets the process start again.
func (w *World) crash(h *host, power bool, detail string) {
	if h.running {
		w.end(h, !power)
		if !power {
			w.tellNode(h, NodeKilled, detail)
		}
	}
	if power && h.up {
		w.powerCut(h, detail)
	}
}

// restartSoon lets a process start again that ended by no fault's plan.
func (w *World) restartSoon(h *host) {
	if h.up {
		w.restart(h, w.now+h.draw.Between(choice.NodeRestart, 50*Millisecond, 2*Second))
	} else {
		w.restart(h, w.now+h.draw.Between(choice.NodeReboot, 300*Millisecond, 4*Second))
	}
}

// powerCut takes what the host's disk had not synced.
func (w *World) powerCut(h *host, detail string) {
	h.up = false
	e := NodeEvent{At: w.now, Node: h.node, Incarnation: int(h.incarnation), State: NodePowerCut, Detail: detail}
	if h.broker != nil {
		e.LostBytes = h.broker.disk.PowerCut()
		w.lostBytes += e.LostBytes
	}
	if h.broker != nil && w.oracle != nil {
		w.oracle.PowerCut(h.node)
	}
	w.trace.current.add2(uint64(h.node), uint64(e.LostBytes))
	if w.trace.on() {
		w.trace.number("lost-bytes", e.LostBytes)
	}
	if w.config.Observer != nil {
		w.config.Observer.Node(&e)
	}
}

// endProcess ends a process by its own will.
func (w *World) endProcess(h *host, state NodeState, detail string) {
	w.end(h, true)
	w.tellNode(h, state, detail)
}

// end takes a process away. goodbye says that its host's kernel goes on.
func (w *World) end(h *host, goodbye bool) {
	if h.broker != nil && w.config.Observer != nil {
		w.config.Observer.Node(&NodeEvent{At: w.now, Node: h.node, Incarnation: int(h.incarnation), State: NodeEnding})
	}
	h.running = false
	w.unpark(h)
	w.dropHost(h, goodbye)
	if b := h.broker; b != nil {
		b.mount.Kill()
		if h.paused {
			w.quorumFreeze(h, false)
		}
		w.quorumDown(h)
		for i, p := range b.peers {
			if p != nil {
				b.peers[i] = nil
			}
		}
		b.core, b.flushAt = nil, false
	} else {
		h.client.core = nil
		h.client.wakes++
	}
	h.paused = false
}

// resume lets a paused process go on: what came meanwhile comes now.
func (w *World) resume(h *host) {
	if !h.paused {
		return
	}
	h.paused = false
	w.quorumFreeze(h, false)
	w.unpark(h)
	w.tellNode(h, NodeResumed, "")
	w.clockChanged(h)
}

// unpark lets come now what came while the process stood still. What was meant
// for a process that is no more is ignored then.
func (w *World) unpark(h *host) {
	for i := range h.parked {
		e := h.parked[i]
		e.at = w.now
		w.queue.push(e)
	}
	h.parked = h.parked[:0]
}

func (w *World) tellNode(h *host, state NodeState, detail string) {
	w.trace.current.add2(uint64(h.node)<<8^uint64(state), uint64(h.incarnation))
	if w.trace.on() {
		w.trace.say(h.name, state.String(), detail)
	}
	if w.config.Observer != nil {
		w.config.Observer.Node(&NodeEvent{
			At: w.now, Node: h.node, Incarnation: int(h.incarnation), State: state, Detail: detail,
		})
	}
}
