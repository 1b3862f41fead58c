package main

import (
	"encoding/json"
	"fmt"

	"trialog/checker/jepsen"
	"trialog/scenarios"
)

type checkCommand struct {
	File  string `arg:"" help:"A history: one JSON object a line, see the documentation of package checker/history; or, in a file .edn, Jepsen's."`
	JSON  bool   `help:"Print the verdicts for machines."`
	Pages pages  `embed:""`
}

// Run judges a stored history.
func (c *checkCommand) Run(to output) error {
	h, err := readHistory(c.File)
	if err != nil {
		return err
	}
	report, err := judged(h)
	if err != nil {
		return err
	}
	o := scenarios.Outcome{Scenario: h.Header.Scenario, Seed: h.Header.Seed, Arm: string(h.Header.Arm), TraceHash: h.Header.TraceHash}
	o.Judge(&scenarios.Scenario{}, report)
	o.Count(h)
	if err := c.print(to, &o); err != nil {
		return err
	}
	if err := c.Pages.draw(h); err != nil {
		return err
	}
	if report.Failed() {
		return errNotSo
	}
	return nil
}

func (c *checkCommand) print(to output, o *scenarios.Outcome) error {
	if c.JSON {
		encoder := json.NewEncoder(to.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(o)
	}
	for _, j := range o.Judgements {
		fmt.Fprintf(to.out, "%-2d %-24s %s %s\n", j.Number, j.Name, j.Status, j.Reason)
		for _, f := range j.Found {
			fmt.Fprintf(to.out, "     found %s %d%s\n", f.Name, f.N, theirs(f.Name))
		}
	}
	fmt.Fprintf(to.out, "%d answered operations, %d acknowledged sends\n", o.Operations, o.Acked)
	if f := o.Failure; f != nil {
		fmt.Fprintf(to.out, "\n%s: %s\n  %s\n", f.Property, f.Anomaly, f.Text)
		for _, line := range f.Shown {
			fmt.Fprintf(to.out, "  %s\n", line)
		}
	}
	return nil
}

// theirs is Jepsen's name of an anomaly.
func theirs(anomaly string) string {
	if name := jepsen.Name(anomaly); name != "" {
		return "   Jepsen: " + name
	}
	return ""
}
