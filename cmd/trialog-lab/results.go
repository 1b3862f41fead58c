package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"trialog/scenarios"
)

// shard is one of several parts of a run; the zero value is the whole.
type shard struct{ index, of int }

// UnmarshalText reads "3/16".
func (s *shard) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if n, err := fmt.Sscanf(string(text), "%d/%d", &s.index, &s.of); n != 2 || err != nil || s.index < 1 || s.index > s.of || s.String() != string(text) {
		return fmt.Errorf("%q: want a part and how many there are, such as 3/16", text)
	}
	return nil
}

// String writes "3/16", "" for the whole.
func (s shard) String() string {
	if s.of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.index, s.of)
}

// task is the number of the part's i-th task among those of the whole.
func (s shard) task(i int) int {
	if s.of == 0 {
		return i
	}
	return i*s.of + s.index - 1
}

// failureKinds prints the first red seed of each kind in full and counts the
// others.
type failureKinds struct {
	w     io.Writer
	quiet bool
	names []string
	seen  map[string][]*scenarios.Outcome
}

func newFailureKinds(w io.Writer, quiet bool) *failureKinds {
	return &failureKinds{w: w, quiet: quiet, seen: make(map[string][]*scenarios.Outcome)}
}

func (k *failureKinds) add(o *scenarios.Outcome) {
	name := o.Signature()
	if len(k.seen[name]) == 0 {
		k.names = append(k.names, name)
		if !k.quiet {
			printFailure(k.w, o)
		}
	}
	k.seen[name] = append(k.seen[name], o)
}

func (k *failureKinds) count() int { return len(k.names) }

// again names the seeds that failed like one that was printed.
func (k *failureKinds) again() {
	for _, name := range k.names {
		list := k.seen[name]
		if k.quiet || len(list) == 1 {
			continue
		}
		tasks := make([]string, 0, 5)
		for _, o := range list[1:min(len(list), 6)] {
			tasks = append(tasks, scenarios.TaskName(o.Scenario, o.Seed))
		}
		fmt.Fprintf(k.w, "\nalike        %s: %d more seeds, such as %s\n", name, len(list)-1, strings.Join(tasks, ", "))
	}
}

// printResults prints a run's results for people or for machines, and into a
// file for build servers.
func printResults(w io.Writer, r *scenarios.Results, machines bool, junit string) error {
	if junit != "" {
		if err := writeJUnit(junit, r); err != nil {
			return err
		}
	}
	if !machines {
		printSummary(w, r.Summary, r.FirstSeed, time.Duration(r.Elapsed))
		return nil
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

type mergeCommand struct {
	Files []string `arg:"" help:"What run --shard --json printed, a file a shard."`
	Junit string   `help:"Write the results as JUnit's XML into this file." placeholder:"FILE" type:"path"`
	JSON  bool     `help:"Print a summary for machines."`
}

// Run merges shards and judges the whole as one run.
func (c *mergeCommand) Run(to output) error {
	parts, err := readResults(c.Files)
	if err != nil {
		return err
	}
	merged, err := scenarios.Merge(parts)
	if err != nil {
		return usageError{err}
	}
	kinds := newFailureKinds(to.out, c.JSON)
	for _, o := range merged.Failures {
		kinds.add(o)
	}
	kinds.again()
	if err := printResults(to.out, merged, c.JSON, c.Junit); err != nil {
		return err
	}
	if !merged.Passed {
		return errNotSo
	}
	return nil
}

func readResults(files []string) ([]*scenarios.Results, error) {
	list := make([]*scenarios.Results, 0, len(files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		r, err := scenarios.ReadResults(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		list = append(list, r)
	}
	return list, nil
}
