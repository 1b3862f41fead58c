package seeds

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trialog/scenarios/onsim"
	"trialog/sim/choice"
)

// TestTapes replays every stored tape.
func TestTapes(t *testing.T) {
	files, err := filepath.Glob("*.tape")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tapes: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".tape"), func(t *testing.T) { replay(t, file) })
	}
}

func replay(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tape, err := onsim.ParseTape(text)
	if err != nil {
		t.Fatal(err)
	}
	if tape.Signature == "" || tape.TraceHash == "" || tape.Commit == "" {
		t.Errorf("a tape without signature, trace hash or commit is no evidence")
	}
	run, err := onsim.Replay(t.Context(), tape, onsim.ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if tape.Mutant == "" {
		for _, text := range run.Stale {
			t.Log("STALE", text)
		}
		for _, text := range run.Missed {
			t.Log("missed:", text)
		}
	} else if _, err := os.Stat(filepath.Join("..", "mutants", tape.Mutant+".diff")); err != nil {
		t.Errorf("the tape is of a mutant that is not there: %v", err)
	}
	switch control := strings.HasPrefix(tape.Signature, onsim.Control); {
	case control && run.Signature == tape.Signature, !control && run.Signature == "":
	case control && len(run.Stale) > 0:
		t.Errorf("stale, and shows %q instead of %q: shrink it again", run.Signature, tape.Signature)
	case control:
		t.Errorf("shows %q instead of %q", run.Signature, tape.Signature)
	default:
		t.Errorf("fails again: %s\n%+v", run.Signature, run.Outcome.Failure)
	}
}

// TestTapesAreShort: of the stored tapes of mutants in clusters the median holds at most
// five faults and fifteen operations of clients.
func TestTapesAreShort(t *testing.T) {
	files, err := filepath.Glob("*.tape")
	if err != nil {
		t.Fatal(err)
	}
	var faults, operations []int
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tape, err := onsim.ParseTape(text)
		if err != nil {
			t.Fatal(err)
		}
		if tape.Mutant == "" || !strings.HasPrefix(tape.Scenario, "replicated-") {
			continue
		}
		struck, begun := 0, 0
		for _, o := range tape.Overrides {
			switch choice.Site(o.Site) {
			case choice.FaultFire:
				struck++
			case choice.AppOp:
				begun++
			default: // delays, amounts, sectors
			}
		}
		t.Logf("%s: %d faults, %d operations", file, struck, begun)
		faults, operations = append(faults, struck), append(operations, begun)
	}
	slices.Sort(faults)
	slices.Sort(operations)
	n := len(faults)
	if n < 5 {
		t.Fatalf("%d tapes of mutants in clusters", n)
	}
	if f, o := faults[n/2], operations[n/2]; f > 5 || o > 15 {
		t.Errorf("medians of %d tapes: %d faults and %d operations, want at most 5 and 15", n, f, o)
	} else {
		t.Logf("medians of %d tapes: %d faults and %d operations", n, f, o)
	}
}
