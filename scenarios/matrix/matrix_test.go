package matrix

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"trialog/checker/history"
	"trialog/scenarios"
	"trialog/scenarios/mutants"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the tables in docs/GUARANTEES.md")

const guarantees = "../../docs/GUARANTEES.md"

// The tables stand between these lines.
const (
	begins = "<!-- The tables are generated from scenarios/matrix: make rewrite -->\n"
	ends   = "<!-- End of what is generated -->\n"
)

// TestGoldenGuarantees: docs/GUARANTEES.md says what the matrix says.
func TestGoldenGuarantees(t *testing.T) {
	text, err := os.ReadFile(guarantees)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begins)
	_, after, ok2 := strings.Cut(rest, ends)
	if !ok || !ok2 {
		t.Fatal("docs/GUARANTEES.md has lost the lines between which its tables stand")
	}
	want := before + begins + Table() + "\n" + ends + after
	if want == string(text) {
		return
	}
	if !*rewrite {
		t.Fatal("docs/GUARANTEES.md is out of date: make rewrite")
	}
	if err := os.WriteFile(guarantees, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRows: every row can be tried: its scenarios exist and inject what it is
// about, its mutants exist and are of its kind, and what must be shown is what
// its scenario must show.
func TestRows(t *testing.T) {
	rows := Rows()
	if len(rows) < 40 || len(rows) > 80 {
		t.Errorf("%d rows, want 40 to 80", len(rows))
	}
	known, err := mutants.Load("../mutants")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range rows {
		r := &rows[i]
		if seen[r.ID] || r.ID == "" || r.Guarantee == "" || r.Settings == "" || r.Under == "" || !slices.Contains(Parts(), r.Part) {
			t.Errorf("row %q is told twice or not whole", r.ID)
		}
		seen[r.ID] = true
		list, err := scenarios.Named(r.Scenarios...)
		if err != nil || len(r.Scenarios) == 0 {
			t.Errorf("row %s: %v", r.ID, err)
			continue
		}
		for k := range list {
			checkScenario(t, r, &list[k])
		}
		if r.Holds == (len(r.Mutants) == 0) || r.Holds != (r.Anomaly == "") {
			t.Errorf("row %s: a claimed row names mutants, another one its anomaly", r.ID)
		}
		for _, name := range r.Mutants {
			if !slices.ContainsFunc(known, func(m mutants.Mutant) bool { return m.Name == name }) {
				t.Errorf("row %s: there is no mutant %s", r.ID, name)
			}
		}
	}
}

func checkScenario(t *testing.T, r *Row, s *scenarios.Scenario) {
	t.Helper()
	if s.Expect.Control() == r.Holds || s.Expect.Anomaly != r.Anomaly {
		t.Errorf("row %s: %s is expected to: %s", r.ID, s.Name, s.Expect)
	}
	if len(r.Faults) > 0 && !slices.ContainsFunc(r.Faults, s.Has) {
		t.Errorf("row %s: %s injects none of %v", r.ID, s.Name, r.Faults)
	}
}

// TestEverythingHasARow: no scenario is outside the matrix, nor a property that
// scenarios put at risk.
func TestEverythingHasARow(t *testing.T) {
	tried, judged := map[string]bool{}, map[history.Property]bool{}
	for _, r := range Rows() {
		judged[r.Property] = true
		for _, s := range r.Scenarios {
			tried[s] = true
		}
	}
	for _, s := range scenarios.All() {
		if s.Open == "" && !tried[s.Name] {
			t.Errorf("scenario %s tries no row", s.Name)
		}
	}
	for p := history.OffsetConsistency; p <= history.CommitLinearizable; p++ {
		if !judged[p] {
			t.Errorf("no row is about %s", p)
		}
	}
}
