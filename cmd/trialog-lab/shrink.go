package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/onsim"
	"trialog/sim/shrink"
)

type shrinkCommand struct {
	Scenario string        `arg:"" help:"The scenario of the failing run."`
	Seed     uint64        `help:"Its seed." required:"" placeholder:"S"`
	Output   string        `short:"o" help:"Where to store the tape." required:"" placeholder:"FILE" type:"path"`
	For      time.Duration `help:"Stop looking after this long." default:"60s"`
}

// Run looks for a shorter schedule that fails in the same way, and stores it.
func (c *shrinkCommand) Run(ctx context.Context, to output) error {
	if _, err := scenarios.Named(c.Scenario); err != nil {
		return usageError{err}
	}
	ctx, stop := context.WithTimeout(ctx, c.For)
	defer stop()
	bar := newProgress(to.log, 0, c.For)
	found, err := onsim.Shrink(ctx, &onsim.Tape{Scenario: c.Scenario, Seed: c.Seed}, func(s onsim.ShrinkStep) {
		bar.say("%d runs, the last one: %s", s.Runs, s.Signature)
	})
	bar.clear()
	if err != nil {
		return err
	}
	found.Tape.Commit = commit()
	text, err := found.Tape.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Output, text, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(to.out, "%s\n%d runs", found.Signature, found.Runs)
	for stage := range found.Before {
		fmt.Fprintf(to.out, "; %d of %d %s are left", found.After[stage], found.Before[stage], shrink.Stage(stage))
	}
	fmt.Fprintf(to.out, "; %d of %d brokers", found.BrokersAfter, found.BrokersBefore)
	if found.Minimal {
		fmt.Fprint(to.out, "\nminimal      without any one fault, operation, client or broker it does not fail alike")
	} else {
		fmt.Fprint(to.out, "\nNOT MINIMAL  the time ended first: shrink longer (--for)")
	}
	fmt.Fprintf(to.out, "\nstored       %s\n", c.Output)
	fmt.Fprintf(to.out, "replay       trialog-lab replay %s\n", c.Output)
	return nil
}
