package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"trialog/checker"
	"trialog/checker/history"
	"trialog/checker/picture"
	"trialog/checker/report"
	"trialog/scenarios"
	"trialog/scenarios/matrix"
	"trialog/scenarios/onsim"
)

type reportCommand struct {
	Output string        `short:"o" help:"The directory to write: report.html, report.md, report.json, pictures and histories." required:"" placeholder:"DIR" type:"path"`
	On     string        `help:"Judge the Kafka-compatible cluster at this address instead, by clients alone: no fault but those of their own connections." placeholder:"HOST:PORT[,HOST:PORT]"`
	Runs   []string      `help:"What run --json or merge --json printed, of the simulator or of real processes. Default: run the matrix's scenarios now." placeholder:"FILE" type:"path"`
	Power  string        `help:"What power --json printed." placeholder:"FILE" type:"path"`
	Seeds  int           `help:"How many seeds to run now, over all scenarios together." placeholder:"N"`
	For    time.Duration `help:"Run for this long now, if no runs are given." default:"25m"`
	Seed   *uint64       `help:"The first seed. Default: a fresh one." placeholder:"S"`
	Jobs   int           `help:"Seeds at a time. Default: one a core." placeholder:"J"`
}

// Run writes the report. It fails when a row does not say what it must.
func (c *reportCommand) Run(ctx context.Context, to output) error {
	if c.On != "" {
		return c.onAddress(ctx, to)
	}
	began := time.Now()
	runs, err := readResults(c.Runs)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		now, err := c.runNow(ctx, to)
		if err != nil {
			return err
		}
		runs = append(runs, now)
	}
	facts, tree, err := provenance(runs)
	if err != nil {
		return err
	}
	power, err := c.power(tree)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Output, 0o755); err != nil {
		return err
	}
	r := &report.Report{
		Title: "Trialog on trial: what is guaranteed, and how sure that is", Claims: claims(), Parts: matrix.Evaluate(runs, power),
		Power: power, NotTested: notTested(runs), Discussion: discussion(),
	}
	if err := c.violations(ctx, to, r, runs); err != nil {
		return err
	}
	r.Design = design(runs)
	r.Abstract = abstract(r, runs)
	r.Provenance = append(facts, report.Fact{Name: "written in", Value: time.Since(began).Round(time.Second).String()})
	if err := c.write(r); err != nil {
		return err
	}
	return c.tell(to.out, r)
}

// runNow runs what the matrix names in the simulator.
func (c *reportCommand) runNow(ctx context.Context, to output) (*scenarios.Results, error) {
	run := runCommand{Seeds: c.Seeds, Seed: c.Seed, Jobs: c.Jobs, On: onSimulator, Failures: 20, JSON: true}
	if c.Seeds == 0 {
		run.For = c.For
	}
	if c.Seed == nil {
		seed := freshSeed()
		run.Seed = &seed
	}
	for _, r := range matrix.Rows() {
		for _, name := range r.Scenarios {
			if !slices.Contains(run.Scenarios, name) {
				run.Scenarios = append(run.Scenarios, name)
			}
		}
	}
	var text bytes.Buffer
	if err := run.Run(ctx, output{&text, to.log}); err != nil && !errors.Is(err, errNotSo) {
		return nil, err
	}
	return scenarios.ReadResults(text.Bytes())
}

// power reads the kept table of known bugs.
func (c *reportCommand) power(tree string) (*report.Power, error) {
	if c.Power == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.Power)
	if err != nil {
		return nil, err
	}
	table := struct {
		report.Power
		Tree string `json:"tree"`
	}{}
	if err := json.Unmarshal(text, &table); err != nil {
		return nil, fmt.Errorf("%s: not what power --json prints: %w", c.Power, err)
	}
	p := &table.Power
	switch table.Tree {
	case "":
		p.Source = "The table does not say of which tree it is."
	case tree:
		p.Source = "The table is of this very tree (" + tree + ")."
	default:
		p.Source = "The table is of another tree (" + table.Tree + ") than this report (" + tree + ")."
	}
	return p, nil
}

// violations replays one seed of every row that is not claimed and of every way
// in which a claimed row failed, and writes a section, a picture and a history.
func (c *reportCommand) violations(ctx context.Context, to output, r *report.Report, runs []*scenarios.Results) error {
	bar := newProgress(to.log, 0, time.Minute)
	defer bar.clear()
	for p := range r.Parts {
		for i := range r.Parts[p].Rows {
			row := &r.Parts[p].Rows[i]
			if s := row.Simulated; s != nil && s.Seed != 0 {
				bar.say("drawing %s", row.ID)
				if err := c.violation(ctx, r, row.Scenarios[0], s.Seed, row); err != nil {
					return err
				}
			}
		}
	}
	seen := map[string]bool{}
	for _, run := range runs {
		for _, o := range run.Failures {
			name := o.Scenario + " " + o.Signature()
			if run.Arm != onSimulator || seen[name] {
				continue
			}
			seen[name] = true
			if err := c.violation(ctx, r, o.Scenario, o.Seed, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// violation writes one section; row is nil for what is claimed.
func (c *reportCommand) violation(ctx context.Context, r *report.Report, scenario string, seed uint64, row *report.Row) error {
	run, err := onsim.Replay(ctx, &onsim.Tape{Scenario: scenario, Seed: seed}, onsim.ReplayOptions{Strips: true})
	if err != nil {
		return err
	}
	h := run.History
	h.Header.TraceHash = run.Outcome.TraceHash
	verdicts, err := judged(h)
	if err != nil {
		return err
	}
	v := report.Violation{Title: fmt.Sprintf("%s, seed %d", scenario, seed)}
	v.Describe(verdicts, picture.Tell(h, verdicts).Lines())
	if row != nil {
		v.Title, v.Rows = row.ID+": "+row.Guarantee, []string{row.ID}
		v.Why = "Not claimed under these settings and faults (" + row.Settings + "; " + row.Under + "), and shown, as it must be: a judge that did not see this loss would be blind."
	} else {
		v.Claimed, v.Why = true, "A claimed row is red."
		if f := run.Outcome.Failure; f != nil {
			v.Why = fmt.Sprintf("%s: %s. %s", f.Property, f.Anomaly, f.Text)
		}
	}
	name := scenario + "-" + strconv.FormatUint(seed, 10)
	v.Picture, v.History = name+".html", name+".jsonl"
	if err := c.files(&v, h, verdicts); err != nil {
		return err
	}
	r.Violations = append(r.Violations, v)
	return nil
}

func (c *reportCommand) files(v *report.Violation, h *history.History, verdicts *checker.Report) error {
	if err := scenarios.WriteHistory(filepath.Join(c.Output, v.History), h); err != nil {
		return err
	}
	return into(filepath.Join(c.Output, v.Picture), func(w io.Writer) error {
		return picture.Write(w, picture.Run{History: h, Report: verdicts})
	})
}

func (c *reportCommand) write(r *report.Report) error {
	for name, write := range map[string]func(io.Writer) error{
		"report.html": r.WriteHTML, "report.md": r.WriteMarkdown, "report.json": r.WriteJSON,
	} {
		if err := into(filepath.Join(c.Output, name), write); err != nil {
			return err
		}
	}
	return nil
}

func into(file string, write func(io.Writer) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// tell prints the outcome: how many rows say what they must, and which do not.
func (c *reportCommand) tell(w io.Writer, r *report.Report) error {
	failed := r.Failed()
	rows := 0
	for _, p := range r.Parts {
		rows += len(p.Rows)
	}
	fmt.Fprintf(w, "%d of %d rows say what they must; %d violations are drawn\n", rows-len(failed), rows, len(r.Violations))
	for _, f := range failed {
		fmt.Fprintln(w, " ", f)
	}
	fmt.Fprintln(w, "written to", filepath.Join(c.Output, "report.html"))
	if len(failed) > 0 {
		return errNotSo
	}
	return nil
}
