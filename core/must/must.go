// Package must holds assertions and the identifiers of probes and beliefs.
//
// True states what is proven: a false one panics everywhere. Watch.Believe
// states what is believed: fatal in simulation, handled in production.
// Watch.Reached marks rare states, so that a soak can tell which of them its
// seeds have seen.
package must

// True panics with the invariant's number when cond does not hold.
func True(cond bool, invariant string) {
	if !cond {
		panic("invariant broken: " + invariant)
	}
}
