package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trialog/checker/history"
	"trialog/scenarios"
)

// lab runs a command line and returns its exit status and what it printed.
func lab(args ...string) (status int, out, log string) {
	var o, l bytes.Buffer
	status = realMain(args, output{&o, &l})
	return status, o.String(), l.String()
}

func TestExitStatus(t *testing.T) {
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"list"}, exitFine},
		{[]string{"nonsense"}, exitUsage},
		{[]string{"run", "--seeds", "1", "no-such-scenario"}, exitUsage},
		{[]string{"run", "single-crash"}, exitUsage},
		{[]string{"run", "single-crash", "--seeds", "1", "--on", "the moon"}, exitUsage},
		{[]string{"run", "single-crash", "--seeds", "1", "--on", "local", "--trialog", "/nonexistent"}, exitUnrun},
		{[]string{"replay", "single-crash"}, exitUsage},
		{[]string{"replay", "/nonexistent.tape"}, exitUsage},
		{[]string{"check", "/nonexistent.jsonl"}, exitUnrun},
		{[]string{"replay", "storage-log", "--seed", "2"}, exitFine},
		{[]string{"run", "storage-log", "--seeds", "2", "--jobs", "2"}, exitFine},
	} {
		if status, out, log := lab(c.args...); status != c.want {
			t.Errorf("trialog-lab %s: exit status %d, want %d\n%s%s", strings.Join(c.args, " "), status, c.want, out, log)
		}
	}
}

func TestListForMachines(t *testing.T) {
	_, out, _ := lab("list", "--json")
	var lists struct {
		Scenarios  []struct{ Name, Why, Expect string }
		Properties []struct{ Number int }
		Faults     []struct {
			Name       string
			Sim, Local bool
		}
	}
	if err := json.Unmarshal([]byte(out), &lists); err != nil {
		t.Fatal(err)
	}
	if len(lists.Scenarios) != len(scenarios.All()) || lists.Scenarios[0].Why == "" || lists.Scenarios[0].Expect == "" {
		t.Errorf("scenarios: %+v", lists.Scenarios)
	}
	if len(lists.Properties) != len(history.Catalogue()) || len(lists.Faults) != len(scenarios.Kinds()) || !lists.Faults[0].Sim || !lists.Faults[0].Local {
		t.Errorf("%d properties, faults %+v", len(lists.Properties), lists.Faults)
	}
}

// TestReplayAndCheck: a run's history, stored and judged again, gets the same
// verdict; with an acknowledged record taken out it gets another.
func TestReplayAndCheck(t *testing.T) {
	file := filepath.Join(t.TempDir(), "h.jsonl")
	page := filepath.Join(t.TempDir(), "p.html")
	status, out, log := lab("replay", "single-crash", "--seed", "1", "--history", file, "--html", page, "--json")
	if text, err := os.ReadFile(page); err != nil || !bytes.Contains(text, []byte(`id="stage"`)) {
		t.Fatalf("no page: %v", err)
	}
	var o scenarios.Outcome
	if err := json.Unmarshal([]byte(out), &o); err != nil || status != exitFine || len(o.TraceHash) != 32 {
		t.Fatalf("%d %v %q\n%s", status, err, o.TraceHash, log)
	}
	if status, out, _ := lab("check", file); status != exitFine || !strings.Contains(out, "HOLDS") {
		t.Fatalf("%d\n%s", status, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, forget(t, text), 0o644); err != nil {
		t.Fatal(err)
	}
	window := filepath.Join(t.TempDir(), "w.html")
	status, out, _ = lab("check", file, "--html", page, "--porcupine", window)
	if text, err := os.ReadFile(page); err != nil || !bytes.Contains(text, []byte("First divergent offset: ")) {
		t.Errorf("the page does not tell the story: %v", err)
	}
	if text, err := os.ReadFile(window); err != nil || !bytes.Contains(text, []byte("<html")) {
		t.Errorf("no page of Porcupine's: %v", err)
	}
	if status != exitNotSo || !strings.Contains(out, "VIOLATED") {
		t.Fatalf("a scan that forgot a record: %d\n%s", status, out)
	}
}

// forget takes one record out of what the final scan returned.
func forget(t *testing.T, text []byte) []byte {
	t.Helper()
	lines := bytes.SplitAfter(text, []byte("\n"))
	scans := map[string]bool{}
	for i, line := range lines {
		var l struct {
			F, R string
			Op   int
			Rs   []string
		}
		if len(line) == 0 || json.Unmarshal(line, &l) != nil {
			continue
		}
		id := string(rune(l.Op))
		switch {
		case l.F == "scan":
			scans[id] = true
		case len(l.Rs) > 3 && scans[id]:
			gone := `"` + l.Rs[1] + `",`
			if !bytes.Contains(line, []byte(gone)) {
				t.Fatalf("no %s in %s", gone, line)
			}
			lines[i] = bytes.Replace(line, []byte(gone), nil, 1)
			return bytes.Join(lines, nil)
		}
	}
	t.Fatal("no scan returned records")
	return nil
}

// TestFailureNamesEverything holds what a red seed prints, and in which order.
// TestReplayTellsWhatItMissed: a tape of a run that is another one now says which of
// its draws were never made, to people and to machines.
func TestReplayTellsWhatItMissed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "old.tape")
	tape := `{"tape":1,"scenario":"storage-log","seed":3,"trace_hash":"00","overrides":[{"kind":"app","index":0,"site":40,"ordinal":4000000,"value":1}]}`
	if err := os.WriteFile(file, []byte(tape), 0o644); err != nil {
		t.Fatal(err)
	}
	if status, out, log := lab("replay", file); status != exitFine || !strings.Contains(out, "missed: app/0 at site 40, draws 4000000 (1)") || !strings.Contains(out, "STALE") {
		t.Errorf("%d\n%s%s", status, out, log)
	}
	var said struct {
		Scenario      string
		Stale, Missed []string
	}
	_, out, _ := lab("replay", file, "--json")
	if err := json.Unmarshal([]byte(out), &said); err != nil || said.Scenario != "storage-log" || len(said.Stale) != 2 || len(said.Missed) != 1 {
		t.Errorf("%v %+v", err, said)
	}
}

func TestFailureNamesEverything(t *testing.T) {
	o := &scenarios.Outcome{Scenario: "single-power", Seed: 7, Arm: onSimulator, TraceHash: "abc"}
	o.Break("durability", scenarios.ClassDurability, "a record is gone", "#1 send", "#2 scan")
	var w bytes.Buffer
	printFailure(&w, o)
	at := -1
	for _, part := range []string{"durability", "#1 send", "#2 scan", "single-power", "seed         7", "abc",
		"trialog-lab replay single-power --seed 7", "trialog-lab shrink single-power --seed 7 -o"} {
		next := strings.Index(w.String(), part)
		if next <= at {
			t.Fatalf("%q is not where it belongs:\n%s", part, w.String())
		}
		at = next
	}
}
