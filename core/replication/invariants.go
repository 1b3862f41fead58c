package replication

import (
	"errors"
	"fmt"
	"slices"

	"trialog/core/kafka"
)

// Invariants checks R1 and R3 to R8; R2 is checked where the high watermark
// moves, R5 where answers are given.
func (r *Replica) Invariants() error {
	if err := r.Check(); err != nil {
		return err
	}
	return r.checkWaiting()
}

// Check is Invariants without the walk over what waits.
func (r *Replica) Check() error {
	l := r.Log
	switch {
	case l.LogStartOffset > l.HighWatermark || l.HighWatermark > l.LogEndOffset:
		return fmt.Errorf("R1: log start %d, high watermark %d, end %d", l.LogStartOffset, l.HighWatermark, l.LogEndOffset)
	case l.WrittenEndOffset > l.LogEndOffset || l.DurableEndOffset > l.WrittenEndOffset:
		return fmt.Errorf("R3: durable %d, written %d, end %d", l.DurableEndOffset, l.WrittenEndOffset, l.LogEndOffset)
	case r.role != RoleNone && r.epoch < l.LatestEpoch():
		return fmt.Errorf("R6: role in epoch %d, the log is in %d", r.epoch, l.LatestEpoch())
	case r.role != RoleNone && l.Fenced != "":
		return errors.New("R8: a role on a fenced log")
	case !r.Leads() && len(r.produces) > 0:
		return errors.New("R4: produces wait on a replica that does not lead")
	}
	if r.Leads() && !slices.Contains(r.isr, r.self) {
		return errors.New("R7: a leader outside its ISR")
	}
	return nil
}

func (r *Replica) checkWaiting() error {
	last := kafka.Offset(0)
	for i := range r.produces {
		w := &r.produces[i]
		if w.end < last || w.end > r.Log.LogEndOffset {
			return fmt.Errorf("R4: produce %d waits for %d behind %d, the log ends at %d", i, w.end, last, r.Log.LogEndOffset)
		}
		if r.reached(w) {
			return fmt.Errorf("R4: produce %d waits for %d, which is reached", i, w.end)
		}
		last = w.end
	}
	return nil
}
