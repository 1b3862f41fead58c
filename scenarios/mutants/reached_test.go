package mutants

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const before = `package x

import "fmt"

type t struct {
	a int
}

func f(n int) int {
	if n > 1 {
		n++
		fmt.Println(n)
	} else if n > 0 {
		n--
	}
	switch n {
	case 1:
		return 2
	}
	return n
}
`

// TestProbe: calls stand before the innermost statements that a diff changes, before
// what follows on something that it takes away, and nowhere for declarations.
func TestProbe(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		want     string // the line with the call; empty: there is none
	}{
		"a condition":         {"\tif n > 1 {", "\tif n > 2 {", "mutated.Hit(); if n > 2 {"},
		"a second condition":  {"\t} else if n > 0 {", "\t} else if n > 5 {", "mutated.Hit(); if n > 1 {"},
		"a statement":         {"\t\tn--", "\t\tn -= 2", "mutated.Hit(); n -= 2"},
		"one taken away":      {"\t\tn++\n", "", "mutated.Hit(); fmt.Println(n)"},
		"the last of a block": {"\t\tfmt.Println(n)\n", "", "mutated.Hit(); if n > 1 {"},
		"a case":              {"\tcase 1:", "\tcase 2:", "mutated.Hit(); switch n {"},
		"a case's body":       {"\t\treturn 2", "\t\treturn 3", "mutated.Hit(); return 3"},
		"a field":             {"\ta int", "\ta int64", ""},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			after := strings.Replace(before, c.old, c.new, 1)
			dir := t.TempDir()
			m := Mutant{Name: "m", File: filepath.Join(dir, "m.diff")}
			if err := os.WriteFile(m.File, []byte(diffOf(t, before, after)), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "x.go"), []byte(after), 0o644); err != nil {
				t.Fatal(err)
			}
			n, err := m.Probe(dir)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "x.go"))
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" && n == 0 && string(text) == after {
				return
			}
			if n != 1 || !strings.Contains(string(text), c.want) || !strings.HasPrefix(string(text), `package x; import mutated "trialog/core/must/mutated"`) {
				t.Errorf("%d places\n%s", n, text)
			}
		})
	}
}

// diffOf writes a diff of one hunk that holds the whole file.
func diffOf(t *testing.T, before, after string) string {
	t.Helper()
	a, b := strings.SplitAfter(before, "\n"), strings.SplitAfter(after, "\n")
	a, b = a[:len(a)-1], b[:len(b)-1]
	same, end := 0, 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		same++
	}
	for end < len(a)-same && end < len(b)-same && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	var w strings.Builder
	w.WriteString("--- a/x.go\n+++ b/x.go\n@@ -1,9 +1,9 @@\n")
	put := func(mark string, lines []string) {
		for _, l := range lines {
			w.WriteString(mark + l)
		}
	}
	put(" ", a[:same])
	put("-", a[same:len(a)-end])
	put("+", b[same:len(b)-end])
	put(" ", a[len(a)-end:])
	return w.String()
}
