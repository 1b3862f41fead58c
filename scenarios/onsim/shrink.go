package onsim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	// BrokersBefore and BrokersAfter count those that run.
	BrokersBefore, BrokersAfter int
	// Minimal says that leaving out any one fault, operation, client or broker makes
	// the run pass, and that this was tried.
	Minimal bool
}

// shrinking is one under way.
type shrinking struct {
	arm      *Arm
	scenario *scenarios.Scenario
	seed     uint64
	how      options // of every run; brokers go from it one by one
	runs     int
	tell     func(ShrinkStep)
}

// run carries a run out under a tape.
func (s *shrinking) run(ctx context.Context, tape []choice.Override) shrink.Outcome {
	s.runs++
	if ctx.Err() != nil {
		return shrink.Outcome{NotRun: true}
	}
	how := s.how
	how.tape, how.record = tape, true
	run := s.arm.carryOut(s.scenario, s.seed, how)
	o := shrink.Outcome{Signature: signature(s.scenario, run.Outcome), Choices: run.Result.Choices, Unused: run.Result.Unused}
	s.tell(ShrinkStep{Runs: s.runs, Signature: o.Signature})
	return o
}

// dismiss lets go every broker without which the run fails alike. tried is false
// when the time ended before each had been tried.
func (s *shrinking) dismiss(ctx context.Context, tape []choice.Override, signature string) (gone, tried bool) {
	if s.scenario.Storage != nil {
		return false, true
	}
	for node := 1; node <= s.scenario.Cluster.Brokers; node++ {
		if slices.Contains(s.how.absent, node) || len(s.how.absent)+1 >= s.scenario.Cluster.Brokers {
			continue
		}
		s.how.absent = append(s.how.absent, node)
		o := s.run(ctx, tape)
		if o.Signature == signature {
			gone = true
			continue
		}
		s.how.absent = s.how.absent[:len(s.how.absent)-1]
		if o.NotRun {
			return gone, false
		}
	}
	return gone, true
}

// minimise leaves out brokers, then all else, then brokers again: a world with
// fewer of them is smaller in everything.
func (s *shrinking) minimise(ctx context.Context) (found shrink.Result, failed bool) {
	carryOut := func(tape []choice.Override) shrink.Outcome { return s.run(ctx, tape) }
	first := carryOut(s.how.tape)
	if first.Signature == "" {
		return shrink.Result{}, false
	}
	s.dismiss(ctx, s.how.tape, first.Signature)
	for tape := s.how.tape; ; tape = found.Tape {
		found, failed = shrink.Minimise(carryOut, tape, shrinkRuns)
		if !failed {
			return found, false
		}
		gone, tried := s.dismiss(ctx, found.Tape, found.Signature)
		found.Minimal = found.Minimal && tried
		if !gone || ctx.Err() != nil {
			break
		}
	}
	found.Before, found.Runs = shrink.Count(first.Choices), s.runs
	return found, true
}

// Shrink looks for a shorter schedule that fails in the same way: by the same
// property and anomaly. When ctx ends it settles for what it has.
func Shrink(ctx context.Context, t *Tape, tell func(ShrinkStep)) (*Shrunk, error) {
	scenario, how, err := t.load()
	if err != nil {
		return nil, err
	}
	s := &shrinking{arm: New(Options{Patience: 10 * time.Second}), scenario: scenario, seed: t.Seed, how: how, tell: tell}
	s.how.absent = slices.Clone(t.Absent)
	if scenario.Storage != nil {
		// What would have come after the failure must not take its place.
		s.how.operations = s.arm.carryOut(scenario, t.Seed, how).operations
	}
	found, failed := s.minimise(ctx)
	if !failed {
		return nil, fmt.Errorf("%s --seed %d does not fail", t.Scenario, t.Seed)
	}
	slices.Sort(s.how.absent)
	shrunk := &Shrunk{
		Signature: found.Signature, Runs: found.Runs, Before: found.Before, After: found.After, Minimal: found.Minimal,
		BrokersBefore: scenario.Cluster.Brokers - len(t.Absent), BrokersAfter: scenario.Cluster.Brokers - len(s.how.absent),
		Tape: &Tape{
			Scenario: t.Scenario, Seed: t.Seed, Signature: found.Signature, Operations: s.how.operations, Explored: t.Explored, Absent: s.how.absent,
		},
	}
	shrunk.Tape.setOverrides(found.Tape)
	// The tape is stored with the hash of its own run.
	last, err := Replay(context.WithoutCancel(ctx), shrunk.Tape, ReplayOptions{})
	if err != nil {
		return nil, err
	}
	if signature(scenario, last.Outcome) != found.Signature {
		return nil, errors.New("the shrunk run does not fail any more: the run is not deterministic")
	}
	shrunk.Tape.TraceHash = last.Outcome.TraceHash
	return shrunk, nil
}

// less is a scenario's cluster without some brokers: nothing has more replicas
// than there are brokers left.
func less(s *scenarios.Scenario, absent []int) *scenarios.Scenario {
	left := s.Cluster.Brokers - len(absent)
	if len(absent) == 0 || s.Replicas() <= left {
		return s
	}
	smaller := *s
	smaller.Cluster.Settings = slices.DeleteFunc(slices.Clone(s.Cluster.Settings), func(c scenarios.Setting) bool {
		return c.Name == "default.replication.factor" || c.Name == "offsets.topic.replication.factor"
	})
	for _, name := range []string{"default.replication.factor", "offsets.topic.replication.factor"} {
		smaller.Cluster.Settings = append(smaller.Cluster.Settings, scenarios.Setting{Name: name, Value: strconv.Itoa(left)})
	}
	return &smaller
}

// signature names how a run failed, or, of a control, what it was caught by; ""
// when it did not.
func signature(s *scenarios.Scenario, o *scenarios.Outcome) string {
	if name := o.Signature(); name != "" || !o.Caught {
		return name
	}
	return Control + s.Expect.Anomaly
}
