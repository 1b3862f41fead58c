package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trialog/scenarios"
)

// keep runs a command and stores what it printed.
func keep(t *testing.T, name string, args ...string) string {
	t.Helper()
	status, out, log := lab(args...)
	if status != exitFine {
		t.Fatalf("trialog-lab %s: %d\n%s%s", strings.Join(args, " "), status, out, log)
	}
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(out), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestShardsAreTheRun: two shards, merged, count what the run counts.
func TestShardsAreTheRun(t *testing.T) {
	run := []string{"run", "storage-log", "--seeds", "6", "--jobs", "1", "--json"}
	whole := keep(t, "whole.json", run...)
	one := keep(t, "1.json", append(run, "--shard", "1/2")...)
	two := keep(t, "2.json", append(run, "--shard", "2/2")...)
	junit := filepath.Join(t.TempDir(), "junit.xml")
	merged := keep(t, "merged.json", "merge", two, one, "--json", "--junit", junit)
	list, err := readResults([]string{whole, merged, one})
	if err != nil {
		t.Fatal(err)
	}
	if list[0].Seeds != 6 || list[1].Seeds != 6 || list[2].Seeds != 3 || list[0].Scenarios[0].Operations != list[1].Scenarios[0].Operations {
		t.Errorf("%d, %d and %d seeds", list[0].Seeds, list[1].Seeds, list[2].Seeds)
	}
	var suites junitSuites
	text, err := os.ReadFile(junit)
	if err != nil || xml.Unmarshal(text, &suites) != nil || suites.Tests != 1 || suites.Suites[0].Name != "storage-log" {
		t.Errorf("%v\n%s", err, text)
	}
	if status, _, _ := lab("merge", one); status != exitNotSo {
		t.Errorf("half a run: %d", status)
	}
	if status, _, _ := lab("run", "storage-log", "--seeds", "2", "--shard", "3/2"); status != exitUsage {
		t.Errorf("the third of two shards: %d", status)
	}
}

// TestFailuresAreToldOnce: seeds that fail alike are printed once, and counted.
func TestFailuresAreToldOnce(t *testing.T) {
	var w bytes.Buffer
	kinds := newFailureKinds(&w, false)
	var outcomes []*scenarios.Outcome
	for seed, anomaly := range []string{"lost-write", "lost-write", "duplicate", "lost-write"} {
		o := &scenarios.Outcome{Scenario: "single-power", Seed: uint64(seed), Arm: onSimulator}
		o.Break(anomaly, scenarios.ClassDurability, "text")
		kinds.add(o)
		outcomes = append(outcomes, o)
	}
	kinds.again()
	if kinds.count() != 2 || strings.Count(w.String(), "VIOLATED") != 2 || !strings.Contains(w.String(), "2 more seeds, such as single-power:1, single-power:3") {
		t.Errorf("%s", w.String())
	}
	r := &scenarios.Results{Summary: &scenarios.Summary{Failures: outcomes, Scenarios: []scenarios.ScenarioSummary{{Name: "single-power", Seeds: 4}}}}
	if suite := suiteOf(r, &r.Scenarios[0]); suite.Tests != 3 || suite.Failures != 2 || !strings.Contains(suite.Cases[1].Failure.Text, "trialog-lab replay single-power --seed 0") {
		t.Errorf("%+v", suite)
	}
}

// TestReport: of a run that shows one loss, the report has its section, picture
// and history, and says which rows were not run.
func TestReport(t *testing.T) {
	runs := keep(t, "runs.json", "run", "single-unsynced-power", "--seeds", "1", "--seed", "1", "--jobs", "1", "--json")
	dir := t.TempDir()
	status, out, log := lab("report", "-o", dir, "--runs", runs)
	if status != exitNotSo || !strings.Contains(out, "one-kept-power: NOT RUN") || strings.Contains(out, "lost-one-unsynced") {
		t.Fatalf("%d\n%s%s", status, out, log)
	}
	text, err := os.ReadFile(filepath.Join(dir, "report.md"))
	if err != nil || !bytes.Contains(text, []byte("lost-one-unsynced")) || !bytes.Contains(text, []byte("acknowledged records lost")) {
		t.Errorf("%v", err)
	}
	for _, name := range []string{"report.html", "single-unsynced-power-1.html", "single-unsynced-power-1.jsonl"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 10_000 {
			t.Errorf("%s: %v", name, err)
		}
	}
	var r struct {
		Violations []struct{ Story, Excerpt []string }
		Provenance []struct{ Name, Value string }
	}
	data, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil || json.Unmarshal(data, &r) != nil || len(r.Violations) != 1 || len(r.Violations[0].Story) != 5 || len(r.Provenance) < 6 {
		t.Errorf("%v: %+v", err, r)
	}
}

// TestJepsensForm: a run kept as Jepsen's EDN is judged alike, and a control's
// loss is found in it under Jepsen's name.
func TestJepsensForm(t *testing.T) {
	dir := t.TempDir()
	if status, _, log := lab("run", "single-unsynced-power", "--seeds", "1", "--seed", "1", "--jobs", "1", "--edn", dir); status != exitFine {
		t.Fatalf("%d %s", status, log)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0], "single-unsynced-power-1.edn") {
		t.Fatalf("%v %v", files, err)
	}
	status, out, log := lab("check", files[0])
	if status != exitNotSo || !strings.Contains(out, "found lost-write") || !strings.Contains(out, "Jepsen: lost-write") {
		t.Errorf("%d\n%s%s", status, out, log)
	}
}
