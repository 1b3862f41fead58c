package sim

import (
	"trialog/sim/choice"
	simdisk "trialog/sim/disk"
)

// inflict does what a fault does. It returns false when there is nothing that
// it could be done to.
func (w *World) inflict(s *strike, h *host, f *Fault) bool {
	switch s.Kind {
	case FaultProcessKill, FaultClientKill, FaultPowerCut, FaultPowerCutAll, FaultShutdown, FaultPause, FaultClientPause,
		FaultCrashInCall, FaultDiskWiped, FaultRollingRestart, FaultKillAll, FaultKillInSync, FaultLastDiskLost:
		return w.inflictProcess(s, h, f)
	case FaultWriteError, FaultReadError, FaultSyncError, FaultShortWrite, FaultDiskBroken, FaultNoSpace, FaultDiskStall,
		FaultJournalRot, FaultSegmentRot:
		return w.inflictDisk(s, h, f)
	case FaultClockStep, FaultClockDrift, FaultClockFreeze:
		return w.inflictClock(s, h, f)
	default:
		return w.inflictNetwork(s, h, f)
	}
}

func (w *World) inflictProcess(s *strike, h *host, f *Fault) bool {
	switch {
	case s.Kind == FaultPowerCutAll:
		w.powerCutAll(s, h, f)
		return true
	case s.Kind == FaultKillInSync:
		return w.killInSync(s, f)
	case s.Kind == FaultKillAll:
		w.killAll(s, h, f)
		return true
	case s.Kind == FaultRollingRestart:
		w.rollingRestart(s, f)
		return true
	case s.Kind == FaultDiskWiped:
		return w.wipe(h, f)
	case s.Kind == FaultLastDiskLost:
		return w.loseLastDisk(s, h, f)
	case !h.running && s.Kind != FaultPowerCut:
		return false
	case s.Kind == FaultPowerCut && s.dose != nil && s.dose.Claimed && w.oracle != nil && !w.oracle.Spare(h.node):
		return false
	}
	switch s.Kind {
	case FaultProcessKill, FaultClientKill:
		w.crash(h, false, "")
		w.restart(h, f.Until)
	case FaultPowerCut:
		w.crash(h, true, "")
		w.restart(h, f.Until)
	case FaultShutdown:
		h.broker.stopUntil = f.Until
		w.last(f, h, nil, int64(h.incarnation))
		w.schedule(h, w.now, evStop, 0, 0)
	case FaultPause, FaultClientPause:
		if h.paused {
			return false
		}
		h.paused = true
		w.quorumFreeze(h, true)
		w.tellNode(h, NodePaused, "")
		w.last(f, h, nil, 0)
	case FaultCrashInCall:
		w.armCrash(s, h, f)
	default:
		panic("a process cannot have a " + s.Kind.String())
	}
	return true
}

// armCrash lets the process or the power die inside a coming call to the file
// system, of the running process or, after a crash now, of its recovery; or
// between two effects of one Step. What has not come true in a running process
// when the fault ends does not.
func (w *World) armCrash(s *strike, h *host, f *Fault) {
	b := h.broker
	k := 1 + int64(s.draw.Choose(choice.FaultAmount, 64))
	how := s.draw.Choose(choice.FaultDetail, 8)
	w.nemesis.armed++
	b.mount.CrashIn(0)
	b.crash = crashPlan{power: how%2 == 1, serial: w.nemesis.armed}
	f.Detail = k<<8 | int64(how)
	switch how / 2 {
	case 0:
		b.mount.CrashIn(k)
		w.last(f, h, nil, b.crash.serial)
	case 1:
		b.crash.amid = k
		w.last(f, h, nil, b.crash.serial)
	default:
		b.crash.atBoot = k
		w.crash(h, how/2 == 3, "")
		w.restart(h, f.Until)
	}
}

func (w *World) disarm(b *brokerHost) {
	b.crash = crashPlan{}
	b.mount.CrashIn(0)
}

func (w *World) inflictDisk(s *strike, h *host, f *Fault) bool {
	b := h.broker
	faults := &b.disk.Faults
	pick := func(n uint64) uint64 { return s.draw.Choose(choice.FaultDetail, n) }
	switch s.Kind {
	case FaultWriteError:
		faults.Writes++
	case FaultReadError:
		faults.Reads++
	case FaultSyncError:
		faults.Syncs++
	case FaultShortWrite:
		faults.ShortWrites++
	case FaultDiskBroken:
		faults.Broken = true
		w.last(f, h, nil, 0)
	case FaultNoSpace:
		// Mostly what needs room waits for it. That it fails at once is what a node
		// shows that ends, and what a quota of its system may do.
		faults.Full, b.patient = true, pick(4) != 3
		w.last(f, h, nil, 0)
	case FaultDiskStall:
		amount := s.draw.Between(choice.FaultAmount, 10*Millisecond, 1500*Millisecond)
		b.stall += amount
		f.Detail = amount
		w.last(f, h, nil, amount)
	case FaultJournalRot:
		return w.rot(b, simdisk.JournalDir+"/", false, pick, f)
	case FaultSegmentRot:
		return w.rot(b, simdisk.LogsDir+"/", true, pick, f)
	default:
		panic("a disk cannot have a " + s.Kind.String())
	}
	return true
}

func (w *World) inflictClock(s *strike, h *host, f *Fault) bool {
	switch s.Kind {
	case FaultClockStep:
		// Mostly seconds, sometimes days, both ways.
		by := s.draw.Between(choice.FaultAmount, 0, 10*Second)
		if s.draw.Choose(choice.FaultDetail, 4) == 3 {
			by = s.draw.Between(choice.FaultAmount, 0, 8*24*60*Minute)
		}
		if s.draw.Choose(choice.FaultDetail, 2) == 1 {
			by = -by
		}
		h.clock.step(w.now, by)
		f.Detail = by
	case FaultClockDrift:
		ppm := s.draw.Between(choice.FaultAmount, 0, 400_000) - 200_000
		f.Detail = ppm
		w.last(f, h, nil, h.clock.ppm)
		h.clock.setDrift(w.now, ppm)
	case FaultClockFreeze:
		if h.clock.frozen {
			return false
		}
		h.clock.freeze(w.now, true)
		w.last(f, h, nil, 0)
	default:
		panic("a clock cannot have a " + s.Kind.String())
	}
	w.clockChanged(h)
	return true
}

func (w *World) inflictNetwork(s *strike, h *host, f *Fault) bool {
	switch s.Kind {
	case FaultReset, FaultHalfOpen:
		c := w.connectionOf(s, h)
		if c == nil {
			return false
		}
		f.Peer = c.ends[acceptor].host.node + c.ends[initiator].host.node - h.node
		if s.Kind == FaultReset {
			w.reset(c)
			return true
		}
		at := int(s.draw.Choose(choice.FaultDetail, 3)) // one way, the other, both
		w.silence(c, at != initiator, at != acceptor)
		return true
	case FaultLostResponse:
		w.nemesis.lossy++
		return true
	case FaultGarbledRequest:
		w.nemesis.garbled++
		return true
	case FaultLateRequest:
		w.nemesis.late = append(w.nemesis.late, f.Until-f.At)
		return true
	case FaultSlowHost:
		f.Detail = s.draw.Between(choice.FaultAmount, 5*Millisecond, 400*Millisecond)
		w.slow(h, f.Detail)
		w.last(f, h, nil, f.Detail)
		return true
	default:
		// The others concern links, not connections or messages.
	}
	peer := w.peerOf(s, h)
	if s.dose != nil && s.dose.Aim != AimAnybody && s.draw.Choose(choice.FaultDetail, 4) != 0 {
		peer = w.otherBroker(s, h)
	}
	if peer == nil && s.Kind != FaultIsolate {
		return false
	}
	if peer != nil {
		f.Peer = peer.node
	}
	if s.Kind == FaultDelay {
		amount := s.draw.Between(choice.FaultAmount, 5*Millisecond, 800*Millisecond)
		w.link(h, peer).slow += amount
		w.link(peer, h).slow += amount
		w.last(f, h, peer, amount)
		return true
	}
	w.last(f, h, peer, 0)
	w.cut(&w.nemesis.lasting[len(w.nemesis.lasting)-1], 1)
	return true
}

// silence lets nothing more arrive at the chosen ends of a connection.
func (w *World) silence(c *connection, atInitiator, atAcceptor bool) {
	for at, on := range [2]bool{atInitiator, atAcceptor} {
		if on {
			c.ends[at].silent = true
			c.ends[at].clear()
		}
	}
}

// connectionOf draws one of a host's open connections.
func (w *World) connectionOf(s *strike, h *host) *connection {
	var of []*connection
	for _, c := range w.net.live {
		if (c.ends[initiator].host == h || c.ends[acceptor].host == h) && c.ends[initiator].open && c.ends[acceptor].open {
			of = append(of, c)
		}
	}
	if len(of) == 0 {
		return nil
	}
	return of[s.draw.Choose(choice.FaultTarget, uint64(len(of)))]
}

// peerOf draws another host, at least one of the two being a broker.
func (w *World) peerOf(s *strike, h *host) *host {
	among := w.hosts[1:]
	if h.broker == nil {
		among = w.hosts[1 : w.config.Brokers+1]
	}
	i := s.draw.Choose(choice.FaultDetail, uint64(len(among)))
	for range among {
		if among[i] != h {
			return among[i]
		}
		i = (i + 1) % uint64(len(among))
	}
	return nil
}

// loseResponse drops a response and ends its connection, if a fault wants it.
func (w *World) loseResponse(c *connection) bool {
	if w.nemesis.lossy == 0 {
		return false
	}
	w.nemesis.lossy--
	w.trace.current.add(c.id)
	w.reset(c)
	return true
}
