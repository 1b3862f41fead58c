package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// WriteMarkdown writes the report as Markdown.
func (r *Report) WriteMarkdown(w io.Writer) error {
	b := bufio.NewWriter(w)
	m := markdown{b}
	fmt.Fprintf(b, "# %s\n\n", r.Title)
	m.paragraphs(r.Abstract)
	m.heading("1 Claims")
	fmt.Fprint(b, "| setting | what it promises | where it is said |\n|---|---|---|\n")
	for _, c := range r.Claims {
		m.row("`"+c.Setting+"`", c.Says, c.Source)
	}
	m.heading("2 Design of the trials")
	m.paragraphs(r.Design)
	m.heading("3 The guarantee matrix")
	for _, p := range r.Parts {
		m.part(&p)
	}
	m.heading("4 Violations")
	for i := range r.Violations {
		m.violation(&r.Violations[i])
	}
	if len(r.Violations) == 0 {
		fmt.Fprint(b, "None was found.\n\n")
	}
	m.heading("5 Power: known bugs brought back")
	if r.Foreign {
		fmt.Fprintln(b, ForeignPower)
	} else {
		m.power(r.Power)
	}
	m.heading("6 What was not tested")
	m.list(r.NotTested)
	m.heading("7 Discussion")
	m.paragraphs(r.Discussion)
	m.heading("8 Provenance")
	fmt.Fprint(b, "| | |\n|---|---|\n")
	for _, f := range r.Provenance {
		m.row(f.Name, f.Value)
	}
	return b.Flush()
}

// ForeignPower stands where a report has its table of known bugs.
const ForeignPower = "None can be brought back in a cluster that is only spoken to. What this judge finds is measured on Trialog: docs/TESTING.md."

type markdown struct{ b *bufio.Writer }

func (m markdown) heading(text string) { fmt.Fprintf(m.b, "\n## %s\n\n", text) }

func (m markdown) paragraphs(list []string) {
	for _, p := range list {
		fmt.Fprintf(m.b, "%s\n\n", p)
	}
}

func (m markdown) list(list []string) {
	for _, p := range list {
		fmt.Fprintf(m.b, "- %s\n", p)
	}
}

func (m markdown) row(cells ...string) {
	for _, c := range cells {
		fmt.Fprintf(m.b, "| %s ", strings.ReplaceAll(c, "|", "\\|"))
	}
	fmt.Fprint(m.b, "|\n")
}

func (m markdown) part(p *Part) {
	fmt.Fprintf(m.b, "### %s\n\n", p.Title)
	fmt.Fprint(m.b, "| row | guarantee | settings and faults | simulated | real processes | known bugs |\n|---|---|---|---|---|---|\n")
	for i := range p.Rows {
		r := &p.Rows[i]
		m.row(r.ID, r.Guarantee, r.Settings+"; "+r.Under, r.Simulated.Line(), r.Real.Line(), r.MutantLine())
	}
	fmt.Fprintln(m.b)
}

// Line is a result in a line.
func (r *Result) Line() string {
	if r == nil {
		return NotRun
	}
	parts := []string{"**" + r.Verdict + "**"}
	if r.Why != "" {
		parts = append(parts, r.Why)
	}
	parts = append(parts, fmt.Sprintf("%d seeds", r.Seeds))
	if bound := r.Bound(); bound != "" {
		parts = append(parts, fmt.Sprintf("at risk and held in %d", r.AtRisk), bound)
	}
	for _, c := range append(append([]Count(nil), r.Faults...), r.Risk...) {
		parts = append(parts, fmt.Sprintf("%s %d", c.Name, c.N))
	}
	if r.Replay != "" {
		parts = append(parts, "`"+r.Replay+"`")
	}
	return strings.Join(parts, " · ")
}

// MutantLine lists the known bugs of a row.
func (r *Row) MutantLine() string {
	parts := make([]string, len(r.Mutants))
	for i, m := range r.Mutants {
		parts[i] = m.Name + " (" + m.State + ")"
	}
	return strings.Join(parts, ", ")
}

func (m markdown) violation(v *Violation) {
	fmt.Fprintf(m.b, "### %s\n\n%s\n\n", v.Title, v.Why)
	for _, line := range v.Story {
		fmt.Fprintf(m.b, "1. %s\n", line)
	}
	fmt.Fprintf(m.b, "\n**Loss.** %s.\n\n```\n%s\n```\n\n", v.Loss, strings.Join(v.Excerpt, "\n"))
	for _, c := range v.Found {
		fmt.Fprintf(m.b, "- %s: %d\n", c.Name, c.N)
	}
	fmt.Fprintf(m.b, "\nRows: %s. Seed %d of %s, trace hash %s.", strings.Join(v.Rows, ", "), v.Seed, v.Scenario, v.Trace)
	if v.Replay != "" {
		fmt.Fprintf(m.b, " Replay: `%s`.", v.Replay)
	}
	if v.Picture != "" {
		fmt.Fprintf(m.b, " [Picture](%s), [history](%s).", v.Picture, v.History)
	}
	fmt.Fprint(m.b, "\n\n")
}

func (m markdown) power(p *Power) {
	if p == nil {
		fmt.Fprint(m.b, "No table of this tree was kept: `trialog-lab power --json > FILE`, then `trialog-lab report --power FILE`.\n")
		return
	}
	fmt.Fprintf(m.b, "%d of %d known bugs found, %d by the clients' history alone. %s\n\n", p.Found, p.Of, p.ByHistory, p.Source)
	fmt.Fprint(m.b, "| known bug | found | by history | by invariant | reached | seeds | processor seconds | a detection | first violated | note |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for i := range p.Mutants {
		x := &p.Mutants[i]
		m.row(x.Name, yes(x.Found), yes(x.ByHistory), yes(x.ByInside), fmt.Sprint(x.Reached), fmt.Sprint(x.Seeds), fmt.Sprintf("%.1f", x.CPUSeconds), x.Seconds(), x.Property, x.Note)
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
