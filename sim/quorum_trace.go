package sim

import (
	"bytes"
	"fmt"

	"trialog/core/quorum"
	"trialog/core/quorum/model"
	"trialog/sim/choice"
)

// traceQuorum has some runs put down what happens to the metadata quorum.
func (w *World) traceQuorum() {
	w.memory.quorum = w.memory.quorum[:0]
	w.quorumTraced = !w.config.Blind && w.world.Choose(choice.AcceptQuorum, 4) == 1
}

// acceptQuorum has the trace of the metadata quorum judged when a run is over, by
// the judge of traces of the real engine: what the model does here it must take
// there, or a fault of the engine that it rejects would be none.
func (w *World) acceptQuorum() {
	if err := model.Accepts(w.memory.quorum); err != nil && w.broken == "" {
		w.fail(0, "the model of the metadata quorum rejects its own trace: "+err.Error())
	}
}

// sameOnTheWire tells whether an entry comes back from its encoding, in which the
// real engine carries it.
func (w *World) sameOnTheWire(e *quorum.Entry) {
	w.scratch = quorum.AppendEntry(w.scratch[:0], e)
	again, err := quorum.DecodeEntry(w.scratch)
	if err != nil || !bytes.Equal(quorum.AppendEntry(nil, &again), w.scratch) {
		w.fail(0, fmt.Sprintf("an entry of the metadata log does not come back from its encoding: %v", err))
	}
}

// checkInPieces has compressed batches of some runs checked as they are unpacked, as
// the node does with large ones.
func (w *World) checkInPieces() {
	if w.world.Choose(choice.CheckInPieces, 4) == 1 {
		w.checker.Between = func() {}
	}
}
