package sim

// enterPhase begins a part of the run.
func (w *World) enterPhase(p Phase) {
	w.phase = p
	c := &w.config.Phases
	w.trace.current.add(uint64(p))
	switch p {
	case Warmup:
		for _, h := range w.hosts[1:] {
			w.restart(h, w.now)
		}
		w.scheduleWorld(0, c.Warmup, evPhase, uint64(Faulty), 0)
	case Faulty:
		w.plan(w.now, w.now+c.Faults)
		w.scheduleWorld(0, w.now+c.Faults, evPhase, uint64(Healing), 0)
	case Healing:
		w.healAll()
		w.scheduleWorld(0, w.now+c.Heal, evPhase, uint64(Extra), 0)
	case Extra:
		w.markScrubs()
		if w.idle() || w.now >= c.Warmup+c.Faults+c.Heal+c.Extra {
			w.enterPhase(Over)
			return
		}
		w.scheduleWorld(0, w.now+100*Millisecond, evPhase, uint64(Extra), 0)
	case Over:
		for _, h := range w.hosts[1:] {
			switch {
			case !h.running:
			case h.broker != nil:
				w.walk(h.broker)
				w.sound(h.broker)
				w.gauged(h.broker)
				w.rebuild(h.broker)
			default:
				w.walkClient(h.client)
			}
		}
		w.acceptQuorum()
		w.phase = Over
	}
}

// idle tells whether every App has nothing left to do, every replica is in sync, the
// metadata quorum has the members that were decided, and no broker holds files that
// are to go.
func (w *World) idle() bool {
	for _, h := range w.hosts[1:] {
		if h.client != nil && !h.client.app.Idle() {
			return false
		}
	}
	return (w.oracle == nil || w.oracle.Whole()) && w.Settled() && w.Balanced() && w.scrubbed() && w.tidy()
}

// result gathers what the run tells.
func (w *World) result() *Result {
	r := &Result{
		Seed: w.config.Seed, Events: w.trace.count, Steps: w.steps, Virtual: w.now, Messages: w.messages, Bytes: w.wireBytes,
		Broken: w.broken, BrokenNode: w.brokenNode, Stuck: !w.idle(),
		Faults: w.faults, Probes: w.probes, Beliefs: w.beliefs, Restarts: w.restarts, Jobs: w.jobCount,
		Reads: w.reads, Appends: w.appends, Syncs: w.syncs, LostBytes: w.lostBytes,
		Unused: w.source.Unused(w.config.Tape), Records: w.trace.records, Checkpoints: w.trace.checkpoints,
	}
	if w.broken != "" {
		r.BrokenAt = w.now
	}
	for _, s := range w.source.Streams() {
		n := s.Draws()
		r.Draws += n
		w.trace.fold(uint64(s.ID()), n)
	}
	r.TraceHash = w.trace.sum()
	r.Choices = w.choices
	for _, h := range w.hosts[1:] {
		if h.broker != nil && h.broker.serving && h.running {
			r.ServingAtEnd++
		}
	}
	w.leave()
	return r
}

// leave gives the run's memory to the next one.
func (w *World) leave() {
	for _, h := range w.hosts[1:] {
		if h.broker != nil {
			h.broker.disk.Discard()
		}
	}
	w.memory.events = w.queue.list[:0]
}
