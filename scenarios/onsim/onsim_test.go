package onsim

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"trialog/scenarios"
)

// TestMain lets a child process print hashes instead of running tests.
func TestMain(m *testing.M) {
	if every, _ := strconv.Atoi(os.Getenv("TRIALOG_HASHES")); every > 0 {
		printHashes(os.Stdout, every)
		return
	}
	os.Exit(m.Run())
}

// printHashes runs a seed of every scenario, or of every third one and so on.
func printHashes(w io.Writer, every int) {
	arm := New(Options{})
	for i, s := range scenarios.All() {
		if i%every == 0 {
			fmt.Fprintln(w, s.Name, arm.Run(context.Background(), &s, 77).TraceHash)
		}
	}
}

// TestSmoke runs a few seeds of everything.
func TestSmoke(t *testing.T) {
	arm := New(Options{})
	for _, s := range scenarios.All() {
		acked := int64(0)
		for seed := range uint64(2) {
			o := arm.Run(t.Context(), &s, seed+1)
			if o.Red() {
				t.Errorf("%s --seed %d: %s: %s: %s", s.Name, o.Seed, o.Failure.Property, o.Failure.Anomaly, o.Failure.Text)
			}
			acked += o.Acked + o.Commits
			if o.FaultsFired == 0 || o.Restarts == 0 {
				t.Errorf("%s --seed %d: %d faults, %d restarts", s.Name, o.Seed, o.FaultsFired, o.Restarts)
			}
		}
		if acked < 1200 {
			t.Errorf("%s: %d acknowledged sends and commits in two seeds", s.Name, acked)
		}
	}
}

// TestControlIsCaught: the judge must be able to fail.
func TestControlIsCaught(t *testing.T) {
	list, err := scenarios.Named("single-unsynced-power")
	if err != nil {
		t.Fatal(err)
	}
	arm := New(Options{})
	for seed := range uint64(list[0].Expect.Within) {
		if o := arm.Run(t.Context(), &list[0], seed+1); o.Caught {
			return
		}
	}
	t.Fatalf("no %s in %d seeds without fsync", list[0].Expect.Anomaly, list[0].Expect.Within)
}

// TestSameSeedSameBytes compares trace hashes of this process, whose arm has
// run other seeds before, with those of processes under another Go runtime: of every
// scenario, and in a short run, which the race detector slows down tenfold, of some.
func TestSameSeedSameBytes(t *testing.T) {
	arm := New(Options{})
	list := scenarios.All()
	arm.Run(t.Context(), &list[1], 5)
	every := 1
	if testing.Short() {
		every = 5
	}
	var here strings.Builder
	printHashes(&here, every)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, env := range [][]string{{"GOMAXPROCS=1", "GOGC=off"}, {"GOMAXPROCS=8", "GOGC=10"}} {
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Env = append(os.Environ(), append(env, "TRIALOG_HASHES="+strconv.Itoa(every))...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if string(out) != here.String() {
			t.Errorf("under %v:\n%s\nhere:\n%s", env, out, here.String())
		}
	}
}

// TestReplay gives the run of the arm again, with and without a trace.
func TestReplay(t *testing.T) {
	for _, name := range []string{"single-mixed", "storage-log"} {
		list, err := scenarios.Named(name)
		if err != nil {
			t.Fatal(err)
		}
		o := New(Options{}).Run(t.Context(), &list[0], 9)
		var trace strings.Builder
		run, err := Replay(t.Context(), &Tape{Scenario: name, Seed: 9, TraceHash: o.TraceHash}, ReplayOptions{Trace: &trace})
		if err != nil {
			t.Fatal(err)
		}
		if run.Outcome.TraceHash != o.TraceHash || len(run.Stale) > 0 || strings.Count(trace.String(), "\n") < 1000 {
			t.Errorf("%s: hash %s, replayed %s, stale %v, %d lines of trace", name, o.TraceHash, run.Outcome.TraceHash, run.Stale, strings.Count(trace.String(), "\n"))
		}
		if text, differ, err := Twice(&Tape{Scenario: name, Seed: 9}); differ || err != nil {
			t.Errorf("%s: %s %v", name, text, err)
		}
	}
}

// TestStaleTape tells that a tape is of another run.
func TestStaleTape(t *testing.T) {
	text := `{"tape":1,"scenario":"storage-log","seed":3,"trace_hash":"00","overrides":[{"kind":"app","index":0,"site":40,"ordinal":4000000,"value":1}],"dull":[{"kind":"link","index":2,"site":18,"ordinals":"4000003,4000005-4000009"}]}`
	tape, err := ParseTape([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	run, err := Replay(t.Context(), tape, ReplayOptions{})
	if err != nil || len(run.Stale) != 2 {
		t.Fatalf("%v %v", run.Stale, err)
	}
	want := []string{"app/0 at site 40, draws 4000000 (1)", "link/2 at site 18, draws 4000003,4000005-4000009, which should have been dull"}
	if !slices.Equal(run.Missed, want) {
		t.Errorf("missed: %q, want %q", run.Missed, want)
	}
	for _, bad := range []string{"{", `{"tape":2}`, strings.Replace(text, `"app"`, `"sky"`, 1)} {
		if _, err := ParseTape([]byte(bad)); err == nil {
			t.Errorf("%s is taken for a tape", bad)
		}
	}
}

// TestSupports: the simulator leaves no declared kind out.
func TestSupports(t *testing.T) {
	for _, k := range scenarios.Kinds() {
		if !Supports(k) {
			t.Errorf("%s is not supported", k)
		}
	}
}
