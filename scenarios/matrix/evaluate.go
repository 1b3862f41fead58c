package matrix

import (
	"fmt"
	"slices"

	"trialog/checker/history"
	"trialog/checker/report"
	"trialog/scenarios"
)

// Evaluate fills the rows with the evidence of runs and of a power table (nil:
// there is none).
func Evaluate(runs []*scenarios.Results, power *report.Power) []report.Part {
	parts := make([]report.Part, len(Parts()))
	for i, title := range Parts() {
		parts[i].Title = string(title)
		for _, r := range Rows() {
			if r.Part == title {
				parts[i].Rows = append(parts[i].Rows, r.evaluate(runs, power))
			}
		}
	}
	return parts
}

func (r *Row) evaluate(runs []*scenarios.Results, power *report.Power) report.Row {
	row := report.Row{
		ID: r.ID, Claimed: r.Holds, Property: r.Property.String(), Guarantee: r.Guarantee, Settings: r.Settings, Under: r.Under,
		Note: r.Note, Scenarios: r.Scenarios,
	}
	for _, name := range r.Mutants {
		row.Mutants = append(row.Mutants, report.Mutant{Name: name, State: state(power, name)})
	}
	row.Simulated = r.result(runs, string(history.ArmSimulator))
	row.Real = r.result(runs, string(history.ArmLocal))
	if s := row.Simulated; s != nil && s.Verdict == report.Holds && power != nil && !row.Killed() {
		s.Why = "no known bug of this row was found: the trial may be blind to it"
	}
	return row
}

func state(power *report.Power, name string) string {
	if power == nil {
		return "not run"
	}
	i := slices.IndexFunc(power.Mutants, func(b report.Bug) bool { return b.Name == name })
	switch {
	case i < 0:
		return "not run"
	case power.Mutants[i].Found:
		return "found"
	default:
		return "missed"
	}
}

// tally is what the runs of one arm say of a row.
type tally struct {
	seeds, holds, violated, unknown, vacuous, red int64
	caught                                        int64
	caughtIn                                      string // the scenario of seed
	seed                                          uint64
	faults, risk                                  []report.Count
}

// result sums the runs of one arm up; nil: there are none.
func (r *Row) result(runs []*scenarios.Results, arm string) *report.Result {
	var t tally
	for _, run := range runs {
		if run.Arm != arm {
			continue
		}
		for i := range run.Scenarios {
			if s := &run.Scenarios[i]; slices.Contains(r.Scenarios, s.Name) && s.Seeds > 0 {
				t.add(r, s)
			}
		}
	}
	if t.seeds == 0 {
		return nil
	}
	out := &report.Result{Seeds: t.seeds, AtRisk: t.holds, Violated: t.violated, Faults: t.faults, Risk: t.risk}
	out.Verdict, out.Why = t.verdict(r)
	if t.caught > 0 && !r.Holds {
		out.Seed, out.Replay = t.seed, fmt.Sprintf("trialog-lab replay %s --seed %d", t.caughtIn, t.seed)
		out.Link = fmt.Sprintf("#%s-%d", t.caughtIn, t.seed)
	}
	return out
}

func (t *tally) add(r *Row, s *scenarios.ScenarioSummary) {
	t.seeds += int64(s.Seeds)
	t.red += int64(s.Red)
	t.caught += int64(s.Caught)
	if s.Caught > 0 && t.caughtIn == "" {
		t.caughtIn, t.seed = s.Name, s.CaughtSeed
	}
	for _, f := range s.Faults {
		if slices.ContainsFunc(r.Faults, func(k scenarios.Kind) bool { return k.String() == f.Name }) {
			t.faults = add(t.faults, f)
		}
	}
	for i := range s.Properties {
		p := &s.Properties[i]
		if p.Number != int(r.Property) {
			continue
		}
		for _, v := range p.Verdicts {
			switch v.Name {
			case "HOLDS":
				t.holds += v.N
			case "VIOLATED":
				t.violated += v.N
			case "UNKNOWN":
				t.unknown += v.N
			default:
				t.vacuous += v.N
			}
		}
		for _, c := range p.Risk {
			t.risk = add(t.risk, c)
		}
	}
}

func add(list []report.Count, t scenarios.Tally) []report.Count {
	for i := range list {
		if list[i].Name == t.Name {
			list[i].N += t.N
			return list
		}
	}
	return append(list, report.Count{Name: t.Name, N: t.N})
}

func (t *tally) verdict(r *Row) (verdict, why string) {
	struck := len(r.Faults) == 0
	for _, f := range t.faults {
		struck = struck || f.N > 0
	}
	switch {
	case !r.Holds && t.caught > 0:
		return report.Shown, fmt.Sprintf("in %d of %d seeds", t.caught, t.seeds)
	case !r.Holds:
		return report.NotShown, "nothing was found"
	case t.violated > 0:
		return report.Violated, fmt.Sprintf("in %d of %d seeds", t.violated, t.seeds)
	case t.red > 0:
		return report.Red, fmt.Sprintf("%d seeds of its scenarios broke something else", t.red)
	case t.unknown > 0:
		return report.Unknown, fmt.Sprintf("undecided in %d seeds", t.unknown)
	case t.holds == 0:
		return report.Vacuous, "nothing was at risk"
	case !struck:
		return report.Vacuous, "no fault of the row's kinds struck"
	default:
		return report.Holds, ""
	}
}
