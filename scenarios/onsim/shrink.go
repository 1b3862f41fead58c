package onsim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"trialog/scenarios"
	"trialog/sim/choice"
	"trialog/sim/shrink"
)

// shrinkRuns bounds the runs of one shrinking.
const shrinkRuns = 4000

// ShrinkStep tells how far shrinking has come.
type ShrinkStep struct {
	Runs      int
	Signature string // of the last run
}

// Shrunk is what shrinking found.
type Shrunk struct {
	Tape      *Tape
	Signature string
	Runs      int
	// Before and After count faults, operations and details, in this order.
	Before, After [shrink.StageCount]int
	// Minimal says that leaving out any one fault, operation or client makes the
	// run pass, and that this was tried.
	Minimal bool
}

// Shrink looks for a shorter schedule that fails in the same way: by the same
// property and anomaly. When ctx ends it settles for what it has.
func Shrink(ctx context.Context, t *Tape, tell func(ShrinkStep)) (*Shrunk, error) {
	scenario, how, err := t.load()
	if err != nil {
		return nil, err
	}
	a := New(Options{Patience: 10 * time.Second})
	runs, operations := 0, t.Operations
	if scenario.Storage != nil {
		// What would have come after the failure must not take its place.
		operations = a.carryOut(scenario, t.Seed, how).operations
	}
	carryOut := func(tape []choice.Override) shrink.Outcome {
		runs++
		if ctx.Err() != nil {
			return shrink.Outcome{NotRun: true}
		}
		run := a.carryOut(scenario, t.Seed, options{tape: tape, record: true, operations: operations, explored: how.explored})
		o := shrink.Outcome{Signature: signature(scenario, run.Outcome), Choices: run.Result.Choices, Unused: run.Result.Unused}
		tell(ShrinkStep{Runs: runs, Signature: o.Signature})
		return o
	}
	found, failed := shrink.Minimise(carryOut, how.tape, shrinkRuns)
	if !failed {
		return nil, fmt.Errorf("%s --seed %d does not fail", t.Scenario, t.Seed)
	}
	s := &Shrunk{Signature: found.Signature, Runs: found.Runs, Before: found.Before, After: found.After, Minimal: found.Minimal}
	s.Tape = &Tape{Scenario: t.Scenario, Seed: t.Seed, Signature: found.Signature, Operations: operations, Explored: t.Explored}
	s.Tape.setOverrides(found.Tape)
	// The tape is stored with the hash of its own run.
	last, err := Replay(context.WithoutCancel(ctx), s.Tape, ReplayOptions{})
	if err != nil {
		return nil, err
	}
	if signature(scenario, last.Outcome) != found.Signature {
		return nil, errors.New("the shrunk run does not fail any more: the run is not deterministic")
	}
	s.Tape.TraceHash = last.Outcome.TraceHash
	return s, nil
}

// signature names how a run failed, or, of a control, what it was caught by; ""
// when it did not.
func signature(s *scenarios.Scenario, o *scenarios.Outcome) string {
	if name := o.Signature(); name != "" || !o.Caught {
		return name
	}
	return Control + s.Expect.Anomaly
}
