package sim

import (
	"slices"

	"trialog/sim/choice"
)

// strike is a fault that is to happen.
type strike struct {
	Strike
	draw *choice.Stream
	dose *Dose // nil: scripted
	// rolling: it is a part of another, and does not happen once faults are over.
	rolling bool
}

// underWay is a fault that lasts.
type underWay struct {
	kind       FaultKind
	node, peer *host
	amount     int64
	active     bool
}

// nemesis decides when which fault strikes whom.
type nemesis struct {
	strikes []strike
	lasting []underWay
	streams [FaultKindCount]*choice.Stream
	// lossy counts the responses still to be lost (FaultLostResponse).
	lossy int
	// garbled counts the requests still to be garbled (FaultGarbledRequest).
	garbled int
	// late holds how long to hold back the next requests about an ISR (FaultLateRequest).
	late []int64
	// rotten is the node whose disk rots, where replicas are compared; 0: none yet.
	// More than one would be more than is claimed to be borne.
	rotten int
	// armed counts the crashes that were planned (FaultCrashInCall).
	armed int64
}

// plan draws which faults this seed uses, how often and when they strike.
func (w *World) plan(from, to int64) {
	n := &w.nemesis
	for i := range w.config.Faults.Doses {
		d := &w.config.Faults.Doses[i]
		draw := n.stream(w, d.Kind)
		share := d.Share
		if share == 0 {
			share = 100
		}
		on := draw.Chance(choice.SwarmFault, share*10_000)
		times := draw.Between(choice.SwarmDose, int64(d.TimesMin), int64(d.TimesMax))
		for range times {
			at := draw.Between(choice.FaultGap, from, to)
			// Overriding this draw with zero takes the one strike out.
			fires := draw.Choose(choice.FaultFire, 1<<30) != 0
			if on && fires {
				n.strikes = append(n.strikes, strike{Strike{At: at, Kind: d.Kind}, draw, d, false})
			}
		}
	}
	for _, s := range w.config.Faults.Script {
		n.strikes = append(n.strikes, strike{s, n.stream(w, s.Kind), nil, false})
	}
	for i := range n.strikes {
		w.scheduleWorld(0, max(n.strikes[i].At, w.now), evStrike, uint64(i), 0)
	}
}

func (n *nemesis) stream(w *World, k FaultKind) *choice.Stream {
	if n.streams[k] == nil {
		n.streams[k] = w.source.Stream(choice.KindFault, int(k))
	}
	return n.streams[k]
}

// strike lets a fault happen.
func (w *World) strike(i uint64) {
	s := &w.nemesis.strikes[i]
	if s.dose != nil && s.dose.Patient && w.phase > Faulty {
		return // it has waited for too long
	}
	if !w.carryOut(s) && s.dose != nil && s.dose.Patient {
		w.scheduleWorld(0, w.now+lookAgain, evStrike, i, 0)
	}
}

// lookAgain is how often a patient fault looks for its victim.
const lookAgain = 10 * Millisecond

// carryOut does it, if there is something to do it to.
func (w *World) carryOut(s *strike) bool {
	if s.dose != nil && s.dose.Patient && len(w.players(s.dose.Aim)) == 0 {
		return false
	}
	target := w.target(s)
	if target == nil || slices.Contains(w.config.Absent, target.node) || s.rolling && w.phase > Faulty {
		return false
	}
	low, high := span(s.Kind)
	if s.dose != nil && s.dose.SpanMax > 0 {
		low, high = s.dose.SpanMin, s.dose.SpanMax
	}
	length := s.draw.Between(choice.FaultSpan, low, high)
	if s.Span > 0 {
		length = s.Span
	}
	f := Fault{At: w.now, Until: w.now + length, Kind: s.Kind, Node: target.node}
	if !w.inflict(s, target, &f) {
		return false
	}
	w.faults[s.Kind]++
	w.trace.current.add2(uint64(f.Kind)<<32^uint64(f.Node), uint64(f.Until))
	if w.trace.on() {
		w.trace.say(f.Kind.String())
		w.trace.number("node", int64(f.Node))
		w.trace.number("peer", int64(f.Peer))
		w.trace.number("detail", f.Detail)
	}
	if w.config.Observer != nil {
		w.config.Observer.Fault(&f)
	}
	return true
}

// span is how long a kind lasts when the plan does not say.
func span(k FaultKind) (low, high int64) {
	switch k {
	case FaultProcessKill, FaultShutdown, FaultRollingRestart, FaultCrashInCall, FaultClientKill, FaultKillAll, FaultKillInSync:
		return 100 * Millisecond, 3 * Second
	case FaultPowerCut, FaultPowerCutAll, FaultDiskBroken, FaultDiskWiped, FaultLastDiskLost:
		return 500 * Millisecond, 5 * Second
	case FaultPause, FaultClientPause, FaultClockFreeze, FaultDiskStall, FaultNoSpace:
		return 50 * Millisecond, 4 * Second
	case FaultClockDrift, FaultDelay, FaultSlowHost, FaultLateRequest, FaultCut, FaultCutOneWay, FaultIsolate:
		return 200 * Millisecond, 6 * Second
	default:
		return 0, 0
	}
}

// target draws whom a fault hits; nil: nobody can be hit now.
func (w *World) target(s *strike) *host {
	brokers := w.hosts[1 : w.config.Brokers+1]
	clients := w.hosts[w.config.Brokers+1:]
	among := brokers
	switch s.Kind {
	case FaultClientKill, FaultClientPause:
		among = clients
	case FaultReset, FaultHalfOpen, FaultDelay, FaultCut, FaultCutOneWay, FaultIsolate, FaultLostResponse, FaultGarbledRequest, FaultClockStep,
		FaultClockDrift, FaultClockFreeze:
		among = w.hosts[1:]
	default:
		// The rest befalls a broker's process or disk.
	}
	if len(among) == 0 {
		return nil
	}
	if s.dose != nil && s.dose.Aim != AimAnybody {
		if players := w.players(s.dose.Aim); len(players) > 0 {
			among = players
		}
	}
	i := s.draw.Choose(choice.FaultTarget, uint64(len(among)))
	if rots := s.Kind == FaultJournalRot || s.Kind == FaultSegmentRot; rots && w.nemesis.rotten > 0 {
		return w.hosts[w.nemesis.rotten]
	}
	if s.Target > 0 && s.Target <= len(among) {
		i = uint64(s.Target - 1)
	}
	return among[i]
}

// last keeps a fault that ends by itself at f.Until.
func (w *World) last(f *Fault, node, peer *host, amount int64) {
	i := len(w.nemesis.lasting)
	w.nemesis.lasting = append(w.nemesis.lasting, underWay{f.Kind, node, peer, amount, true})
	w.scheduleWorld(0, f.Until, evFaultEnd, uint64(i), 0)
}

// over ends a lasting fault.
func (w *World) over(i int) {
	u := &w.nemesis.lasting[i]
	if !u.active {
		return
	}
	u.active = false
	w.trace.current.add2(uint64(u.kind), uint64(i))
	if w.trace.on() {
		w.trace.say(u.kind.String())
		w.trace.number("node", int64(u.node.node))
	}
	switch u.kind {
	case FaultPause, FaultClientPause:
		w.resume(u.node)
	case FaultNoSpace:
		u.node.broker.disk.Faults.Full = false
	case FaultDiskBroken:
		u.node.broker.disk.Faults.Broken = false
	case FaultDiskStall:
		u.node.broker.stall -= u.amount
	case FaultClockDrift:
		u.node.clock.setDrift(w.now, u.amount)
		w.clockChanged(u.node)
	case FaultClockFreeze:
		u.node.clock.freeze(w.now, false)
		w.clockChanged(u.node)
	case FaultDelay:
		w.link(u.node, u.peer).slow -= u.amount
		w.link(u.peer, u.node).slow -= u.amount
	case FaultSlowHost:
		w.slow(u.node, -u.amount)
	case FaultCut, FaultCutOneWay, FaultIsolate:
		w.cut(u, -1)
	case FaultCrashInCall:
		if b := u.node.broker; b.crash.serial == u.amount {
			w.disarm(b)
		}
	case FaultShutdown:
		if h := u.node; h.running && int64(h.incarnation) == u.amount {
			w.crash(h, false, "it did not stop in time")
			w.restart(h, w.now)
		}
	default:
		panic(u.kind.String() + " does not last")
	}
}

// cut adds by to the cuts of the links that a fault concerns.
func (w *World) cut(u *underWay, by int) {
	if u.kind == FaultIsolate {
		for _, o := range w.hosts[1:] {
			if o != u.node {
				w.cutLink(u.node, o, by)
				w.cutLink(o, u.node, by)
			}
		}
		return
	}
	w.cutLink(u.node, u.peer, by)
	if u.kind == FaultCut {
		w.cutLink(u.peer, u.node, by)
	}
}

func (w *World) cutLink(from, to *host, by int) {
	l := w.link(from, to)
	l.cuts += by
	if from.broker != nil && to.broker != nil {
		w.quorum.Link(w.instant(), from.node-1, to.node-1, l.cuts == 0)
		w.armQuorum()
	}
	if l.cuts == 0 {
		w.mend(from, to)
	}
}

// stalled is how much sooner an operation of a disk is over once nothing stalls
// any more. A job that has failed says so at once: it did while faults struck, and
// what it costs its process is theirs, not what comes after them.
func (w *World) stalled(e *event) int64 {
	switch e.kind {
	case evWrite, evSync, evRead:
		return int64(e.b)
	case evJob:
		h := w.hosts[e.node]
		if h.alive(e.inc) && h.broker.jobs.list[e.a].err != nil {
			return e.at
		}
		return int64(e.b)
	default:
		return 0
	}
}

// healAll ends every fault and starts every host again.
func (w *World) healAll() {
	for i := range w.nemesis.lasting {
		w.over(i)
	}
	w.queue.hasten(w.now, w.stalled)
	w.nemesis.lossy, w.nemesis.garbled, w.nemesis.late = 0, 0, nil
	w.releaseAll()
	for _, h := range w.hosts[1:] {
		if slices.Contains(w.config.Absent, h.node) {
			continue
		}
		if h.broker != nil {
			h.broker.disk.Faults.Writes, h.broker.disk.Faults.Reads = 0, 0
			h.broker.disk.Faults.Syncs, h.broker.disk.Faults.ShortWrites = 0, 0
			h.broker.stopUntil = 0
			w.disarm(h.broker)
		}
		if !h.running {
			w.restart(h, w.now)
		}
	}
}
