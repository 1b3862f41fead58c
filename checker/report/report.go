package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// Report is a guarantee report.
type Report struct {
	Title    string   `json:"title"`
	Abstract []string `json:"abstract"`
	Claims   []Claim  `json:"claims"`
	Design   []string `json:"design"`
	// Parts are the matrix; evidence of each arm stands in columns of its own.
	Parts      []Part      `json:"parts"`
	Violations []Violation `json:"violations"`
	Power      *Power      `json:"power,omitempty"`
	// Foreign: it is on a cluster that was only spoken to, as which no bug can be
	// brought back.
	Foreign    bool     `json:"foreign,omitempty"`
	NotTested  []string `json:"not_tested"`
	Discussion []string `json:"discussion"`
	Provenance []Fact   `json:"provenance"`
}

// Claim is what a setting promises, in Kafka's terms, and where that is said.
type Claim struct {
	Setting string `json:"setting"`
	Says    string `json:"says"`
	Source  string `json:"source"`
}

// Part is a heading of the matrix with its rows.
type Part struct {
	Title string `json:"title"`
	Rows  []Row  `json:"rows"`
}

// Row is a row of the matrix with its evidence.
type Row struct {
	ID        string   `json:"id"`
	Claimed   bool     `json:"claimed"`
	Property  string   `json:"property"`
	Guarantee string   `json:"guarantee"`
	Settings  string   `json:"settings"`
	Under     string   `json:"under"`
	Note      string   `json:"note,omitempty"`
	Scenarios []string `json:"scenarios"`
	Simulated *Result  `json:"simulated,omitempty"` // nil: not run
	Real      *Result  `json:"real,omitempty"`      // nil: not run
	Mutants   []Mutant `json:"mutants,omitempty"`
}

// The verdicts on a row.
const (
	Holds    = "HOLDS"     // claimed, at risk, nothing found
	Violated = "VIOLATED"  // claimed, and found not to hold
	Red      = "RED"       // claimed, and a run of it broke something else
	Vacuous  = "VACUOUS"   // claimed, and nothing was at risk
	Unknown  = "UNKNOWN"   // claimed, and the judge could not decide
	Shown    = "SHOWN"     // not claimed, and the anomaly was found
	NotShown = "NOT SHOWN" // not claimed, and nothing was found: the judge may be blind
	NotRun   = "NOT RUN"
)

// Result is the evidence on a row from one arm.
type Result struct {
	Verdict  string  `json:"verdict"`
	Why      string  `json:"why,omitempty"`
	Seeds    int64   `json:"seeds"`
	AtRisk   int64   `json:"at_risk"` // seeds in which the property was at risk and held
	Violated int64   `json:"violated"`
	Faults   []Count `json:"faults,omitempty"` // of the row's kinds, over all seeds
	Risk     []Count `json:"risk,omitempty"`   // what was at risk, over all seeds
	// Seed is one that shows the anomaly, Replay the command, Link its section.
	Seed   uint64 `json:"seed,omitempty"`
	Replay string `json:"replay,omitempty"`
	Link   string `json:"link,omitempty"`
}

// Count is a named number.
type Count struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// Bound is the rule of three: with no violation among N seeds, the share of
// seeds of this distribution that violate it is below 3/N with a confidence of
// 95 %. It is no bound on any other distribution.
func (r *Result) Bound() string {
	if r == nil || r.Verdict != Holds || r.AtRisk == 0 {
		return ""
	}
	if r.AtRisk <= 3 {
		return "too few seeds for a bound"
	}
	return fmt.Sprintf("at most 3/%d = %.2g %% of seeds of this distribution", r.AtRisk, 300/float64(r.AtRisk))
}

// Mutant says whether a known bug that a row must find was found.
type Mutant struct {
	Name  string `json:"name"`
	State string `json:"state"` // found, missed, not run
}

// Killed tells whether some mutant of the row was found.
func (r *Row) Killed() bool {
	for _, m := range r.Mutants {
		if m.State == "found" {
			return true
		}
	}
	return false
}

// Power is the table of known bugs.
type Power struct {
	Source    string `json:"source"` // where the table is from, and whether of the same tree
	Found     int    `json:"found"`
	Of        int    `json:"of"`
	ByHistory int    `json:"by_history"`
	Mutants   []Bug  `json:"mutants"`
	FirstSeed uint64 `json:"first_seed"`
}

// Bug is one known bug and what became of it.
type Bug struct {
	Name       string  `json:"name"`
	Found      bool    `json:"found"`
	CPUSeconds float64 `json:"cpu_seconds"`
	Seeds      int     `json:"seeds"`
	Property   string  `json:"property"`
	ByHistory  bool    `json:"by_history"`
	ByInside   bool    `json:"by_invariant"`
	// Reached is the number of seeds in which a statement that the bug changes was
	// carried out; Per the processor seconds per detection, with an interval of 95 %
	// (0: nothing bounds it).
	Reached int `json:"reached"`
	Per     struct {
		Mean float64 `json:"mean"`
		Low  float64 `json:"low"`
		High float64 `json:"high"`
	} `json:"seconds_per_detection"`
	Clean bool   `json:"clean"`
	Note  string `json:"note,omitempty"`
}

// Seconds is the processor time per detection, in words.
func (b *Bug) Seconds() string {
	switch p := b.Per; {
	case p.Mean == 0 && p.Low == 0:
		return ""
	case p.Mean == 0:
		return fmt.Sprintf("over %.3g", p.Low)
	default:
		return fmt.Sprintf("%.3g (%.3g to %.3g)", p.Mean, p.Low, p.High)
	}
}

// Fact is a line of the provenance.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// WriteJSON writes the report for machines.
func (r *Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	return encoder.Encode(r)
}

// Counts says how many rows have which verdict, in the simulator.
func (r *Report) Counts() map[string]int {
	counts := map[string]int{}
	for _, p := range r.Parts {
		for i := range p.Rows {
			counts[p.Rows[i].verdict()]++
		}
	}
	return counts
}

func (r *Row) verdict() string {
	if r.Simulated == nil {
		return NotRun
	}
	return r.Simulated.Verdict
}

// Failed lists the rows that do not say what they must: claimed ones that do
// not hold or were not at risk, or, where there is a table of known bugs, of which none
// was found; others that were not shown, any that was not run.
func (r *Report) Failed() []string {
	var list []string
	for _, p := range r.Parts {
		for i := range p.Rows {
			row := &p.Rows[i]
			want := Shown
			if row.Claimed {
				want = Holds
			}
			switch v := row.verdict(); {
			case v != want:
				list = append(list, row.ID+": "+v)
			case row.Claimed && r.Power != nil && !row.Killed():
				list = append(list, row.ID+": "+v+", but none of its known bugs was found")
			}
		}
	}
	return list
}
