package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"trialog/checker/history"
)

// Summary is what a run over seeds gave, scenario by scenario.
type Summary struct {
	Scenarios []ScenarioSummary `json:"scenarios"`
	// Complaints are why the run fails although no single seed need be red:
	// vacuous beyond the bound, a control that was not caught.
	Complaints []string `json:"complaints,omitempty"`
	// Failures are the red seeds, first ones first.
	Failures []*Outcome `json:"failures,omitempty"`
	// Interrupted: the run did not get as far as it was told to.
	Interrupted bool `json:"interrupted,omitempty"`

	Seeds  int     `json:"seeds"`
	Red    int     `json:"red"`
	CPU    int64   `json:"cpu_ns"`
	Probes []Tally `json:"probes,omitempty"` // in how many seeds each was reached
}

// ScenarioSummary is the part of one scenario. Medians are over its seeds.
type ScenarioSummary struct {
	Name        string            `json:"name"`
	Seeds       int               `json:"seeds"`
	NotRun      int               `json:"not_run,omitempty"`
	Red         int               `json:"red"`
	Control     bool              `json:"control,omitempty"`
	Foreign     bool              `json:"foreign,omitempty"` // carried out on an address
	Caught      int               `json:"caught,omitempty"`
	CaughtSeed  uint64            `json:"caught_seed,omitempty"` // the first one that was
	Unsupported []string          `json:"unsupported,omitempty"`
	Acked       int64             `json:"median_acked"`
	AckedValues int64             `json:"median_acked_values"`
	Operations  int64             `json:"median_operations"`
	Read        int64             `json:"median_read"`
	FaultsFired int64             `json:"median_faults_fired"`
	FaultKinds  int64             `json:"median_fault_kinds"`
	Restarts    int64             `json:"median_restarts"`
	Span        int64             `json:"median_span_ns"`
	CPU         int64             `json:"median_cpu_ns"`
	Judging     int64             `json:"median_judging_ns"`
	Rounds      int64             `json:"rounds,omitempty"`
	ReadyMs     *Spread           `json:"ready_ms,omitempty"`
	RestartMs   *Spread           `json:"restart_ms,omitempty"`
	Faults      []Tally           `json:"faults,omitempty"` // summed over the seeds, by kind
	Moved       []Tally           `json:"moved,omitempty"`  // those of them that moved a leader
	Properties  []PropertySummary `json:"properties"`
	Lacking     []Tally           `json:"lacking,omitempty"`
}

// Spread is a distribution in a few numbers.
type Spread struct {
	N      int   `json:"n"`
	Median int64 `json:"median"`
	P99    int64 `json:"p99"`
	Max    int64 `json:"max"`
}

// PropertySummary counts the verdicts on one property.
type PropertySummary struct {
	Number   int     `json:"number"`
	Name     string  `json:"name"`
	Verdicts []Tally `json:"verdicts"`
	Risk     []Tally `json:"risk,omitempty"` // summed over the seeds
}

// Gather collects outcomes into a summary. The zero value is ready.
type Gather struct {
	list   []Scenario
	byName map[string]*gathered
	probes []Tally
	sum    Summary
}

type gathered struct {
	outcomes []*Outcome
}

// NewGather starts a run over the given scenarios.
func NewGather(list []Scenario) *Gather {
	g := &Gather{list: list, byName: make(map[string]*gathered, len(list))}
	for i := range list {
		g.byName[list[i].Name] = &gathered{}
	}
	return g
}

// Add takes one outcome.
func (g *Gather) Add(o *Outcome) {
	s := g.byName[o.Scenario]
	s.outcomes = append(s.outcomes, o)
	g.sum.CPU += o.CPU
	if !o.NotRun {
		g.sum.Seeds++
	}
	if o.Red() {
		g.sum.Red++
		g.sum.Failures = append(g.sum.Failures, o)
	}
	for _, p := range o.Probes {
		reached := p
		reached.N = min(p.N, 1)
		g.probes = addTally(g.probes, reached)
	}
}

// Red is the number of red seeds so far.
func (g *Gather) Red() int { return g.sum.Red }

// Seeds is the number of seeds carried out so far.
func (g *Gather) Seeds() int { return g.sum.Seeds }

// Summary sums up what was added so far.
func (g *Gather) Summary() *Summary {
	sum := g.sum
	sum.Probes = g.probes
	for i := range g.list {
		s := &g.list[i]
		part := summarise(s, g.byName[s.Name].outcomes)
		sum.Scenarios = append(sum.Scenarios, part)
		sum.Complaints = append(sum.Complaints, complaints(s, &part)...)
	}
	return &sum
}

// Passed tells whether a run may be green.
func (s *Summary) Passed() bool {
	return s.Red == 0 && len(s.Complaints) == 0 && !s.Interrupted
}

func summarise(s *Scenario, outcomes []*Outcome) ScenarioSummary {
	part := ScenarioSummary{Name: s.Name, Control: s.Expect.Control()}
	var ready, restarts []int64
	ran := outcomes[:0:0]
	for _, o := range outcomes {
		part.Unsupported = o.Unsupported
		part.Foreign = o.Arm == string(history.ArmAddress)
		if o.NotRun {
			part.NotRun++
			continue
		}
		ran = append(ran, o)
		if o.Red() {
			part.Red++
		}
		if o.Caught {
			if part.Caught++; part.Caught == 1 {
				part.CaughtSeed = o.Seed
			}
		}
		for _, name := range o.Lacking {
			part.Lacking = addTally(part.Lacking, Tally{name, 1})
		}
		part.Rounds += o.Rounds
		for _, f := range o.Faults {
			part.Faults = addTally(part.Faults, f)
		}
		for _, m := range o.Moved {
			part.Moved = addTally(part.Moved, m)
		}
		ready, restarts = append(ready, o.ReadyMs...), append(restarts, o.RestartMs...)
		part.Properties = addJudgements(part.Properties, o.Judgements)
	}
	part.Seeds = len(ran)
	part.Acked = medianOf(ran, func(o *Outcome) int64 { return o.Acked })
	part.AckedValues = medianOf(ran, func(o *Outcome) int64 { return o.AckedValues })
	part.Operations = medianOf(ran, func(o *Outcome) int64 { return o.Operations })
	part.Read = medianOf(ran, func(o *Outcome) int64 { return o.Read })
	part.FaultsFired = medianOf(ran, func(o *Outcome) int64 { return o.FaultsFired })
	part.FaultKinds = medianOf(ran, func(o *Outcome) int64 { return int64(len(o.Faults)) })
	part.Restarts = medianOf(ran, func(o *Outcome) int64 { return o.Restarts })
	part.Span = medianOf(ran, func(o *Outcome) int64 { return o.Span })
	part.CPU = medianOf(ran, func(o *Outcome) int64 { return o.CPU })
	part.Judging = medianOf(ran, func(o *Outcome) int64 { return o.Judging })
	part.ReadyMs, part.RestartMs = spread(ready), spread(restarts)
	return part
}

// spread sums values up; nil when there are none.
func spread(values []int64) *Spread {
	n := len(values)
	if n == 0 {
		return nil
	}
	slices.Sort(values)
	return &Spread{N: n, Median: values[n/2], P99: values[n*99/100], Max: values[n-1]}
}

// Require adds complaints unless, over all scenarios that are no controls, so
// many faults moved a leader and every kind of fault struck so often.
func (s *Summary) Require(moves, each int64) {
	for i := range s.Scenarios {
		part := &s.Scenarios[i]
		if part.Control || part.Seeds == 0 {
			continue
		}
		for _, m := range part.Moved {
			moves -= m.N
		}
		for _, f := range part.Faults {
			if f.N < each {
				s.Complaints = append(s.Complaints, fmt.Sprintf("%s: %s struck %d times, wanted are %d", part.Name, f.Name, f.N, each))
			}
		}
	}
	if moves > 0 {
		s.Complaints = append(s.Complaints, fmt.Sprintf("%d faults that move a leader are missing", moves))
	}
}

// ProbeBudget is after how many seeds, over all scenarios, every probe must have been
// reached: one that never is says that what it marks is tried by nothing.
const ProbeBudget = 20_000

// excused are probes that no scenario can reach, and why. One that is reached after all
// has to go from here.
var excused = map[string]string{
	"sequence-wrapped":    "takes 2^31 records of one producer: core/partition's tests of producers step over it",
	"broker-unregistered": "nobody in a scenario unregisters brokers: core/controller's TestUnregisterBroker does",
}

// RequireProbes adds a complaint for every probe that was never reached, if the run was
// long enough for that and left no scenario out.
func (s *Summary) RequireProbes() {
	if all, err := Named(); err != nil || s.Seeds < ProbeBudget || len(s.Scenarios) < len(all) {
		return
	}
	for _, p := range s.Probes {
		switch reason := excused[p.Name]; {
		case p.N == 0 && reason == "":
			s.Complaints = append(s.Complaints, fmt.Sprintf("the probe %s was reached in none of %d seeds", p.Name, s.Seeds))
		case p.N > 0 && reason != "":
			s.Complaints = append(s.Complaints, fmt.Sprintf("the probe %s is excused (%s), and was reached in %d seeds", p.Name, reason, p.N))
		}
	}
}

// complaints are the ways in which a scenario fails as a whole: at most one
// seed in a hundred may be vacuous per property or lack a need, as far as so few
// seeds can tell, and a control must be caught.
func complaints(s *Scenario, part *ScenarioSummary) []string {
	var list []string
	bound := oneInAHundred(part.Seeds)
	for _, p := range part.Properties {
		if s.Expect.Control() || part.Foreign {
			break // a control is there to be caught, whatever else it shows; a process that is not ours is not killed
		}
		if n := tallyOf(p.Verdicts, "VACUOUS"); n > bound {
			list = append(list, fmt.Sprintf("%s: %s was VACUOUS in %d of %d seeds, at most %d may be", s.Name, p.Name, n, part.Seeds, bound))
		}
	}
	for _, l := range part.Lacking {
		if l.N > bound {
			list = append(list, fmt.Sprintf("%s: it is not true that %s in %d of %d seeds, at most %d may lack it", s.Name, l.Name, l.N, part.Seeds, bound))
		}
	}
	if s.Expect.Control() && part.Caught == 0 && part.Seeds >= s.Expect.Within {
		list = append(list, fmt.Sprintf("%s: the control was not caught in %d seeds: no %s found", s.Name, part.Seeds, s.Expect.Anomaly))
	}
	return list
}

// oneInAHundred is how many of some seeds may have what one in a hundred has: more
// come about by chance less than once in a thousand times (Poisson's distribution).
func oneInAHundred(seeds int) int64 {
	mean := float64(seeds) / 100
	if mean > 500 { // exp(-mean) would vanish, and the distribution is nearly normal
		return int64(mean + 3.09*math.Sqrt(mean))
	}
	at := math.Exp(-mean) // the probability of exactly n
	n, upTo := int64(0), at
	for upTo < 0.999 && int(n) < seeds {
		n++
		at *= mean / float64(n)
		upTo += at
	}
	return n
}

func addJudgements(list []PropertySummary, judgements []Judgement) []PropertySummary {
	for _, j := range judgements {
		i := slices.IndexFunc(list, func(p PropertySummary) bool { return p.Number == j.Number })
		if i < 0 {
			list = append(list, PropertySummary{Number: j.Number, Name: j.Name})
			i = len(list) - 1
		}
		list[i].Verdicts = addTally(list[i].Verdicts, Tally{j.Status, 1})
		for _, r := range j.Risk {
			list[i].Risk = addTally(list[i].Risk, r)
		}
	}
	return list
}

func addTally(list []Tally, t Tally) []Tally {
	for i := range list {
		if list[i].Name == t.Name {
			list[i].N += t.N
			return list
		}
	}
	return append(list, t)
}

func tallyOf(list []Tally, name string) int64 {
	for _, t := range list {
		if t.Name == name {
			return t.N
		}
	}
	return 0
}

func medianOf(list []*Outcome, of func(*Outcome) int64) int64 {
	if len(list) == 0 {
		return 0
	}
	values := make([]int64, len(list))
	for i, o := range list {
		values[i] = of(o)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// Verdicts writes the counts of a property as "HOLDS 99, VACUOUS 1".
func (p *PropertySummary) Line() string {
	parts := make([]string, len(p.Verdicts))
	for i, v := range p.Verdicts {
		parts[i] = fmt.Sprintf("%s %d", v.Name, v.N)
	}
	return strings.Join(parts, ", ")
}
