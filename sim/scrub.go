package sim

// scrubMark is how far a broker's scrubbing had come when everything was healed.
type scrubMark struct {
	set         bool
	incarnation uint32
	rounds      uint64
}

// markScrubs notes it, once.
func (w *World) markScrubs() {
	for _, h := range w.hosts[1:] {
		if b := h.broker; b != nil && b.core != nil && h.running && !b.scrub.set {
			b.scrub = scrubMark{true, h.incarnation, b.core.Counters().ScrubRounds}
		}
	}
}

// scrubbed tells whether every broker has read all its logs over since, one round
// from its beginning to its end, and knows of no damage.
func (w *World) scrubbed() bool {
	if !w.config.Scrubbed {
		return true
	}
	for _, h := range w.hosts[1:] {
		b := h.broker
		if b == nil || b.core == nil || !h.running {
			continue
		}
		m, c := &b.scrub, b.core.Counters()
		rounds := c.ScrubRounds
		if m.set && m.incarnation == h.incarnation {
			rounds -= m.rounds
		}
		if rounds < 2 || c.DamagedLogs > 0 {
			return false
		}
	}
	return true
}

// sound compares what a broker's logs hold on the disk, when all is over and was
// scrubbed, with what was written to them.
func (w *World) sound(b *brokerHost) {
	if !w.config.Scrubbed || w.oracle == nil || b.core == nil || w.broken != "" || !w.scrubbed() {
		return
	}
	if broken := w.oracle.Sound(b.host.node, b.core); broken != "" {
		w.fail(b.host.node, broken)
	}
}
