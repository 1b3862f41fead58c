package scenarios

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"trialog/checker/history"
)

// TestDeclarations holds every declaration to what a reader relies on.
func TestDeclarations(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range All() {
		if seen[s.Name] || s.Name == "" || len(s.Why) < 40 || s.Cluster.Brokers < 1 || len(s.Faults) == 0 {
			t.Errorf("%q: not unique, or without a reason, a broker or a fault", s.Name)
		}
		seen[s.Name] = true
		if s.Expect.Control() && (s.Expect.Reason == "" || s.Expect.Within == 0) {
			t.Errorf("%s: a control without a reason or a number of seeds", s.Name)
		}
		for _, f := range s.Faults {
			if f.Times.Min < 1 || f.Times.Max < f.Times.Min || f.Share < 0 || f.Share > 99 {
				t.Errorf("%s: %s with dose %+v", s.Name, f.Kind, f)
			}
		}
	}
	if !seen["single-unsynced-power"] || len(seen) < 10 {
		t.Fatalf("declared: %v", Names())
	}
}

func TestNamed(t *testing.T) {
	if list, err := Named("single-disk", "single-rot"); err != nil || len(list) != 2 || list[1].Name != "single-rot" {
		t.Fatalf("%v %v", list, err)
	}
	if _, err := Named("single-disc"); err == nil || !strings.Contains(err.Error(), "single-disk") {
		t.Fatalf("an unknown name is refused with %v, which does not say what there is", err)
	}
}

func TestPayloadTellsItsValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := history.MakeValue(uint32(rapid.IntRange(0, 1000).Draw(t, "writer")), uint64(rapid.IntRange(0, 1<<40).Draw(t, "sequence")))
		b := AppendPayload(nil, v, rapid.IntRange(0, 300).Draw(t, "size"))
		if got := ParsePayload(b); got != v {
			t.Fatalf("%q gives %v, want %v", b, got, v)
		}
		at := rapid.IntRange(0, len(b)-1).Draw(t, "at")
		b[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if got := ParsePayload(b); got == v {
			t.Fatalf("with byte %d changed it still gives %v", at, v)
		}
	})
}

// slow is an arm that takes a drawn time and fails as it is told.
type slow struct{ red map[uint64]bool }

func (a slow) Run(_ context.Context, s *Scenario, seed uint64) *Outcome {
	time.Sleep(time.Duration(seed*7919%5) * time.Millisecond)
	o := &Outcome{Scenario: s.Name, Seed: seed, FaultsFired: 1, Acked: int64(seed), AckedValues: 1000, Read: 1000}
	o.Judgements = []Judgement{{Number: 3, Name: "durability", Status: "HOLDS"}}
	if seed%10 == 9 {
		o.Judgements[0].Status = "VACUOUS"
	}
	if a.red[seed] {
		o.Break("durability", ClassDurability, "gone")
	}
	return o
}

func TestPoolEmitsInOrder(t *testing.T) {
	list, err := Named("single-crash", "single-net")
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	pool := Pool{
		Arms: []Arm{slow{}, slow{}, slow{}},
		Next: func(i int) (Task, bool) { return Deal(list, 5, i), i < 40 },
		Emit: func(o *Outcome) bool {
			told = append(told, TaskName(o.Scenario, o.Seed))
			return len(told) < 30
		},
	}
	pool.Run(t.Context())
	if len(told) != 30 {
		t.Fatalf("%d outcomes after 30 were enough", len(told))
	}
	for i, name := range told {
		want := TaskName([]string{"single-crash", "single-net"}[i%2], uint64(5+i/2))
		if name != want {
			t.Fatalf("outcome %d is %s, want %s", i, name, want)
		}
	}
	if task, err := ParseTask(told[0]); err != nil || task.Seed != 5 || task.Scenario.Name != "single-crash" {
		t.Fatalf("%v %v", task, err)
	}
}

// gathered runs seeds of one scenario through the slow arm.
func gather(t *testing.T, name string, seeds int, red ...uint64) *Summary {
	t.Helper()
	list, err := Named(name)
	if err != nil {
		t.Fatal(err)
	}
	arm := slow{red: map[uint64]bool{}}
	for _, s := range red {
		arm.red[s] = true
	}
	g := NewGather(list)
	for seed := range seeds {
		g.Add(arm.Run(t.Context(), &list[0], uint64(seed)))
	}
	return g.Summary()
}

func TestSummary(t *testing.T) {
	sum := gather(t, "single-crash", 9)
	if !sum.Passed() || sum.Seeds != 9 || sum.Scenarios[0].Acked != 4 {
		t.Fatalf("%+v", sum)
	}
	sum = gather(t, "single-crash", 100)
	if sum.Passed() || len(sum.Complaints) != 1 || !strings.Contains(sum.Complaints[0], "VACUOUS in 10 of 100") {
		t.Fatalf("a tenth of the seeds is vacuous, and the complaints are %q", sum.Complaints)
	}
	sum = gather(t, "single-crash", 5, 3)
	if sum.Passed() || sum.Red != 1 || sum.Failures[0].Seed != 3 {
		t.Fatalf("a red seed passed: %+v", sum)
	}
	sum = gather(t, "single-unsynced-power", 10)
	if sum.Passed() || !strings.Contains(fmt.Sprint(sum.Complaints), "was not caught") {
		t.Fatalf("a control that nobody caught passed: %q", sum.Complaints)
	}
}

// TestRequire: a run that was to move leaders and did not, or whose faults were
// too few of a kind, has not passed; controls do not count.
func TestRequire(t *testing.T) {
	list, err := Named("replicated-soak", "replicated-acks-one")
	if err != nil {
		t.Fatal(err)
	}
	g := NewGather(list)
	for i, name := range []string{"replicated-soak", "replicated-soak", "replicated-acks-one"} {
		g.Add(&Outcome{
			Scenario: name, Seed: uint64(i), Caught: true, AckedValues: 1000, Read: 1000,
			Faults: []Tally{{"process-kill", 5}, {"pause", 4}}, Moved: []Tally{{"process-kill", 3}},
		})
	}
	for _, c := range []struct {
		moves, each int64
		complaints  int
	}{{6, 8, 0}, {7, 8, 1}, {6, 9, 1}, {7, 11, 3}, {0, 0, 0}} {
		sum := g.Summary()
		sum.Complaints = nil
		sum.Require(c.moves, c.each)
		if len(sum.Complaints) != c.complaints {
			t.Errorf("%d moves, each %d: %v", c.moves, c.each, sum.Complaints)
		}
	}
}

// TestProbesHaveABudget: in a long run over everything a probe that was never reached
// is a complaint, and so is one that is excused and was; a short run, or one of a part, says nothing of probes.
func TestProbesHaveABudget(t *testing.T) {
	list, err := Named()
	if err != nil {
		t.Fatal(err)
	}
	run := func(list []Scenario, seeds int) []string {
		g := NewGather(list)
		for i := range seeds {
			g.Add(&Outcome{Scenario: list[i%len(list)].Name, AckedValues: 1000, Read: 1000, Probes: []Tally{{"torn-tail-cut", int64(i % 2)}, {"damage-fenced", 0}, {"sequence-wrapped", 0}, {"broker-unregistered", int64(i % 2)}}})
		}
		sum := g.Summary()
		sum.Complaints = nil
		sum.RequireProbes()
		return sum.Complaints
	}
	if got := run(list, ProbeBudget); len(got) != 2 || !strings.Contains(got[0], "damage-fenced was reached in none of 20000 seeds") || !strings.Contains(got[1], "broker-unregistered is excused") {
		t.Errorf("%q", got)
	}
	if got := append(run(list, ProbeBudget-1), run(list[:1], ProbeBudget)...); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// TestOneInAHundred has its figures from a table of Poisson's distribution.
func TestOneInAHundred(t *testing.T) {
	for seeds, most := range map[int]int64{0: 0, 1: 1, 22: 3, 100: 5, 1000: 21, 10_000: 132, 1_000_000: 10_309} {
		if got := oneInAHundred(seeds); got != most {
			t.Errorf("%d of %d seeds, want %d", got, seeds, most)
		}
	}
}
