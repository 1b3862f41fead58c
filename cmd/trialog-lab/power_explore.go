package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/mutants"
)

// exploreFor hunts a mutant by enumerating schedules (run --explore) instead of by
// random seeds. One schedule that fails in the right class is enough: the same one
// must be green without the bug, and nothing in either run is drawn.
func (h *hunter) exploreFor(ctx context.Context, program string, m *mutants.Mutant, budget time.Duration, f *finding) {
	tape := filepath.Join(h.work, m.Name+".tape")
	args := append([]string{"run", h.explore, "--explore", "--json", "--failures", "1", "--jobs", "1", "--for", budget.String(), "--tape", tape}, h.exploreArgs...)
	var found explored
	if err := h.ask(ctx, program, args, &found); err != nil {
		f.Note = err.Error()
		return
	}
	f.Seeds, f.CPUSeconds = int(found.Run), found.Seconds
	if found.First == nil {
		f.Note = fmt.Sprintf("none of %d schedules of %d was red", found.Run, found.Product)
		return
	}
	var red, green scenarios.Outcome
	err := h.ask(ctx, program, []string{"replay", tape, "--json"}, &red)
	if err == nil {
		err = h.ask(ctx, h.clean, []string{"replay", tape, "--json"}, &green)
	}
	if err != nil || red.Failure == nil {
		f.Note = fmt.Sprintf("the schedule did not fail again: %v", err)
		return
	}
	s := sighting{
		Scenario: h.explore, Seed: *found.First, Red: true, Property: red.Failure.Property, Anomaly: red.Failure.Anomaly,
		Class: red.Failure.Class, History: red.Failure.History, Text: red.Failure.Text,
	}
	f.note(m, &s)
	f.Clean = !green.Red()
	if len(f.Detections) > 0 {
		f.Property, f.Found = s.Property, f.Clean
		f.Note = fmt.Sprintf("schedule %d of %d", s.Seed, found.Product)
	}
}

// ask runs a build of the lab and reads what it prints.
func (h *hunter) ask(ctx context.Context, program string, args []string, to any) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Stderr = h.work, os.Stderr
	out, err := cmd.Output()
	if status, ended := err.(*exec.ExitError); ended && status.ExitCode() == exitNotSo {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	return json.Unmarshal(out, to)
}
