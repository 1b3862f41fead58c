package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"trialog/scenarios/mutants"
)

const pageHead = `# Power

What these trials find of bugs that are put in on purpose. ` + "`make power`" + ` writes this page; nobody else does. [TESTING](TESTING.md) says how it is done.

`

// writePage writes all that the book holds of this tree.
func (h *hunter) writePage(file string, list []mutants.Mutant, findings []finding) error {
	return into(file, func(w io.Writer) error {
		fmt.Fprint(w, pageHead)
		fmt.Fprintf(w, "Commit %s, source tree %s, %s, %s. Hunts begin with seed %d.\n", commit(), h.hash, machine(), time.Now().UTC().Format("2 January 2006"), h.first)
		if len(list) > 0 {
			all, err := mutants.Load(filepath.Dir(list[0].File))
			if err != nil {
				return err
			}
			pageMutants(w, findings, len(all))
		}
		pageShrunk(w, h.book, findings)
		pageClean(w, h.book)
		pageAblations(w, h.book, findings)
		pageGenerated(w, h.book)
		pageCheckers(w, h.book)
		return nil
	})
}

// bars are those that the design sets.
func bars(findings []finding) []string {
	found, history, minute := 0, 0, 0
	n := 0
	for i := range findings {
		f := &findings[i]
		if f.tried() {
			n++
		}
		if !f.Found {
			continue
		}
		found++
		if f.ByHistory {
			history++
		}
		if f.Per.Mean < 60 {
			minute++
		}
	}
	share := func(k, want int) string {
		return fmt.Sprintf("%d of %d, %d %% (wanted: %d %%)", k, n, 100*k/max(n, 1), want)
	}
	return []string{
		"found: " + share(found, 90),
		"found in under one processor minute a detection (C/k): " + share(minute, 50),
		"found by the clients' history alone: " + share(history, 75),
	}
}

func pageMutants(w io.Writer, findings []finding, of int) {
	fmt.Fprint(w, `
## Known bugs, re-introduced

Each diff of scenarios/mutants is applied to a copy of the tree, and the random mix, which knows nothing of it, is run until three seeds are red in a class of properties that the diff's header names; the same seeds must be green without it. *By invariant* is what a look inside has found (an invariant, a belief, the oracle, the model of the storage), *by history* what the clients' history alone shows; a mutant that only the former has found is hunted for another minute without any look inside. *Reached* counts seeds in which a statement that the diff changes was carried out (a probe is put before each). C/k is the processor time per detection with its exact Poisson interval of 95 %.

`)
	fmt.Fprintf(w, "Hunted here are %d of the %d mutants there are.\n\n", len(findings), of)
	for _, b := range bars(findings) {
		fmt.Fprintf(w, "- %s\n", b)
	}
	fmt.Fprint(w, "\n| mutant | found | by history | by invariant | reached | seeds | detections | C/k, s | first violated |\n|---|---|---|---|---|---|---|---|---|\n")
	var missed, untried []*finding
	for i := range findings {
		f := &findings[i]
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %d | %d | %s | %s |\n", f.Name, yesNo(f.Found), yesNo(f.ByHistory), yesNo(f.ByInside),
			f.reached(), f.Seeds, len(f.Detections), f.Per, f.Property)
		switch {
		case !f.tried():
			untried = append(untried, f)
		case !f.Found:
			missed = append(missed, f)
		}
	}
	if len(untried) > 0 {
		fmt.Fprint(w, "\nNot tried, so neither found nor missed:\n\n")
	}
	for _, f := range untried {
		fmt.Fprintf(w, "- %s: %s.\n", f.Name, strings.TrimSuffix(strings.TrimPrefix(f.Note, "NOT TRIED: "), "."))
	}
	if len(missed) == 0 {
		return
	}
	fmt.Fprint(w, "\nMissed, and why:\n\n")
	for _, f := range missed {
		fmt.Fprintf(w, "- %s: %s (%d seeds, %.0f s).\n", f.Name, strings.TrimSuffix(f.why(), "."), f.Seeds, f.CPUSeconds)
	}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func pageClean(w io.Writer, b book) {
	a := alarms{}
	if !b.read("clean", &a) {
		return
	}
	fmt.Fprintf(w, "\n## False alarms\n\n%d seeds of the mix without any bug, %.0f s of processor time: %d red, %s a million seeds.\n", a.Seeds, a.CPUSeconds, len(a.Red), a.rate())
	for _, r := range a.Red {
		fmt.Fprintf(w, "- %s\n", r)
	}
}

// rate is that of false alarms, in words.
func (a *alarms) rate() string {
	if i := a.perMillion(); i.Mean == 0 {
		return fmt.Sprintf("at most %.3g (95 %%)", i.High)
	} else {
		return i.String()
	}
}

func pageAblations(w io.Writer, b book, findings []finding) {
	list := kept[ablation](b, "without-")
	if len(list) == 0 {
		return
	}
	fmt.Fprint(w, `
## Ablations

Mutants drawn from those that were found, hunted once more by a search that lacks something, on the same seeds, for at most three times as long (at least 30 s): *swarm*, every range of a scenario is its middle and every fault is on in every seed (limits and timeouts are still drawn); *disk*, no failing, full, rotten, stalled or lost disks and no crash inside their calls (kills and power cuts stay); *clock*, none is set or drifts; *aim*, faults strike anybody instead of leaders, followers and controllers. Seconds per detection; in brackets how many there were, where there were fewer than three.

`)
	fmt.Fprintf(w, "| mutant | everything |%s\n|---|---|%s\n", strings.Join(prefixed(ablations, " without "), " |")+" |", strings.Repeat("---|", len(ablations)))
	var names []string
	for _, a := range list {
		if !slices.Contains(names, a.Mutant) {
			names = append(names, a.Mutant)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		base := "?"
		if i := slices.IndexFunc(findings, func(f finding) bool { return f.Name == name }); i >= 0 {
			base = findings[i].Per.String()
		}
		fmt.Fprintf(w, "| %s | %s |", name, base)
		for _, what := range ablations {
			cell := "not run"
			if i := slices.IndexFunc(list, func(a ablation) bool { return a.Mutant == name && a.Without == what }); i >= 0 {
				cell = list[i].Per.String()
				if list[i].Detections < wantedDetections {
					cell += fmt.Sprintf(" [%d]", list[i].Detections)
				}
			}
			fmt.Fprintf(w, " %s |", cell)
		}
		fmt.Fprintln(w)
	}
}

func prefixed(list []string, with string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = with + s
	}
	return out
}

func pageGenerated(w io.Writer, b book) {
	list := kept[generatedFinding](b, "generated-")
	if len(list) == 0 {
		return
	}
	killed := 0
	seconds := 0.0
	for i := range list {
		seconds += list[i].CPUSeconds
		if list[i].Killed {
			killed++
		}
	}
	fmt.Fprintf(w, `
## Generated mutants

%d places of %s were drawn (draw %d): a condition negated, the boundary of a comparison moved (< for <=), a statement left out. Each was run with the first %d seeds of the mix; one is killed when a seed is red that is green without it, or when the program hangs. %d of %d were killed, %d %% (wanted: 80 %% of 500), in %.0f s of processor time.
`, len(list), strings.Join(generatedFolders, " and "), list[0].Draw, generatedSeeds, killed, len(list), 100*killed/len(list), seconds)
	if killed == len(list) {
		return
	}
	fmt.Fprint(w, "\nSurvivors:\n\n| where | what | text | why |\n|---|---|---|---|\n")
	for i := range list {
		if f := &list[i]; !f.Killed {
			fmt.Fprintf(w, "| %s:%d | %s | `%s` | %s |\n", f.File, f.Line, f.Kind, f.short(), f.why())
		}
	}
}

func pageCheckers(w io.Writer, b book) {
	list := kept[mutants.Tried](b, "checker-")
	if len(list) == 0 {
		return
	}
	fmt.Fprint(w, "\n## Faults of the judge\n\nPlanted in `checker` (scenarios/mutants/checkers), and the first of its tests that notices.\n\n| fault | caught | by |\n|---|---|---|\n")
	for _, t := range list {
		fmt.Fprintf(w, "| %s | %s | %s |\n", t.Name, yesNo(t.Caught), t.By)
	}
}
