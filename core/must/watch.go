package must

// Probe identifies a rare state worth reaching. The list stands in probes.go.
type Probe uint16

// Belief identifies something believed but not proven. The list stands in beliefs.go.
type Belief uint16

// Watch collects what one or more Steps reached or disbelieved. It is an effect:
// the driver reads it, counts it, and calls Reset.
type Watch struct {
	// Fatal makes a false belief panic. Simulations set it.
	Fatal bool
	// Probes counts how often each probe was reached since Reset.
	Probes [ProbeCount]uint32
	// Beliefs counts how often each belief was false since Reset.
	Beliefs [BeliefCount]uint32
	dirty   bool
}

// Reached counts a probe.
func (w *Watch) Reached(p Probe) {
	w.Probes[p]++
	w.dirty = true
}

// Believe returns cond. When it is false the belief is counted, and panics in
// simulation; production code handles it at the call site.
func (w *Watch) Believe(cond bool, b Belief) bool {
	if cond {
		return true
	}
	if w.Fatal {
		panic("belief false: " + b.String())
	}
	w.Beliefs[b]++
	w.dirty = true
	return false
}

// Dirty tells whether anything was counted since Reset.
func (w *Watch) Dirty() bool { return w.dirty }

// Reset forgets what was counted.
func (w *Watch) Reset() {
	if w.dirty {
		w.Probes = [ProbeCount]uint32{}
		w.Beliefs = [BeliefCount]uint32{}
		w.dirty = false
	}
}
