package onsim

import (
	"slices"
	"testing"

	"trialog/scenarios"
)

// TestFewerBrokers: a shrunk run does without the brokers that it does not need,
// its tape says so, and none of those that are left can go.
func TestFewerBrokers(t *testing.T) {
	tape := &Tape{Scenario: "replicated-acks-one", Seed: 1}
	s, how, err := tape.load()
	if err != nil {
		t.Fatal(err)
	}
	shrinking := &shrinking{arm: New(Options{}), scenario: s, seed: tape.Seed, how: how, tell: func(ShrinkStep) {}}
	first := shrinking.run(t.Context(), nil)
	gone, tried := shrinking.dismiss(t.Context(), nil, first.Signature)
	if first.Signature == "" || !gone || !tried || len(shrinking.how.absent) != 1 {
		t.Fatalf("%q without %v: %t %t", first.Signature, shrinking.how.absent, gone, tried)
	}
	tape.Absent = shrinking.how.absent
	run, err := Replay(t.Context(), tape, ReplayOptions{})
	if err != nil || run.Signature != first.Signature {
		t.Fatalf("without %v: %q: %v", tape.Absent, run.Signature, err)
	}
	if text, differ, err := Twice(tape); err != nil || differ {
		t.Fatal(text, err)
	}
	if again, _ := shrinking.dismiss(t.Context(), nil, first.Signature); again {
		t.Errorf("%v could go, too", shrinking.how.absent)
	}
}

func TestLess(t *testing.T) {
	list, err := scenarios.Named("replicated-crash")
	if err != nil {
		t.Fatal(err)
	}
	s := &list[0]
	before := slices.Clone(s.Cluster.Settings)
	if two := less(s, []int{2}); two.Replicas() != 2 || two.MinISR() != 1 {
		t.Errorf("%d replicas, min ISR %d", two.Replicas(), two.MinISR())
	}
	if less(s, nil) != s || s.Replicas() != 3 || !slices.Equal(before, s.Cluster.Settings) {
		t.Errorf("the scenario has changed: %v", s.Cluster.Settings)
	}
}
