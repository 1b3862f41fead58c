package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/onsim"
)

// huntCommand is what power runs in a build with a known bug, and in the clean
// one: the random mix of everything whose properties are claimed, one line a seed.
type huntCommand struct {
	Seed    uint64   `help:"The first seed."`
	From    int      `help:"Leave out so many seeds at the beginning."`
	Limit   int      `help:"Stop after so many seeds; 0: never."`
	Tasks   []string `help:"Run only these, as scenario:seed." placeholder:"TASK"`
	Blind   bool     `help:"Do not look inside: judge by what clients saw."`
	Without string   `help:"Weaken every scenario: no swarm, disk, clock or aim." placeholder:"WHAT"`
	Mutant  int      `help:"Turn this generated mutant on." placeholder:"ID"`
}

// mutationHits and mutationOn are set in trees that hold a bug (mutants.Support): how
// often what was changed was carried out, and which generated mutant is on.
var (
	mutationHits = func() uint64 { return 0 }
	mutationOn   = func(int) {}
)

// sighting is one line of a hunt.
type sighting struct {
	Scenario string          `json:"scenario"`
	Seed     uint64          `json:"seed"`
	Red      bool            `json:"red"`
	Reached  bool            `json:"reached,omitempty"` // what was changed was carried out
	Property string          `json:"property,omitempty"`
	Anomaly  string          `json:"anomaly,omitempty"`
	Class    scenarios.Class `json:"class,omitempty"`
	History  bool            `json:"history,omitempty"`
	Text     string          `json:"text,omitempty"`
	CPU      int64           `json:"cpu_ns"`
}

// Run prints sightings until it is killed, or the tasks are done. It runs one seed at
// a time, so that each can tell what it has reached.
func (c *huntCommand) Run(ctx context.Context, to output) error {
	list, err := weakened(mix(), c.Without)
	if err != nil {
		return err
	}
	tasks, err := parseTasks(c.Tasks)
	if err != nil {
		return err
	}
	mutationOn(c.Mutant)
	lines := bufio.NewWriter(to.out)
	encoder := json.NewEncoder(lines)
	hits := mutationHits()
	pool := scenarios.Pool{
		Arms: []scenarios.Arm{onsim.New(onsim.Options{Patience: 20 * time.Second, Blind: c.Blind})},
		Next: func(i int) (scenarios.Task, bool) {
			if len(tasks) > 0 {
				return tasks[min(i, len(tasks)-1)], i < len(tasks)
			}
			return scenarios.Deal(list, c.Seed, c.From+i), c.Limit == 0 || i < c.Limit
		},
		Emit: func(o *scenarios.Outcome) bool {
			s := sighting{Scenario: o.Scenario, Seed: o.Seed, Red: o.Red(), CPU: o.CPU, Reached: mutationHits() > hits}
			hits = mutationHits()
			if f := o.Failure; f != nil {
				s.Property, s.Anomaly, s.Class, s.History, s.Text = f.Property, f.Anomaly, f.Class, f.History, f.Text
			}
			return encoder.Encode(s) == nil && lines.Flush() == nil
		},
	}
	pool.Run(ctx)
	return lines.Flush()
}

// mix is every scenario but the controls: what must be green without a bug.
func mix() []scenarios.Scenario {
	var list []scenarios.Scenario
	for _, s := range scenarios.All() {
		if !s.Expect.Control() && s.Open == "" {
			list = append(list, s)
		}
	}
	return list
}

// The ablations: what a search does without.
const (
	noSwarm = "swarm" // every seed has the same faults, workload and doses
	noDisk  = "disk"  // disks do not fail, fill up, rot or stall
	noClock = "clock" // clocks are neither set nor drift
	noAim   = "aim"   // faults strike whomever they strike
)

var ablations = []string{noSwarm, noDisk, noClock, noAim}

var (
	diskFaults = []scenarios.Kind{scenarios.WriteError, scenarios.ReadError, scenarios.SyncError, scenarios.NoSpace,
		scenarios.ShortWrite, scenarios.DiskStall, scenarios.JournalRot, scenarios.SegmentRot, scenarios.CrashInCall, scenarios.DiskWiped}
	clockFaults = []scenarios.Kind{scenarios.ClockStep, scenarios.ClockDrift, scenarios.ClockFreeze}
)

// weakened takes something away from every scenario.
func weakened(list []scenarios.Scenario, what string) ([]scenarios.Scenario, error) {
	if what != "" && !slices.Contains(ablations, what) {
		return nil, usage("--without %s: there are %v", what, ablations)
	}
	for i := range list {
		s := &list[i]
		s.Faults = slices.Clone(s.Faults)
		switch what {
		case noSwarm:
			s.Middling()
		case noDisk:
			s.Faults = slices.DeleteFunc(s.Faults, func(f scenarios.Fault) bool { return slices.Contains(diskFaults, f.Kind) })
		case noClock:
			s.Faults = slices.DeleteFunc(s.Faults, func(f scenarios.Fault) bool { return slices.Contains(clockFaults, f.Kind) })
		case noAim:
			for k := range s.Faults {
				s.Faults[k].Aim = scenarios.Anybody
			}
		}
	}
	return list, nil
}

func parseTasks(names []string) ([]scenarios.Task, error) {
	var tasks []scenarios.Task
	for _, name := range names {
		t, err := scenarios.ParseTask(name)
		if err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", name, err)}
		}
		tasks = append(tasks, t)
	}
	return tasks, nil
}
