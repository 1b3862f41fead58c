package main

import (
	"fmt"
	"io"

	"trialog/scenarios"
)

// printFailure prints a red seed: the property, the operations that show it,
// scenario, seed, trace hash, and the commands that replay and shrink it.
func printFailure(w io.Writer, o *scenarios.Outcome) {
	f := o.Failure
	fmt.Fprintf(w, "\nVIOLATED     %s: %s\n", f.Property, f.Anomaly)
	if f.Text != "" {
		fmt.Fprintf(w, "             %s\n", f.Text)
	}
	for _, line := range f.Shown {
		fmt.Fprintf(w, "  %s\n", line)
	}
	fmt.Fprintf(w, "scenario     %s\n", o.Scenario)
	fmt.Fprintf(w, "seed         %d\n", o.Seed)
	if o.Arm != onSimulator {
		fmt.Fprintf(w, "arm          %s (real processes: the same seed draws the same faults, not the same run)\n", o.Arm)
		if o.HistoryFile != "" {
			fmt.Fprintf(w, "check        trialog-lab check %s\n", o.HistoryFile)
		}
		return
	}
	fmt.Fprintf(w, "trace hash   %s\n", o.TraceHash)
	fmt.Fprintf(w, "replay       trialog-lab replay %s --seed %d\n", o.Scenario, o.Seed)
	fmt.Fprintf(w, "shrink       trialog-lab shrink %s --seed %d -o %s-%d.tape\n", o.Scenario, o.Seed, o.Scenario, o.Seed)
}
