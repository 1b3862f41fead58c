// Package quorum is what the core asks of a metadata quorum, as data: a
// machine emits Propose, a driver delivers Events. In production dragonboat
// stands behind it (node/quorum); in simulation the automaton of
// quorum/model.
//
// Promised: every replica applies the same entry at the same index; indexes
// rise but are not dense; a committed entry survives. Nothing else. An old
// epoch's entry may commit late, an entry may commit twice, one proposer's
// entries may commit out of order or with gaps, leadership may be told late,
// early, to two brokers at once, or be absent for seconds.
//
// Safety is therefore not the engine's: a candidate proposes a Claim and is
// the active controller once its own claim is applied. Applier takes an entry
// only if its controller epoch is current and its sequence is the last plus
// one, so that a retry is harmless and a gap impossible.
package quorum
