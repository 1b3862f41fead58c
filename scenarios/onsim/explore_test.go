package onsim

import (
	"slices"
	"testing"

	"trialog/scenarios"
	"trialog/sim/choice"
	"trialog/sim/explore"
)

// TestExplore carries out every schedule of a small space: each does what it
// says, none is red, and each is a run of its own that is the same again.
func TestExplore(t *testing.T) {
	list, err := scenarios.Named("replicated-unsynced")
	if err != nil {
		t.Fatal(err)
	}
	world, err := NewExplored(&list[0], []string{"process-kill"})
	if err != nil {
		t.Fatal(err)
	}
	space := world.Space(explore.Space{Borders: 2, Faults: 2, Deliveries: 3, Past: 2})
	x, again := NewExplorer(world, space, Options{}), NewExplorer(world, space, Options{})
	hashes := map[string]uint64{}
	for k := range space.Product() {
		if k > 200 {
			break // faults and a delay together go on for long
		}
		o := x.Run(t.Context(), world.Scenario(), k)
		if o.Red() {
			t.Fatalf("schedule %d, %v: %+v", k, world.Words(space, k), o.Failure)
		}
		faults := int64(0)
		for _, c := range space.Tape(k) {
			if c.Site == choice.ExploreFault {
				faults++
			}
		}
		if o.FaultsFired != faults {
			t.Errorf("schedule %d, %v: %d faults struck", k, world.Words(space, k), o.FaultsFired)
		}
		if o.Acked != 6 && faults == 0 {
			t.Errorf("schedule %d: %d sends were acknowledged", k, o.Acked)
		}
		if before, ran := hashes[o.TraceHash]; ran {
			t.Errorf("schedules %d and %d are the same run", before, k)
		}
		hashes[o.TraceHash] = k
		if k%20 == 0 && again.Run(t.Context(), world.Scenario(), k).TraceHash != o.TraceHash {
			t.Errorf("schedule %d is another run the second time", k)
		}
	}
	if x.Unmade > 0 {
		t.Errorf("in %d schedules some choice was never made", x.Unmade)
	}
}

// TestExploredTape: a stored schedule is replayed as what it was.
func TestExploredTape(t *testing.T) {
	list, err := scenarios.Named("replicated-power")
	if err != nil {
		t.Fatal(err)
	}
	world, err := NewExplored(&list[0], nil)
	if err != nil || !slices.Equal(world.Kinds(), []string{"process-kill", "power-cut"}) {
		t.Fatal(world.Kinds(), err)
	}
	space := world.Space(explore.Space{Borders: 30, Faults: 2, Deliveries: 10, Past: 8})
	k := space.Product() - 1234
	o := NewExplorer(world, space, Options{}).Run(t.Context(), world.Scenario(), k)
	text, err := world.Tape(space, k).Encode()
	if err != nil {
		t.Fatal(err)
	}
	tape, err := ParseTape(text)
	if err != nil {
		t.Fatal(err)
	}
	run, err := Replay(t.Context(), tape, ReplayOptions{})
	if err != nil || run.Outcome.TraceHash != o.TraceHash || len(run.Stale) > 0 {
		t.Fatalf("%s became %s; %v %v", o.TraceHash, run.Outcome.TraceHash, run.Stale, err)
	}
	if text, differ, err := Twice(tape); err != nil || differ {
		t.Fatal(text, err)
	}
}

func TestNothingToPlace(t *testing.T) {
	for name, kinds := range map[string][]string{"storage-log": nil, "replicated-acks-one": {"disk-stall"}, "replicated-partition": {"power-cut"}} {
		list, err := scenarios.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := NewExplored(&list[0], kinds); err == nil {
			t.Errorf("%s: %v can be placed", name, e.Kinds())
		}
	}
}
