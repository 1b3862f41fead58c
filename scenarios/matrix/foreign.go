package matrix

import (
	"fmt"

	"trialog/checker/history"
	"trialog/checker/report"
	"trialog/scenarios"
)

// byClients are the faults that a client can cause to a cluster that is not ours.
var byClients = []scenarios.Kind{scenarios.Reset, scenarios.HalfOpen, scenarios.Delay, scenarios.LostResponse}

// ForeignScenarios are those whose workloads an independent client carries out on
// any cluster of so many brokers, under faults of its connections.
func ForeignScenarios(brokers int) []string {
	if brokers >= 3 {
		return []string{"replicated-partition"}
	}
	return []string{"single-net"}
}

// Foreign is the matrix of a cluster that is not ours: a part for each scenario, a
// row for each property that its clients' histories decide. The evidence is real.
func Foreign(result *scenarios.Results) []report.Part {
	var parts []report.Part
	for i := range result.Scenarios {
		s := &result.Scenarios[i]
		part := report.Part{Title: fmt.Sprintf("%s, clients' faults only", s.Name)}
		for _, d := range history.Catalogue() {
			if row, judged := foreignRow(result, s, d); judged {
				part.Rows = append(part.Rows, row)
			}
		}
		parts = append(parts, part)
	}
	return parts
}

// foreignRow is the row of one property; false: its scenario says nothing of it.
func foreignRow(result *scenarios.Results, s *scenarios.ScenarioSummary, d history.Definition) (report.Row, bool) {
	r := Row{Holds: true, Property: d.Property, Scenarios: []string{s.Name}, Faults: byClients}
	claimed := false
	for i := range s.Properties {
		for _, v := range s.Properties[i].Verdicts {
			claimed = claimed || s.Properties[i].Number == int(d.Property) && v.Name != "NOT-CLAIMED" && v.N > 0
		}
	}
	if !claimed {
		return report.Row{}, false
	}
	return report.Row{
		ID: s.Name + "/" + d.Name, Claimed: true, Property: d.Name, Guarantee: d.Says, Settings: "the cluster's own; acks=all, some producers idempotent",
		Under: "lost answers, and connections that break, go silent and lag", Scenarios: r.Scenarios,
		Real: r.result([]*scenarios.Results{result}, string(history.ArmAddress)),
	}, true
}
