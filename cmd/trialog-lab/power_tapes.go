package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"trialog/scenarios"
	"trialog/scenarios/mutants"
	"trialog/scenarios/onsim"
)

// storedTape is a tape of scenarios/seeds and what it shows with its mutant now.
type storedTape struct {
	File       string `json:"file"`
	Reproduces bool   `json:"reproduces"` // it fails as it did
	Stale      bool   `json:"stale"`      // the run is not the same, whether or not it fails
}

// wantsTape tells whether a detection of the mutant is to be shrunk.
func (h *hunter) wantsTape(mutant string) bool {
	return h.tapes != "" && !h.book.read("shrunk-"+mutant, &shrunkFinding{})
}

// The bar for what is left of a failure.
const (
	fewFaults     = 5
	fewOperations = 15
)

// better orders what is left of failures: what is shown to be minimal first, and then
// what is short.
func (s *shrunkFinding) better(than *shrunkFinding) bool {
	if s.Minimal != than.Minimal {
		return s.Minimal
	}
	return s.Faults+s.Operations < than.Faults+than.Operations
}

func (s *shrunkFinding) short() bool {
	return s.Minimal && s.Faults <= fewFaults && s.Operations <= fewOperations
}

// shrink stores the shortest schedule that still shows a mutant. Of its detections it
// takes one that clients see first, if there is one (what fails late says more), and
// the others only while what is left is long: some are in the way of being short.
func (h *hunter) shrink(ctx context.Context, program string, m *mutants.Mutant, f *finding) error {
	list := slices.Clone(f.Detections)
	slices.SortStableFunc(list, func(a, b sighting) int { return cmp.Compare(value(b.History), value(a.History)) })
	file := filepath.Join(h.tapes, m.Name+".tape")
	var s shrunkFinding
	spent := 0.0
	for i := range list {
		part := filepath.Join(h.work, m.Name+".tape")
		one, err := h.shrinkOne(ctx, program, m, &list[i], part)
		if err != nil {
			return err
		}
		spent += one.CPUSeconds
		if i == 0 || one.better(&s) {
			s = one
			if err := copyFile(part, file); err != nil {
				return err
			}
		}
		if s.short() {
			break
		}
	}
	s.CPUSeconds = spent
	var clean scenarios.Outcome
	if err := h.ask(ctx, h.clean, []string{"replay", file, "--json"}, &clean); err != nil {
		return err
	}
	if clean.Red() {
		return fmt.Errorf("%s is red without the mutant", file)
	}
	return h.book.write("shrunk-"+m.Name, &s)
}

func (h *hunter) shrinkOne(ctx context.Context, program string, m *mutants.Mutant, d *sighting, file string) (shrunkFinding, error) {
	h.say("%s: shrinking %s %d", m.Name, d.Scenario, d.Seed)
	cmd := exec.CommandContext(ctx, program, "shrink", d.Scenario, "--seed", strconv.FormatUint(d.Seed, 10),
		"-o", file, "--for", h.shrinkFor.String(), "--mutant", m.Name, "--json")
	cmd.Dir = h.root // for the commit
	out, err := cmd.Output()
	if err != nil {
		return shrunkFinding{}, fmt.Errorf("shrinking %s %d: %w", d.Scenario, d.Seed, err)
	}
	s := shrunkFinding{}
	if err := json.Unmarshal(out, &s); err != nil {
		return s, err
	}
	s.Mutant, s.Scenario, s.Seed, s.Replicated = m.Name, d.Scenario, d.Seed, strings.HasPrefix(d.Scenario, "replicated-")
	return s, nil
}

func value(b bool) int {
	if b {
		return 1
	}
	return 0
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}

// replayTapes runs the stored tapes of a mutant in its build.
func (h *hunter) replayTapes(ctx context.Context, program string, f *finding) {
	files, _ := filepath.Glob(filepath.Join(h.root, "scenarios", "seeds", "*.tape"))
	f.Tapes = nil
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		tape, err := onsim.ParseTape(text)
		if err != nil || tape.Mutant != f.Name {
			continue
		}
		h.say("%s: %s", f.Name, filepath.Base(file))
		var o scenarios.Outcome
		err = h.ask(ctx, program, []string{"replay", file, "--json"}, &o)
		f.Tapes = append(f.Tapes, storedTape{
			File: filepath.Base(file), Reproduces: err == nil && o.Signature() == tape.Signature, Stale: err != nil || o.TraceHash != tape.TraceHash,
		})
	}
}

// pageShrunk tells what is left of failures, and whether the stored tapes still show
// their mutants.
func pageShrunk(w io.Writer, b book, findings []finding) {
	list := kept[shrunkFinding](b, "shrunk-")
	if len(list) > 0 {
		fmt.Fprint(w, "\n## Shrunk failures\n\nOne detection of each mutant, shrunk in its build (`power --tapes`). *Minimal*: without any one fault, operation, client or broker it does not fail alike, which was tried.\n\n")
		for _, part := range []struct {
			name string
			take func(*shrunkFinding) bool
		}{{"clusters", func(s *shrunkFinding) bool { return s.Replicated }}, {"all", func(*shrunkFinding) bool { return true }}} {
			pageMedians(w, part.name, list, part.take)
		}
		fmt.Fprint(w, "\n| mutant | run | as | faults | operations | brokers | runs | cpu s | minimal |\n|---|---|---|---|---|---|---|---|---|\n")
		for _, s := range list {
			fmt.Fprintf(w, "| %s | %s %d | %s | %d of %d | %d of %d | %d | %d | %.1f | %s |\n", s.Mutant, s.Scenario, s.Seed, s.Signature,
				s.Faults, s.FaultsBefore, s.Operations, s.OperationsBefore, s.Brokers, s.Runs, s.CPUSeconds, yesNo(s.Minimal))
		}
	}
	tapes, shown, stale := 0, 0, 0
	var lost []string
	for i := range findings {
		for _, t := range findings[i].Tapes {
			tapes++
			if t.Stale {
				stale++
			}
			if t.Reproduces {
				shown++
			} else {
				lost = append(lost, t.File)
			}
		}
	}
	if tapes > 0 {
		fmt.Fprintf(w, "\nOf %d stored tapes of these mutants %d show them again; %d are other runs than when they were stored.\n", tapes, shown, stale)
	}
	for _, name := range lost {
		fmt.Fprintf(w, "- %s does not: shrink it anew\n", name)
	}
}

func pageMedians(w io.Writer, name string, list []shrunkFinding, take func(*shrunkFinding) bool) {
	var faults, operations []int
	var seconds []float64
	for i := range list {
		if s := &list[i]; take(s) {
			faults, operations, seconds = append(faults, s.Faults), append(operations, s.Operations), append(seconds, s.CPUSeconds)
		}
	}
	if n := len(faults); n > 0 {
		slices.Sort(faults)
		slices.Sort(operations)
		slices.Sort(seconds)
		fmt.Fprintf(w, "- %s (%d): median %d faults and %d client operations are left (wanted: 5 and 15); p90 of the time %.1f s of processor time (wanted: 60)\n",
			name, n, faults[n/2], operations[n/2], seconds[n*9/10])
	}
}
