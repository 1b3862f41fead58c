package mutants

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Overlay applies a mutant to copies, under dir, of the files of root that it changes,
// and writes a file for go build -overlay that lays them over the tree. It returns that
// file and the packages concerned.
func (m *Mutant) Overlay(ctx context.Context, root, dir string) (laid string, packages []string, err error) {
	text, err := os.ReadFile(m.File)
	if err != nil {
		return "", nil, err
	}
	if root, err = filepath.Abs(root); err != nil {
		return "", nil, err
	}
	replace := map[string]string{}
	for name := range hunksOf(string(text)) {
		before, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", nil, err
		}
		target := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return "", nil, err
		}
		if err := os.WriteFile(target, before, 0o644); err != nil {
			return "", nil, err
		}
		replace[filepath.Join(root, name)] = target
		packages = append(packages, "./"+filepath.Dir(name))
	}
	if err := m.Apply(ctx, dir); err != nil {
		return "", nil, err
	}
	changed := false
	for before, after := range replace {
		a, err1 := os.ReadFile(before)
		b, err2 := os.ReadFile(after)
		changed = changed || err1 == nil && err2 == nil && string(a) != string(b)
	}
	if !changed {
		return "", nil, fmt.Errorf("mutant %s changes nothing", m.Name)
	}
	if text, err = json.Marshal(map[string]any{"Replace": replace}); err != nil {
		return "", nil, err
	}
	laid = filepath.Join(dir, "overlay.json")
	return laid, packages, os.WriteFile(laid, text, 0o644)
}

// Tried is what the tests of a package say of a mutant of it.
type Tried struct {
	Name   string `json:"name"`
	Caught bool   `json:"caught"`
	By     string `json:"by"` // the test that failed first, or why nothing is known
}

// Try runs the tests of the packages that a mutant changes, for faults of the judge,
// whose tests are there to notice them.
func (m *Mutant) Try(ctx context.Context, root, dir string) Tried {
	t := Tried{Name: m.Name}
	laid, packages, err := m.Overlay(ctx, root, dir)
	if err != nil {
		t.By = err.Error()
		return t
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-failfast", "-overlay", laid}, packages...)...)
	cmd.Dir = root
	said, err := cmd.CombinedOutput()
	if err == nil {
		t.By = "its tests pass"
		return t
	}
	for line := range strings.Lines(string(said)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "--- FAIL: "); ok {
			t.Caught, t.By = true, strings.Fields(name)[0]
		}
	}
	if !t.Caught {
		t.By = "its tests could not be run: " + string(said)
	}
	return t
}
