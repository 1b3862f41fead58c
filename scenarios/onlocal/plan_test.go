package onlocal

import (
	"reflect"
	"testing"

	"trialog/checker/history"
	"trialog/scenarios"
)

func named(t *testing.T, name string) *scenarios.Scenario {
	t.Helper()
	list, err := scenarios.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	return &list[0]
}

func TestPlanIsDrawnFromTheSeed(t *testing.T) {
	s := named(t, "single-net")
	if !reflect.DeepEqual(draw(s, 3, true), draw(s, 3, true)) {
		t.Fatal("the same seed draws another plan")
	}
	if reflect.DeepEqual(draw(s, 3, true).strikes, draw(s, 4, true).strikes) {
		t.Fatal("another seed draws the same plan")
	}
}

func TestAHundredKills(t *testing.T) {
	p := draw(named(t, "single-kills"), 1, true)
	if len(p.strikes) != 100 || len(p.producers) != 8 || p.consumers != 4 {
		t.Fatalf("%d strikes, %d producers, %d consumers", len(p.strikes), len(p.producers), p.consumers)
	}
	for i, w := range p.producers {
		if !w.idempotent {
			t.Fatalf("producer %d is not idempotent", i)
		}
	}
}

// TestUnsupported: what cannot be injected is named, and a scenario of which
// nothing can be is not run.
func TestUnsupported(t *testing.T) {
	o := New(Options{Program: "/nonexistent"}).Run(t.Context(), named(t, "storage-log"), 1)
	if !o.NotRun || o.Red() {
		t.Fatalf("a trial of the simulated storage was run on real processes: %+v", o)
	}
	if list := outside(named(t, "single-power"), false); len(list) != 3 {
		t.Fatalf("on an address: %v", list)
	}
	if list := outside(named(t, "single-kills"), true); len(list) != 0 {
		t.Fatalf("on a process: %v", list)
	}
}

func TestHeaderClaimsNothingInside(t *testing.T) {
	s := named(t, "single-unsynced-power")
	h := draw(s, 1, true).header(s, 1, history.ArmLocal)
	if len(h.Claims) != 1 || h.Claims[0].Property != history.CrashConsistency || h.Claims[0].Claimed || h.Topics[0].Mode != history.ModeReplicated {
		t.Fatalf("%+v", h)
	}
}
