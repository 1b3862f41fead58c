package matrix

import (
	"testing"

	"trialog/checker/report"
	"trialog/scenarios"
)

// results are those of one scenario on one arm.
func results(arm, name string, red int, caught int, faults, verdicts []scenarios.Tally) *scenarios.Results {
	s := scenarios.ScenarioSummary{Name: name, Seeds: 10, Red: red, Caught: caught, CaughtSeed: 7, Faults: faults}
	s.Properties = []scenarios.PropertySummary{{Number: 3, Name: "durability", Verdicts: verdicts}}
	return &scenarios.Results{Arm: arm, Summary: &scenarios.Summary{Scenarios: []scenarios.ScenarioSummary{s}}}
}

// TestEvaluate: a claimed row holds only where it was at risk, nothing was
// violated, nothing else broke and its faults struck; the arms stand apart.
func TestEvaluate(t *testing.T) {
	cut := []scenarios.Tally{{Name: "power-cut", N: 5}}
	tally := func(name string) []scenarios.Tally { return []scenarios.Tally{{Name: name, N: 10}} }
	for _, c := range []struct {
		name     string
		run      *scenarios.Results
		row      string
		want     string
		realWant string
	}{
		{"held", results("sim", "single-power", 0, 0, cut, tally("HOLDS")), "one-kept-power", report.Holds, ""},
		{"violated", results("sim", "single-power", 1, 0, cut, append(tally("HOLDS"), tally("VIOLATED")...)), "one-kept-power", report.Violated, ""},
		{"red otherwise", results("sim", "single-power", 1, 0, cut, tally("HOLDS")), "one-kept-power", report.Red, ""},
		{"undecided", results("sim", "single-power", 0, 0, cut, append(tally("HOLDS"), tally("UNKNOWN")...)), "one-kept-power", report.Unknown, ""},
		{"nothing at risk", results("sim", "single-power", 0, 0, cut, tally("VACUOUS")), "one-kept-power", report.Vacuous, ""},
		{"no such fault", results("sim", "single-power", 0, 0, nil, tally("HOLDS")), "one-kept-power", report.Vacuous, ""},
		{"another scenario", results("sim", "single-net", 0, 0, cut, tally("HOLDS")), "one-kept-power", "", ""},
		{"real", results("local", "single-power", 0, 0, cut, tally("HOLDS")), "one-kept-power", "", report.Holds},
		{"shown", results("sim", "replicated-acks-one", 0, 2, nil, tally("NOT-CLAIMED")), "lost-acks-one", report.Shown, ""},
		{"not shown", results("sim", "replicated-acks-one", 0, 0, nil, tally("NOT-CLAIMED")), "lost-acks-one", report.NotShown, ""},
	} {
		row := rowNamed(t, Evaluate([]*scenarios.Results{c.run}, nil), c.row)
		if got := verdict(row.Simulated); got != c.want {
			t.Errorf("%s: simulated %q, want %q", c.name, got, c.want)
		}
		if got := verdict(row.Real); got != c.realWant {
			t.Errorf("%s: real %q, want %q", c.name, got, c.realWant)
		}
	}
}

func TestEvaluateNamesMutantsAndSeeds(t *testing.T) {
	power := &report.Power{Mutants: []report.Bug{{Name: "m28-ack-before-fsync", Found: true}, {Name: "own-torn-tail-comes-back"}}}
	run := results("sim", "replicated-acks-one", 0, 2, nil, nil)
	parts := Evaluate([]*scenarios.Results{run}, power)
	row := rowNamed(t, parts, "one-kept-power")
	if row.MutantLine() != "m28-ack-before-fsync (found), duplicate-answered-early (not run), own-torn-tail-comes-back (missed)" {
		t.Errorf("%s", row.MutantLine())
	}
	lost := rowNamed(t, parts, "lost-acks-one").Simulated
	if lost.Seed != 7 || lost.Replay != "trialog-lab replay replicated-acks-one --seed 7" {
		t.Errorf("%+v", lost)
	}
}

func verdict(r *report.Result) string {
	if r == nil {
		return ""
	}
	return r.Verdict
}

func rowNamed(t *testing.T, parts []report.Part, id string) *report.Row {
	t.Helper()
	for _, p := range parts {
		for i := range p.Rows {
			if p.Rows[i].ID == id {
				return &p.Rows[i]
			}
		}
	}
	t.Fatalf("there is no row %s", id)
	return nil
}

// TestForeign: a property that the histories of a foreign cluster decide has a row
// of real evidence; what is not claimed there has none.
func TestForeign(t *testing.T) {
	drop := []scenarios.Tally{{Name: "lost-response", N: 9}}
	for verdict, want := range map[string]string{"HOLDS": report.Holds, "VACUOUS": report.Vacuous, "VIOLATED": report.Violated, "NOT-CLAIMED": ""} {
		run := results("address", "single-net", 0, 0, drop, []scenarios.Tally{{Name: verdict, N: 10}})
		parts := Foreign(run)
		if len(parts) != 1 || (len(parts[0].Rows) == 1) != (want != "") {
			t.Errorf("%s: %+v", verdict, parts)
			continue
		}
		if want == "" {
			continue
		}
		if row := parts[0].Rows[0]; row.Simulated != nil || row.Real.Verdict != want || row.Property != "durability" {
			t.Errorf("%s: %+v", verdict, row)
		}
	}
	for brokers, name := range map[int]string{1: "single-net", 2: "single-net", 3: "replicated-partition"} {
		list, err := scenarios.Named(ForeignScenarios(brokers)...)
		if err != nil || len(list) != 1 || list[0].Name != name {
			t.Errorf("%d brokers: %v", brokers, err)
		}
	}
}
