package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/onsim"
	"trialog/sim/shrink"
)

type shrinkCommand struct {
	Scenario string        `arg:"" help:"The scenario of the failing run."`
	Seed     uint64        `help:"Its seed." required:"" placeholder:"S"`
	Output   string        `short:"o" help:"Where to store the tape." required:"" placeholder:"FILE" type:"path"`
	For      time.Duration `help:"Stop looking after so much processor time." default:"60s"`
	Mutant   string        `help:"The known bug that this program was built with; the tape keeps its name." placeholder:"NAME"`
	JSON     bool          `help:"Print what is left for machines."`
}

// Run looks for a shorter schedule that fails in the same way, and stores it.
func (c *shrinkCommand) Run(ctx context.Context, to output) error {
	if _, err := scenarios.Named(c.Scenario); err != nil {
		return usageError{err}
	}
	ctx, stop := working(ctx, c.For)
	defer stop()
	bar := newProgress(to.log, 0, c.For)
	found, err := onsim.Shrink(ctx, &onsim.Tape{Scenario: c.Scenario, Seed: c.Seed}, func(s onsim.ShrinkStep) {
		bar.say("%d runs, the last one: %s", s.Runs, s.Signature)
	})
	bar.clear()
	if err != nil {
		return err
	}
	found.Tape.Commit, found.Tape.Mutant = commit(), c.Mutant
	text, err := found.Tape.Encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Output, text, 0o644); err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(to.out).Encode(shrunkFinding{
			Signature: found.Signature, Runs: found.Runs, Minimal: found.Minimal, CPUSeconds: processTime().Seconds(), Brokers: found.BrokersAfter,
			Faults: found.After[shrink.Faults], FaultsBefore: found.Before[shrink.Faults],
			Operations: found.After[shrink.Operations], OperationsBefore: found.Before[shrink.Operations],
		})
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

// shrunkFinding is what is left of a run.
type shrunkFinding struct {
	Mutant           string  `json:"mutant,omitempty"`
	Scenario         string  `json:"scenario,omitempty"`
	Seed             uint64  `json:"seed,omitempty"`
	Signature        string  `json:"signature"`
	Runs             int     `json:"runs"`
	Minimal          bool    `json:"minimal"`
	Faults           int     `json:"faults"`
	FaultsBefore     int     `json:"faults_before"`
	Operations       int     `json:"operations"`
	OperationsBefore int     `json:"operations_before"`
	Brokers          int     `json:"brokers"`
	CPUSeconds       float64 `json:"cpu_seconds"`
	// Replicated: the mutant changes more than what one broker does by itself.
	Replicated bool `json:"replicated,omitempty"`
}

// working ends a context after so much processor time of this program from now on: a
// busy machine takes longer, and finds the same.
func working(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(ctx)
	began := processTime()
	go func() {
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if processTime()-began >= most {
					stop()
					return
				}
			}
		}
	}()
	return ctx, stop
}

// processTime is the processor time of this program so far.
func processTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
