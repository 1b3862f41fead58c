package onsim

import (
	"strings"
	"testing"

	"trialog/scenarios"
)

// TestPlantedVacuousWorkloadsAreCaught: a workload in which nothing is at risk does not
// pass, whatever holds in it.
func TestPlantedVacuousWorkloadsAreCaught(t *testing.T) {
	none := scenarios.Fixed(0)
	for _, c := range []struct {
		name, scenario, complaint string
		spoil                     func(*scenarios.Scenario)
	}{
		{"nothing strikes", "single-crash", "durability was VACUOUS", func(s *scenarios.Scenario) { s.Faults = nil }},
		{"nobody reads", "single-crash", "records were read while faults struck in 2 of 2", func(s *scenarios.Scenario) { s.Workload.Consumers = none }},
		{"nobody writes", "single-crash", "log-linearizable was VACUOUS", func(s *scenarios.Scenario) {
			s.Workload.Plain, s.Workload.Idempotent = none, none
		}},
		{"nothing dies", "storage-log", "crash-consistency was VACUOUS", func(s *scenarios.Scenario) {
			s.Faults, s.Storage.Operations = nil, scenarios.Fixed(1)
		}},
		{"nobody joins", "single-groups", "members committed in 2 of 2", func(s *scenarios.Scenario) {
			s.Workload.Groups, s.Workload.Ledgers = none, none
		}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			list, err := scenarios.Named(c.scenario)
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(&list[0])
			arm, gather := New(Options{}), scenarios.NewGather(list)
			for seed := range uint64(2) {
				gather.Add(arm.Run(t.Context(), &list[0], seed+1))
			}
			sum := gather.Summary()
			if sum.Passed() || !strings.Contains(strings.Join(sum.Complaints, "\n"), c.complaint) {
				t.Errorf("passed: %t; complaints %q", sum.Passed(), sum.Complaints)
			}
		})
	}
}
