package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/mutants"
)

const (
	wantedDetections = 3
	// encore is the processor time spent on a mutant that is found already, but
	// not yet by the clients' history alone.
	encore = 60 * time.Second
)

type powerCommand struct {
	Mutants   string        `help:"The directory of diffs. Default: scenarios/mutants of the source tree." placeholder:"DIR" type:"path"`
	Budget    time.Duration `help:"Processor time for all of them together." default:"60m"`
	Only      []string      `help:"Only these mutants, by name." placeholder:"NAME"`
	Clean     time.Duration `help:"Also run the mix without any bug for so much processor time, and count false alarms." default:"0s"`
	Ablations int           `help:"Also hunt so many drawn mutants without swarm, without disk faults, without clocks, without aim." placeholder:"N"`
	Generated int           `help:"Also draw so many mechanical mutants of core/partition and core/replication, and run 200 seeds of each." placeholder:"N"`
	Tapes     string        `help:"Shrink a detection of each mutant that is found, unless that was done, and store the tape in this directory." placeholder:"DIR" type:"path"`
	ShrinkFor time.Duration `help:"Stop shrinking one after so much processor time." default:"5m"`
	Checkers  bool          `help:"Also plant the faults of scenarios/mutants/checkers in the judge, and see whether its own tests notice."`
	Draw      uint64        `help:"What they are drawn by." default:"1"`
	Keep      string        `help:"Where results are kept, by the hash of the tree; what is there is not done again. Default: results/power of the source tree." placeholder:"DIR" type:"path"`
	Page      string        `help:"Write all that is kept of this tree into this file, as Markdown." placeholder:"FILE" type:"path"`
	Explore   string        `help:"Enumerate schedules of this scenario instead of running random seeds (run --explore)." placeholder:"SCENARIO"`
	Fault     []string      `help:"With --explore: only these kinds of faults." placeholder:"KIND"`
	Seed      *uint64       `help:"The first seed of every hunt. Default: the one of what is kept, else a fresh one." placeholder:"S"`
	Jobs      int           `help:"Mutants at a time. Default: one a core." placeholder:"J"`
	JSON      bool          `help:"Print the table for machines."`
}

// finding is what became of one mutant.
type finding struct {
	Name       string            `json:"name"`
	Found      bool              `json:"found"`
	CPUSeconds float64           `json:"cpu_seconds"` // until found, or in all
	Seeds      int               `json:"seeds"`
	Property   string            `json:"property"` // what the first detection violated, empty when there was none
	Classes    []scenarios.Class `json:"classes"`
	ByHistory  bool              `json:"by_history"`    // some detection needed nothing but the clients' history
	ByInside   bool              `json:"by_invariant"`  // some detection was a look inside: an invariant, a belief, a model
	Probed     int               `json:"probed"`        // places that tell when they are carried out
	Reached    int               `json:"reached"`       // seeds in which some did
	First      float64           `json:"first_seconds"` // processor time until the first detection
	Per        interval          `json:"seconds_per_detection"`
	Detections []sighting        `json:"detections,omitempty"`
	Elsewhere  []sighting        `json:"elsewhere,omitempty"` // red in a class that the header does not name
	BlindSeeds int               `json:"blind_seeds,omitempty"`
	Blind      *sighting         `json:"blind,omitempty"` // a detection without a look inside
	Clean      bool              `json:"clean"`           // the same seeds are green without the bug
	// Tapes are the stored ones of this mutant, and what they show with it now.
	Tapes  []storedTape `json:"tapes,omitempty"`
	Note   string       `json:"note,omitempty"`
	Missed string       `json:"missed,omitempty"` // why, by the header of the mutant
	// Diff is a hash of the mutant, FirstSeed and Next where a hunt goes on.
	Diff      string `json:"diff,omitempty"`
	FirstSeed uint64 `json:"first_seed"`
	Next      int    `json:"next"`
	Over      bool   `json:"over,omitempty"` // there is nothing left to find out
}

// Run hunts each mutant and prints a table.
func (c *powerCommand) Run(ctx context.Context, to output) error {
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	list, err := c.load(root)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "trialog-power-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	h, err := c.newHunter(ctx, root, work, to)
	if err != nil {
		return err
	}
	h.tapes, h.shrinkFor = c.Tapes, c.ShrinkFor
	findings := h.huntAll(ctx, list, c.Budget)
	h.bar.clear()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := c.more(ctx, h, list, findings); err != nil {
		return err
	}
	if c.Page != "" {
		if err := h.writePage(c.Page, list, findings); err != nil {
			return err
		}
	}
	return c.report(to.out, findings, h.hash, h.first)
}

// more is what was asked for beside the mutants themselves.
func (c *powerCommand) more(ctx context.Context, h *hunter, list []mutants.Mutant, findings []finding) error {
	if c.Clean > 0 {
		if err := h.falseAlarms(ctx, c.Clean); err != nil {
			return err
		}
	}
	if c.Ablations > 0 {
		if err := h.ablate(ctx, list, findings, c.Ablations); err != nil {
			return err
		}
	}
	if c.Generated > 0 {
		if err := h.huntGenerated(ctx, c.Generated, c.Draw); err != nil {
			return err
		}
	}
	if c.Checkers {
		if err := h.tryCheckers(ctx); err != nil {
			return err
		}
	}
	h.bar.clear()
	return ctx.Err()
}

func (c *powerCommand) load(root string) ([]mutants.Mutant, error) {
	dir := c.Mutants
	if dir == "" {
		dir = filepath.Join(root, "scenarios", "mutants")
	}
	list, err := mutants.Load(dir)
	if err != nil {
		return nil, err
	}
	if len(c.Only) == 0 {
		return list, nil
	}
	if slices.Equal(c.Only, []string{"none"}) {
		return nil, nil
	}
	list = slices.DeleteFunc(list, func(m mutants.Mutant) bool { return !slices.Contains(c.Only, m.Name) })
	if len(list) != len(c.Only) {
		return nil, usage("--only %v: some of them are not in %s", c.Only, dir)
	}
	return list, nil
}

// huntAll hunts several mutants at a time. A budget that one leaves goes to those
// that come later.
func (h *hunter) huntAll(ctx context.Context, list []mutants.Mutant, budget time.Duration) []finding {
	findings := make([]finding, len(list))
	var mu sync.Mutex
	var workers sync.WaitGroup
	next := 0
	for range h.jobs {
		workers.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				i := next
				if next++; i >= len(list) {
					mu.Unlock()
					return
				}
				share := budget / time.Duration(len(list)-i)
				budget -= share
				mu.Unlock()
				f, spent := h.hunt(ctx, &list[i], share)
				mu.Lock()
				findings[i] = f
				budget += max(share-spent, 0)
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return findings
}

func (c *powerCommand) report(w io.Writer, findings []finding, tree string, first uint64) error {
	found, history := 0, 0
	var untried []string
	for i := range findings {
		switch f := &findings[i]; {
		case f.Found:
			found++
			if f.ByHistory {
				history++
			}
		case !f.tried():
			untried = append(untried, f.Name)
		}
	}
	tried := len(findings) - len(untried)
	if c.JSON {
		findings = slices.Clone(findings)
		for i := range findings {
			findings[i].Note = findings[i].why()
		}
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		err := encoder.Encode(struct {
			Tree      string    `json:"tree"`
			FirstSeed uint64    `json:"first_seed"`
			Found     int       `json:"found"`
			Of        int       `json:"of"`
			ByHistory int       `json:"by_history"`
			NotTried  []string  `json:"not_tried,omitempty"`
			Mutants   []finding `json:"mutants"`
		}{tree, first, found, tried, history, untried, findings})
		if err != nil {
			return err
		}
	} else {
		if err := printFindings(w, findings); err != nil {
			return err
		}
		fmt.Fprintf(w, "\n%d of %d found, %d by the clients' history alone; first seed %d\n", found, tried, history, first)
	}
	switch {
	case len(untried) > 0:
		return fmt.Errorf("not tried, so neither found nor missed: %s", strings.Join(untried, ", "))
	case found < tried:
		return errNotSo
	}
	return nil
}

func printFindings(w io.Writer, findings []finding) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "mutant\tfound\tcpu s\tper detection (95 %)\tseeds\treached\tproperty\tby history\tby invariant\tclean green\tnote")
	for i := range findings {
		f := &findings[i]
		fmt.Fprintf(t, "%s\t%t\t%.1f\t%s\t%d\t%s\t%s\t%t\t%t\t%t\t%s\n", f.Name, f.Found, f.CPUSeconds, f.Per, f.Seeds, f.reached(), f.Property, f.ByHistory, f.ByInside, f.Clean, f.why())
	}
	return t.Flush()
}

// reached is in how many seeds what was changed was carried out, in words.
func (f *finding) reached() string {
	if f.Probed == 0 {
		return "not probed"
	}
	return fmt.Sprint(f.Reached)
}

// why says why a mutant was missed.
func (f *finding) why() string {
	switch {
	case f.Found:
		return ""
	case !f.tried():
		return f.Note
	case f.Missed != "":
		return f.Note + "; " + f.Missed
	case f.Probed > 0 && f.Reached == 0:
		return f.Note + ": what was changed was never carried out"
	default:
		return f.Note
	}
}

// cores is how many mutants are hunted at a time by default.
func cores(jobs int) int {
	if jobs == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return jobs
}
