package sim

import (
	"trialog/sim/choice"
)

// host is a machine of the world: brokers are hosts 1..Brokers, clients follow.
type host struct {
	node  int
	name  string
	clock clock
	draw  *choice.Stream

	up          bool // the operating system runs
	boots       int  // how often it was started
	running     bool // the process runs
	paused      bool // SIGSTOP
	incarnation uint32
	restartAt   int64   // when the process is to be started again; 0: it is not
	parked      []event // what came while the process was paused
	armed       int64   // the virtual time of the earliest timer in the queue; 0: none

	broker *brokerHost
	client *ClientHost
}

// alive tells whether inputs can be given to the host's process.
func (h *host) alive(incarnation uint32) bool {
	return h.running && (incarnation == 0 || h.incarnation == incarnation)
}

// schedule puts an event for a host's present incarnation into the queue.
func (w *World) schedule(h *host, at int64, kind EventKind, a, b uint64) {
	w.queue.push(event{at: at, kind: kind, node: uint16(h.node), inc: h.incarnation, a: a, b: b})
}

// scheduleWorld puts an event that concerns no incarnation into the queue.
func (w *World) scheduleWorld(node int, at int64, kind EventKind, a, b uint64) {
	w.queue.push(event{at: at, kind: kind, node: uint16(node), a: a, b: b})
}

// arm makes sure that a timer fires at the machine's deadline.
func (w *World) arm(h *host) {
	at, ok := h.deadline()
	if !ok {
		return
	}
	at = max(at, w.now)
	if h.armed != 0 && h.armed <= at {
		return
	}
	h.armed = at
	w.schedule(h, at, evTimer, 0, 0)
}

// deadline is the virtual time at which the host's machine wants a Tick.
func (h *host) deadline() (int64, bool) {
	switch {
	case h.broker != nil:
		if i, ok := h.broker.machine.Deadline(); ok {
			return h.clock.when(i)
		}
	case h.client != nil:
		if i, ok := h.client.machine.Deadline(); ok {
			return h.clock.when(i)
		}
	}
	return 0, false
}

// timer gives the Tick if it is due, and otherwise waits on: a deadline that
// moved away leaves its old timer in the queue.
func (w *World) timer(h *host, at int64) {
	if h.armed != at {
		return // an earlier one has replaced it
	}
	h.armed = 0
	due, ok := h.deadline()
	if ok && due <= w.now {
		if h.broker != nil {
			w.stepBroker(h.broker, &h.broker.in.tick)
		} else {
			w.stepClient(h.client, &h.client.in.tick)
		}
		return
	}
	w.arm(h)
}

// clockChanged makes the timers fit a clock that was set.
func (w *World) clockChanged(h *host) {
	h.armed = 0
	if h.running {
		w.arm(h)
	}
}
