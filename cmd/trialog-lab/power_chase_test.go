package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/mutants"
)

// program is a shell script in the place of a build.
func program(t *testing.T, script string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "lab")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestWhatWasNotTriedWasNotMissed: a hunt that has not run a single seed says so and
// why, is counted neither as found nor as missed, and makes power fail.
func TestWhatWasNotTriedWasNotMissed(t *testing.T) {
	h := &hunter{bar: newProgress(io.Discard, 0, 0)}
	m := &mutants.Mutant{Name: "m", Classes: []scenarios.Class{scenarios.ClassProgress}}
	seed := `echo '{"scenario":"single-crash","seed":7,"cpu_ns":1000}'`
	var list []finding
	for _, c := range []struct {
		script string
		budget time.Duration
		seeds  int
		note   string
	}{
		{"echo cannot allocate memory >&2; exit 2", time.Minute, 0, "NOT TRIED: at task 2 of the mix the program ended (cannot allocate memory)"},
		{"exit 3", time.Minute, 0, "NOT TRIED: at task 2 of the mix the program ended (exit status 3)"},
		{seed, 0, 0, "NOT TRIED: there was no budget left for it"},
		{seed, 1000, 1, "nothing was red"},
		{seed, time.Minute, 3, "3 red in other classes, such as progress the program ended (by itself) (the mix's task 1); broken off: at task 5 of the mix the program ended (by itself)"},
	} {
		f := finding{Name: "m"}
		_, err := h.watch(t.Context(), program(t, c.script), m, c.budget, &f)
		h.judge(t.Context(), &f)
		f.brokenOff(err)
		if f.Seeds != c.seeds || f.Note != c.note || f.tried() != (c.seeds > 0) {
			t.Errorf("%q: %d seeds, tried %t, %q; want %d, %q", c.script, f.Seeds, f.tried(), f.Note, c.seeds, c.note)
		}
		f.Name = string(rune('a' + len(list)))
		list = append(list, f)
	}
	var out bytes.Buffer
	command := &powerCommand{JSON: true}
	err := command.report(&out, list, "tree", 1)
	if err == nil || errors.Is(err, errNotSo) || !strings.Contains(err.Error(), "not tried, so neither found nor missed: a, b, c") {
		t.Errorf("%v", err)
	}
	var table struct {
		Of       int      `json:"of"`
		NotTried []string `json:"not_tried"`
	}
	if err := json.Unmarshal(out.Bytes(), &table); err != nil || table.Of != 2 || len(table.NotTried) != 3 {
		t.Errorf("%v %+v", err, table)
	}
	if err := command.report(io.Discard, list[3:], "tree", 1); !errors.Is(err, errNotSo) {
		t.Errorf("two that were missed: %v", err)
	}
}

// TestCleanThatDoesNotRunSaysSo: what the clean build did not run was not green.
func TestCleanThatDoesNotRunSaysSo(t *testing.T) {
	h := &hunter{bar: newProgress(io.Discard, 0, 0), clean: program(t, `echo '{"scenario":"single-crash","seed":7}'`)}
	two := []sighting{{Scenario: "single-crash", Seed: 7}, {Scenario: "single-crash", Seed: 8}}
	if green, err := h.greenWithout(t.Context(), two[:1]); !green || err != nil {
		t.Error(green, err)
	}
	if green, err := h.greenWithout(t.Context(), two); green || err == nil || !strings.Contains(err.Error(), "of 2 seeds the clean build ran 1") {
		t.Error(green, err)
	}
}

// TestPatience: what works without a word hangs after so much processor time, however
// busy the machine is, what stands still after so many seconds, and what is stopped
// does not hang.
func TestPatience(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Log("this system does not tell how much a process has worked: every second of silence counts")
		return
	}
	begin := func(script string) *exec.Cmd {
		cmd := exec.Command("sh", "-c", script)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd
	}
	p := patience{pid: begin("while :; do :; done").Process.Pid, most: 100 * time.Millisecond}
	how := ""
	for how == "" {
		time.Sleep(20 * time.Millisecond)
		how = p.tick()
	}
	if !strings.Contains(how, "it worked for") {
		t.Error(how)
	}
	if p.heard(); p.tick() != "" {
		t.Error("given up although it had said something")
	}
	still := begin("exec sleep 100")
	time.Sleep(200 * time.Millisecond) // it has begun
	p = patience{pid: still.Process.Pid, most: time.Hour}
	p.tick()
	for range standstill - 2 {
		if how := p.tick(); how != "" {
			t.Fatal(how)
		}
	}
	p.tick()
	if how := p.tick(); !strings.Contains(how, "stood still") {
		t.Errorf("%q", how)
	}
	p.heard()
	if err := still.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, stopped, _ := workOf(still.Process.Pid); stopped || time.Now().After(until) {
			break
		}
	}
	for range 3 * standstill {
		if how := p.tick(); how != "" {
			t.Fatal("stopped, and given up: ", how)
		}
	}
}
