package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/mutants"
)

const (
	wantedDetections = 3
	// silence is how long a build may print nothing before it is given up: a
	// bug may make a run hang.
	silence = 60 * time.Second
	// encore is the processor time spent on a mutant that is found already, but
	// not yet by the clients' history alone.
	encore = 60 * time.Second
)

type powerCommand struct {
	Mutants string        `help:"The directory of diffs. Default: scenarios/mutants of the source tree." placeholder:"DIR" type:"path"`
	Budget  time.Duration `help:"Processor time for all of them together." default:"60m"`
	Only    []string      `help:"Only these mutants, by name." placeholder:"NAME"`
	Explore string        `help:"Enumerate schedules of this scenario instead of running random seeds (run --explore)." placeholder:"SCENARIO"`
	Fault   []string      `help:"With --explore: only these kinds of faults." placeholder:"KIND"`
	Seed    *uint64       `help:"The first seed of every hunt. Default: a fresh one." placeholder:"S"`
	Jobs    int           `help:"Seeds at a time. Default: one a core." placeholder:"J"`
	JSON    bool          `help:"Print the table for machines."`
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
	First      float64           `json:"first_seconds"` // processor time until the first detection
	Detections []sighting        `json:"detections,omitempty"`
	Elsewhere  []sighting        `json:"elsewhere,omitempty"` // red in a class that the header does not name
	Clean      bool              `json:"clean"`               // the same seeds are green without the bug
	Note       string            `json:"note,omitempty"`
}

// Run hunts each mutant in turn and prints a table.
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
	findings := make([]finding, 0, len(list))
	left := c.Budget
	for i := range list {
		share := left / time.Duration(len(list)-i)
		f := h.hunt(ctx, &list[i], share)
		left -= time.Duration(f.CPUSeconds * float64(time.Second))
		findings = append(findings, f)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	h.bar.clear()
	return c.report(to.out, findings, h.hash, h.first)
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
	list = slices.DeleteFunc(list, func(m mutants.Mutant) bool { return !slices.Contains(c.Only, m.Name) })
	if len(list) != len(c.Only) {
		return nil, usage("--only %v: some of them are not in %s", c.Only, dir)
	}
	return list, nil
}

func (c *powerCommand) report(w io.Writer, findings []finding, tree string, first uint64) error {
	found, history := 0, 0
	for _, f := range findings {
		if f.Found {
			found++
		}
		if f.Found && f.ByHistory {
			history++
		}
	}
	if c.JSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		err := encoder.Encode(struct {
			Tree      string    `json:"tree"`
			FirstSeed uint64    `json:"first_seed"`
			Found     int       `json:"found"`
			Of        int       `json:"of"`
			ByHistory int       `json:"by_history"`
			Mutants   []finding `json:"mutants"`
		}{tree, first, found, len(findings), history, findings})
		if err != nil {
			return err
		}
	} else {
		if err := printFindings(w, findings); err != nil {
			return err
		}
		fmt.Fprintf(w, "\n%d of %d found, %d by the clients' history alone; first seed %d\n", found, len(findings), history, first)
	}
	if found < len(findings) {
		return errNotSo
	}
	return nil
}

func printFindings(w io.Writer, findings []finding) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "mutant\tfound\tcpu s\tfirst s\tseeds\tproperty\tby history\tclean green\tnote")
	for _, f := range findings {
		fmt.Fprintf(t, "%s\t%t\t%.1f\t%.1f\t%d\t%s\t%t\t%t\t%s\n", f.Name, f.Found, f.CPUSeconds, f.First, f.Seeds, f.Property, f.ByHistory, f.Clean, f.Note)
	}
	return t.Flush()
}

// hunter knows the tree, the clean build and where to work.
type hunter struct {
	root, work string
	clean      string // the clean program
	hash       string // of the tree
	first      uint64
	jobs       int
	bar        *progress
	// explore is the scenario whose schedules are enumerated; empty: random seeds.
	explore     string
	exploreArgs []string
}

func (c *powerCommand) newHunter(ctx context.Context, root, work string, to output) (*hunter, error) {
	h := &hunter{root: root, work: work, jobs: c.Jobs, bar: newProgress(to.log, 0, c.Budget), first: freshSeed()}
	if c.Seed != nil {
		h.first = *c.Seed
	}
	h.explore = c.Explore
	for _, kind := range c.Fault {
		h.exploreArgs = append(h.exploreArgs, "--fault", kind)
	}
	if h.jobs == 0 {
		h.jobs = runtime.GOMAXPROCS(0)
	}
	h.bar.say("building the clean program")
	tree := filepath.Join(work, "clean")
	hash, err := copyTree(root, tree)
	if err != nil {
		return nil, err
	}
	h.hash = hash
	h.clean, err = buildLab(ctx, tree, "clean+"+hash)
	return h, err
}

// hunt builds a tree with one bug and runs the random mix until the bug is
// found or its share of the budget is gone.
func (h *hunter) hunt(ctx context.Context, m *mutants.Mutant, budget time.Duration) finding {
	f := finding{Name: m.Name, Classes: m.Classes}
	h.bar.say("%s: building", m.Name)
	program, err := h.build(ctx, m)
	if err != nil {
		f.Note = err.Error()
		return f
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(program)) }()
	if h.explore != "" {
		h.exploreFor(ctx, program, m, budget, &f)
		return f
	}
	h.watch(ctx, program, m, budget, &f)
	if len(f.Detections) == 0 {
		f.Note = h.elsewhere(&f)
		return f
	}
	f.Property = f.Detections[0].Property
	if f.Clean, err = h.greenWithout(ctx, f.Detections); err != nil {
		f.Note = err.Error()
	}
	f.Found = len(f.Detections) >= wantedDetections && f.Clean
	return f
}

func (h *hunter) elsewhere(f *finding) string {
	if len(f.Elsewhere) == 0 {
		return "nothing was red"
	}
	s := f.Elsewhere[0]
	return fmt.Sprintf("%d red in other classes, such as %s %s (%s %d)", len(f.Elsewhere), s.Class, s.Anomaly, s.Scenario, s.Seed)
}

func (h *hunter) build(ctx context.Context, m *mutants.Mutant) (string, error) {
	tree := filepath.Join(h.work, m.Name)
	if _, err := copyTree(h.root, tree); err != nil {
		return "", err
	}
	if err := m.Apply(ctx, tree); err != nil {
		return "", err
	}
	return buildLab(ctx, tree, m.Name+"+"+h.hash)
}

// watch reads sightings until there are enough detections, the budget is spent
// or the program has gone silent.
func (h *hunter) watch(ctx context.Context, program string, m *mutants.Mutant, budget time.Duration, f *finding) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := exec.CommandContext(ctx, program, "hunt", "--seed", strconv.FormatUint(h.first, 10), "--jobs", strconv.Itoa(h.jobs))
	lines, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		f.Note = err.Error()
		return
	}
	quiet := time.AfterFunc(silence, stop)
	var spent time.Duration
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		quiet.Reset(silence)
		var s sighting
		if json.Unmarshal(scanner.Bytes(), &s) != nil {
			continue
		}
		spent += time.Duration(s.CPU)
		if len(f.Detections) < wantedDetections {
			f.CPUSeconds, f.Seeds = spent.Seconds(), f.Seeds+1
		}
		h.note(f, m, s, spent)
		h.bar.say("%s: %d seeds, %d detections", m.Name, f.Seeds, len(f.Detections))
		if h.enough(f, spent, budget) {
			break
		}
	}
	quiet.Stop()
	stop()
	_ = cmd.Wait() // killed by us, as a rule
}

// enough tells whether a hunt may end.
func (h *hunter) enough(f *finding, spent, budget time.Duration) bool {
	if len(f.Detections) < wantedDetections {
		return spent >= budget
	}
	return f.ByHistory || spent.Seconds() >= f.CPUSeconds+encore.Seconds() || spent >= budget
}

func (h *hunter) note(f *finding, m *mutants.Mutant, s sighting, spent time.Duration) {
	switch {
	case !s.Red:
	case !slices.Contains(m.Classes, s.Class):
		f.Elsewhere = append(f.Elsewhere, s)
	default:
		if len(f.Detections) == 0 {
			f.First = spent.Seconds()
		}
		f.ByHistory = f.ByHistory || s.History
		if len(f.Detections) < wantedDetections || s.History {
			f.Detections = append(f.Detections, s)
		}
	}
}

// greenWithout runs the seeds of the detections in the clean build.
func (h *hunter) greenWithout(ctx context.Context, detections []sighting) (bool, error) {
	args := []string{"hunt"}
	for _, d := range detections {
		args = append(args, "--tasks", scenarios.TaskName(d.Scenario, d.Seed))
	}
	out, err := exec.CommandContext(ctx, h.clean, args...).Output()
	if err != nil {
		return false, fmt.Errorf("the clean build: %w", err)
	}
	n := 0
	for line := range bytes.Lines(out) {
		var s sighting
		if err := json.Unmarshal(line, &s); err != nil {
			return false, err
		}
		if s.Red {
			return false, fmt.Errorf("the clean build is red too: %s %d", s.Scenario, s.Seed)
		}
		n++
	}
	return n == len(detections), nil
}
