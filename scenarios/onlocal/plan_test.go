package onlocal

import (
	"reflect"
	"testing"
	"time"

	"trialog/checker/history"
	"trialog/scenarios"
)

// local is what there is where FUSE cannot be had.
var local = means{process: true}

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
	if !reflect.DeepEqual(draw(s, 3, local), draw(s, 3, local)) {
		t.Fatal("the same seed draws another plan")
	}
	if reflect.DeepEqual(draw(s, 3, local).strikes, draw(s, 4, local).strikes) {
		t.Fatal("another seed draws the same plan")
	}
}

func TestAHundredKills(t *testing.T) {
	p := draw(named(t, "single-kills"), 1, local)
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
	if list := outside(named(t, "single-power"), means{}); len(list) != 4 {
		t.Fatalf("on an address: %v", list)
	}
	if list := outside(named(t, "single-kills"), local); len(list) != 0 {
		t.Fatalf("on a process: %v", list)
	}
}

func TestHeaderClaimsNothingInside(t *testing.T) {
	s := named(t, "single-unsynced-power")
	h := draw(s, 1, local).header(s, 1, history.ArmLocal)
	if len(h.Claims) != 1 || h.Claims[0].Property != history.CrashConsistency || h.Claims[0].Claimed || h.Topics[0].Mode != history.ModeReplicated {
		t.Fatalf("%+v", h)
	}
}

// TestPacedFaultsOfNodes: of a paced scenario each fault of a node has time to
// itself, and power is cut only where it can be.
func TestPacedFaultsOfNodes(t *testing.T) {
	s := named(t, "replicated-soak")
	p := draw(s, 5, means{process: true, power: true})
	var last time.Duration
	kinds := make(map[scenarios.Kind]int)
	nodes := 0
	for _, k := range p.strikes {
		kinds[k.kind]++
		if ofWire(k.kind) {
			continue
		}
		if nodes++; nodes > 1 && k.at-last < 2*time.Second {
			t.Errorf("%s strikes %s after another", k.kind, k.at-last)
		}
		last = k.at
	}
	if nodes < 15 || last > p.length || len(kinds) < 13 || len(p.producers)+p.consumers != 10 {
		t.Errorf("%d faults of nodes, the last at %s of %s, %d kinds, %d producers, %d consumers", nodes, last, p.length, len(kinds), len(p.producers), p.consumers)
	}
	for _, k := range draw(s, 5, local).strikes {
		if ofPower(k.kind) {
			t.Fatal("power is cut without the means")
		}
	}
}
