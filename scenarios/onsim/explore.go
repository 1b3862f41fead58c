package onsim

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"trialog/checker/history"
	"trialog/scenarios"
	"trialog/sim"
	"trialog/sim/choice"
	"trialog/sim/explore"
)

// The parts of an explored run around the one in which faults may strike.
const (
	exploredWarmup = 1200 * sim.Millisecond
	exploredHeal   = 800 * sim.Millisecond
)

// explorable are the kinds of faults that befall one broker and can be placed
// before one of its events, with how long each lasts: short of its session, and
// longer.
var explorable = []struct {
	kind  scenarios.Kind
	spans []int64
}{
	{scenarios.ProcessKill, []int64{20 * sim.Millisecond, 900 * sim.Millisecond}},
	{scenarios.PowerCut, []int64{20 * sim.Millisecond, 900 * sim.Millisecond}},
	{scenarios.Shutdown, []int64{100 * sim.Millisecond}},
	{scenarios.Pause, []int64{900 * sim.Millisecond}},
	{scenarios.Isolate, []int64{200 * sim.Millisecond, 900 * sim.Millisecond}},
}

// Explored is the small world of a scenario, with the faults that schedules place.
type Explored struct {
	scenario *scenarios.Scenario
	kinds    []string
	ways     []sim.Strike
}

// NewExplored finds the faults of a scenario that can be placed; of these kinds
// only, if any is named.
func NewExplored(s *scenarios.Scenario, kinds []string) (*Explored, error) {
	if s.Storage != nil {
		return nil, fmt.Errorf("%s has no brokers whose events could be counted", s.Name)
	}
	e := &Explored{scenario: scenarios.Small(s), ways: []sim.Strike{}}
	var there []string
	for _, x := range explorable {
		if !s.Has(x.kind) {
			continue
		}
		there = append(there, x.kind.String())
		if len(kinds) > 0 && !slices.Contains(kinds, x.kind.String()) {
			continue
		}
		i := slices.IndexFunc(faultRows, func(r faultRow) bool { return r.kind == x.kind })
		e.kinds = append(e.kinds, x.kind.String())
		for _, span := range x.spans {
			e.ways = append(e.ways, sim.Strike{Kind: faultRows[i].sim, Span: span})
		}
	}
	if len(e.kinds) == 0 || len(e.kinds) < len(kinds) {
		return nil, fmt.Errorf("%s has of the faults that can be placed: %s", s.Name, strings.Join(there, ", "))
	}
	return e, nil
}

// Kinds are the kinds of faults that are placed.
func (e *Explored) Kinds() []string { return e.kinds }

// Space fills in what the scenario decides about how many schedules there are.
func (e *Explored) Space(s explore.Space) explore.Space {
	s.Brokers, s.Ways = e.scenario.Cluster.Brokers, len(e.ways)
	return s
}

// Scenario is the small world.
func (e *Explored) Scenario() *scenarios.Scenario { return e.scenario }

// Tape is a schedule for storing.
func (e *Explored) Tape(s explore.Space, k uint64) *Tape {
	t := &Tape{Scenario: e.scenario.Name, Seed: 0, Explored: e.kinds}
	t.setOverrides(s.Tape(k))
	return t
}

// Explorer is an arm that carries schedules out: a seed is the number of one.
type Explorer struct {
	arm   *Arm
	world *Explored
	space explore.Space
	// Unmade counts the schedules of which some choice was never made: the run was
	// over before it came to it. They are the same as ones with fewer.
	Unmade int
}

// NewExplorer makes an arm.
func NewExplorer(e *Explored, s explore.Space, o Options) *Explorer {
	return &Explorer{arm: New(o), world: e, space: s}
}

// Run carries out one schedule and judges it.
func (x *Explorer) Run(ctx context.Context, s *scenarios.Scenario, k uint64) *scenarios.Outcome {
	if ctx.Err() != nil {
		return nil
	}
	run := x.arm.carryOut(s, 0, options{tape: x.space.Tape(k), explored: x.world.ways})
	if len(run.Result.Unused) > 0 {
		x.Unmade++
	}
	run.Outcome.Seed, run.Outcome.Arm = k, string(history.ArmSimulator)
	return run.Outcome
}

// Words tells a schedule.
func (e *Explored) Words(s explore.Space, k uint64) []string {
	var lines []string
	for _, o := range s.Tape(k) {
		if o.Site == choice.ExploreDelay {
			lines = append(lines, fmt.Sprintf("delivery %d is held past %d others", o.Ordinal, o.Value))
			continue
		}
		f := e.ways[o.Value-1]
		lines = append(lines, fmt.Sprintf("%s of broker %d before its event %d, for %d ms", f.Kind, o.Stream.Index(), o.Ordinal, f.Span/sim.Millisecond))
	}
	if len(lines) == 0 {
		lines = append(lines, "nothing happens")
	}
	return lines
}
