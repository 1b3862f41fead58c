package main

import (
	"bufio"
	"context"
	"encoding/json"
	"runtime"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/onsim"
)

// huntCommand is what power runs in a build with a known bug, and in the clean
// one: the random mix of everything whose properties are claimed, one line a seed.
type huntCommand struct {
	Seed  uint64   `help:"The first seed."`
	Jobs  int      `help:"Seeds at a time."`
	Tasks []string `help:"Run only these, as scenario:seed." placeholder:"TASK"`
}

// sighting is one line of a hunt.
type sighting struct {
	Scenario string          `json:"scenario"`
	Seed     uint64          `json:"seed"`
	Red      bool            `json:"red"`
	Property string          `json:"property,omitempty"`
	Anomaly  string          `json:"anomaly,omitempty"`
	Class    scenarios.Class `json:"class,omitempty"`
	History  bool            `json:"history,omitempty"`
	Text     string          `json:"text,omitempty"`
	CPU      int64           `json:"cpu_ns"`
}

// Run prints sightings until it is killed, or the tasks are done.
func (c *huntCommand) Run(ctx context.Context, to output) error {
	list := mix()
	tasks, err := parseTasks(c.Tasks)
	if err != nil {
		return err
	}
	jobs := c.Jobs
	if jobs == 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	lines := bufio.NewWriter(to.out)
	encoder := json.NewEncoder(lines)
	pool := scenarios.Pool{
		Next: func(i int) (scenarios.Task, bool) {
			if len(tasks) > 0 {
				return tasks[min(i, len(tasks)-1)], i < len(tasks)
			}
			return scenarios.Deal(list, c.Seed, i), true
		},
		Emit: func(o *scenarios.Outcome) bool {
			s := sighting{Scenario: o.Scenario, Seed: o.Seed, Red: o.Red(), CPU: o.CPU}
			if f := o.Failure; f != nil {
				s.Property, s.Anomaly, s.Class, s.History, s.Text = f.Property, f.Anomaly, f.Class, f.History, f.Text
			}
			return encoder.Encode(s) == nil && lines.Flush() == nil
		},
	}
	for range jobs {
		pool.Arms = append(pool.Arms, onsim.New(onsim.Options{Patience: 20 * time.Second}))
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

func parseTasks(names []string) ([]scenarios.Task, error) {
	var tasks []scenarios.Task
	for _, name := range names {
		t, err := scenarios.ParseTask(name)
		if err != nil {
			return nil, usageError{err}
		}
		tasks = append(tasks, t)
	}
	return tasks, nil
}
