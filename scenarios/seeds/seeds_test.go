package seeds

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trialog/scenarios/onsim"
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
