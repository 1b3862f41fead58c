package scenarios

import (
	"fmt"
	"strconv"
	"strings"
)

// Task is one seed of one scenario.
type Task struct {
	Scenario *Scenario
	Seed     uint64
}

// TaskName names a task as ParseTask reads it.
func TaskName(scenario string, seed uint64) string {
	return scenario + ":" + strconv.FormatUint(seed, 10)
}

// ParseTask reads "scenario:seed".
func ParseTask(name string) (Task, error) {
	scenario, digits, ok := strings.Cut(name, ":")
	if !ok {
		return Task{}, fmt.Errorf("%q: want scenario:seed", name)
	}
	seed, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return Task{}, fmt.Errorf("%q: %w", name, err)
	}
	list, err := Named(scenario)
	if err != nil {
		return Task{}, err
	}
	return Task{Scenario: &list[0], Seed: seed}, nil
}

// Deal returns the i-th task of a run: the scenarios in turn, each with the
// seeds first, first+1, ….
func Deal(list []Scenario, first uint64, i int) Task {
	return Task{Scenario: &list[i%len(list)], Seed: first + uint64(i/len(list))}
}
