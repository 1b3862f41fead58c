// Package core holds everything that decides. Every package below it is pure:
// a driver (package node in production, package sim under test) feeds inputs
// and carries out effects, and the machines in between read nothing but their
// state and their arguments.
//
// # The contract of a machine
//
//		Step(now kafka.Now, in Input, out *Effects)
//		Deadline() (kafka.Instant, bool)
//		Invariants() error
//
//	 1. Step is the only way to change a machine. It never blocks and never
//	    fails. A refusal is an effect that carries a Kafka error code; a broken
//	    invariant panics with its number.
//	 2. Deadline says when the machine next wants a Tick. An early Tick is a
//	    no-op. There are no timer IDs and nothing to cancel.
//	 3. Effects are data in typed, reused slices. There is no order between
//	    kinds of effects; order is kept within a kind. What must wait for the
//	    disk is emitted only once the disk's answer has come in.
//	 4. Inputs are pointers and are not kept after Step returns. Record bytes
//	    are handed over on delivery, and nobody ever writes to them again.
//	 5. Two clocks: kafka.Now.Mono for deadlines and failure detection,
//	    kafka.Now.Wall for record timestamps and policies. Safety rests on
//	    epochs, never on clocks.
//	 6. No goroutine, channel, lock, clock, environment, randomness, log output,
//	    map-iteration order or float. Package archtest's analyzers refuse them.
//	 7. Limits are fields of a Limits struct given to the constructor, so that a
//	    simulation can draw them.
//
// Read next: core/kafka (the vocabulary), core/broker (the machine that
// composes the others), core/partition (one replica's log).
package core
