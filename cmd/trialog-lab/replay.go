package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"trialog/scenarios"
	"trialog/scenarios/onsim"
)

type replayCommand struct {
	What    string  `arg:"" name:"scenario-or-file" help:"A scenario, or a tape stored by shrink."`
	Seed    *uint64 `help:"The seed of the run." placeholder:"S"`
	Trace   bool    `help:"Print every event of the run."`
	Twice   bool    `help:"Run it twice and compare: print the first event that differs."`
	History string  `help:"Write the history of the run to this file." placeholder:"FILE" type:"path"`
	JSON    bool    `help:"Print the outcome for machines."`
	Pages   pages   `embed:""`
}

// Run runs one seed or tape again.
func (c *replayCommand) Run(ctx context.Context, to output) error {
	tape, err := c.tape()
	if err != nil {
		return err
	}
	w := bufio.NewWriter(to.out)
	options := onsim.ReplayOptions{Strips: c.History != "" || c.Pages.wanted()}
	if c.Trace {
		options.Trace = w
	}
	run, err := onsim.Replay(ctx, tape, options)
	if err != nil {
		return err
	}
	if c.History != "" {
		if err := scenarios.WriteHistory(c.History, run.History); err != nil {
			return err
		}
	}
	if err := c.Pages.draw(run.History); err != nil {
		return err
	}
	if c.Twice {
		if err := c.again(w, tape, run); err != nil {
			return err
		}
	}
	if err := c.print(w, tape, run); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if run.Outcome.Red() {
		return errNotSo
	}
	return nil
}

// tape finds out what to run.
func (c *replayCommand) tape() (*onsim.Tape, error) {
	if _, err := scenarios.Named(c.What); err == nil {
		if c.Seed == nil {
			return nil, usage("say which run: --seed S")
		}
		return &onsim.Tape{Scenario: c.What, Seed: *c.Seed}, nil
	}
	text, err := os.ReadFile(c.What)
	if os.IsNotExist(err) {
		_, unknown := scenarios.Named(c.What)
		return nil, usage("%w, nor is there such a file", unknown)
	}
	if err != nil {
		return nil, err
	}
	tape, err := onsim.ParseTape(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.What, err)
	}
	if c.Seed != nil && *c.Seed != tape.Seed {
		return nil, usage("the tape %s is of seed %d", c.What, tape.Seed)
	}
	return tape, nil
}

// again runs it twice more and compares the two, event by event.
func (c *replayCommand) again(w *bufio.Writer, tape *onsim.Tape, run *onsim.Run) error {
	text, differ, err := onsim.Twice(tape)
	if err != nil {
		return err
	}
	if differ {
		fmt.Fprintln(w, "NOT THE SAME RUN", text)
		return errors.Join(errNotSo, w.Flush())
	}
	fmt.Fprintf(w, "the same run twice: %d events\n", run.Outcome.Events)
	return nil
}

// linesOfMissed bounds how much is said of draws that were never made; --json has all.
const linesOfMissed = 20

func (c *replayCommand) print(w io.Writer, tape *onsim.Tape, run *onsim.Run) error {
	o := run.Outcome
	if c.JSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(struct {
			*scenarios.Outcome
			Stale  []string `json:"stale,omitempty"`
			Missed []string `json:"missed,omitempty"`
		}{o, run.Stale, run.Missed})
	}
	for _, text := range run.Stale {
		fmt.Fprintln(w, "STALE", text)
	}
	for i, text := range run.Missed {
		if i == linesOfMissed {
			fmt.Fprintf(w, "missed: and of %d more streams and sites\n", len(run.Missed)-i)
			break
		}
		fmt.Fprintln(w, "missed:", text)
	}
	if o.Red() {
		printFailure(w, o)
	} else {
		fmt.Fprintf(w, "scenario     %s\nseed         %d\ntrace hash   %s\n", o.Scenario, o.Seed, o.TraceHash)
	}
	fmt.Fprintf(w, "run          %d events, %d answered operations, %d acknowledged sends, %d faults, %d restarts, %s virtual\n",
		o.Events, o.Operations, o.Acked, o.FaultsFired, o.Restarts, short(o.Span))
	for _, f := range o.Faults {
		fmt.Fprintf(w, "fault        %s %d\n", f.Name, f.N)
	}
	for _, j := range o.Judgements {
		fmt.Fprintf(w, "verdict      %-2d %-24s %s %s\n", j.Number, j.Name, j.Status, j.Reason)
	}
	for _, l := range o.Lacking {
		fmt.Fprintf(w, "lacks        %s\n", l)
	}
	return nil
}
