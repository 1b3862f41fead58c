package mutants

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// TestEveryMutantAppliesAndCompiles applies each diff to copies of the files it
// changes, and compiles their packages with the copies laid over the tree.
func TestEveryMutantAppliesAndCompiles(t *testing.T) {
	list, err := Load(".")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 9 {
		t.Fatalf("only %d mutants", len(list))
	}
	for _, m := range list {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			laid, packages, err := m.Overlay(t.Context(), root, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "go", append([]string{"build", "-overlay", laid}, packages...)...)
			cmd.Dir = root
			if said, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
		})
	}
}

// TestPlantedCheckerFaultsAreCaught: the judge's own tests notice each fault that is
// planted in it.
func TestPlantedCheckerFaultsAreCaught(t *testing.T) {
	list, err := Load("checkers")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 10 {
		t.Errorf("only %d faults", len(list))
	}
	for _, m := range list {
		t.Run(m.Name, func(t *testing.T) {
			if tried := m.Try(t.Context(), root, t.TempDir()); !tried.Caught {
				t.Error(tried.By)
			} else {
				t.Log("by " + tried.By)
			}
		})
	}
}

func TestHeader(t *testing.T) {
	good := "# name: x\n# source: s\n# mechanism: what\n#  goes on\n# trigger: t\n# property: durability, order\ndiff --git a/f b/f\n"
	m, err := parse([]byte(good))
	if err != nil || m.Mechanism != "what goes on" || len(m.Classes) != 2 {
		t.Fatalf("%+v %v", m, err)
	}
	for name, bad := range map[string]string{
		"no trigger":         strings.Replace(good, "# trigger: t\n", "", 1),
		"an unknown field":   strings.Replace(good, "# trigger: t\n", "# trigger: t\n# scenario: single-disk\n", 1),
		"an unknown class":   strings.Replace(good, "order", "ordre", 1),
		"text of no field":   "# hello\n" + good,
		"nothing but a diff": "diff --git a/f b/f\n",
	} {
		if _, err := parse([]byte(bad)); err == nil {
			t.Errorf("a header with %s is taken", name)
		}
	}
}

// TestMisfit: a hunk that does not fit must not be applied in part.
func TestMisfit(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	diff := filepath.Join(dir, "m.diff")
	if err := os.WriteFile(file, []byte("one\ntwo\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	text := "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n one\n-three\n+four\n"
	if err := os.WriteFile(diff, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	m := Mutant{Name: "m", File: diff}
	if err := m.Apply(t.Context(), dir); err == nil {
		t.Fatal("a misfit was applied")
	}
}
