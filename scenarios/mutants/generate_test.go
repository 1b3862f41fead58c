package mutants

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestRewritten: nested mutants of one place do not get in each other's way.
func TestRewritten(t *testing.T) {
	source := "package x\n\nfunc f(a, b int) {\n\tif a < b || a >= 3 {\n\t\tb = a\n\t}\n\tmust.True(a > 0, \"x\")\n}\n"
	list, err := sites("x.go", source)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(list, func(a, b Site) int { return strings.Compare(a.Kind+a.Text, b.Kind+b.Text) })
	for i := range list {
		list[i].ID = i + 1
	}
	want := "package x\n\nfunc f(a, b int) {\n\tif mutated.Not(4, mutated.Less(2, a ,  b) || mutated.GreaterOrEqual(3, a ,  3)) {\n\t\tif !mutated.Dropped(1) { b = a }\n\t}\n\tmust.True(a > 0, \"x\")\n}\n"
	if got := rewritten(source, list); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestDraw: the same draw is the same list, another one another, and no mutant is of what only looks.
func TestDraw(t *testing.T) {
	folders := []string{"core/replication"}
	a, err := Draw(root, folders, 40, 7)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := Draw(root, folders, 40, 7)
	c, _ := Draw(root, folders, 40, 8)
	same := func(a, b []Site) bool {
		return slices.EqualFunc(a, b, func(x, y Site) bool { return x.File == y.File && x.Line == y.Line && x.Text == y.Text })
	}
	if len(a) != 40 || !same(a, b) || same(a, c) {
		t.Errorf("%d sites, the same again: %t, another draw the same: %t", len(a), same(a, b), same(a, c))
	}
	all, _ := Draw(root, folders, 1<<20, 7)
	if i := slices.IndexFunc(all, func(s Site) bool {
		return strings.HasSuffix(s.File, "/invariants.go") || strings.HasPrefix(s.Text, "must.True(")
	}); i >= 0 || len(all) < 250 {
		t.Errorf("of %d sites one is of what only looks: %d", len(all), i)
	}
}

// TestGeneratedMutantsCompile builds one package with every mutant of it that there is.
func TestGeneratedMutantsCompile(t *testing.T) {
	const folder = "core/replication"
	list, err := Draw(root, []string{folder}, 1<<20, 1)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, s := range list {
		kinds[s.Kind]++
	}
	if kinds[Negated] < 100 || kinds[Boundary] < 50 || kinds[Dropped] < 100 {
		t.Errorf("%v", kinds)
	}
	dir := t.TempDir()
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "cmd", "trialog-lab"), 0o755); err != nil {
		t.Fatal(err)
	}
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	overlay := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(folder, filepath.Base(file))
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
		overlay[filepath.Join(absolute, name)] = filepath.Join(dir, name)
	}
	if err := Support(dir); err != nil {
		t.Fatal(err)
	}
	if err := Generate(dir, list); err != nil {
		t.Fatal(err)
	}
	const support = "core/must/mutated/mutated.go"
	overlay[filepath.Join(absolute, support)] = filepath.Join(dir, support)
	text, err := json.Marshal(map[string]any{"Replace": overlay})
	if err != nil {
		t.Fatal(err)
	}
	laid := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(laid, text, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-gcflags=-e", "-overlay", laid, "./"+folder)
	cmd.Dir = root
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}
