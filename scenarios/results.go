package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Results is what a run leaves behind for machines: `run --json`.
type Results struct {
	Stamp     string `json:"stamp"` // the source tree
	Arm       string `json:"arm"`   // sim, local or address
	Passed    bool   `json:"passed"`
	FirstSeed uint64 `json:"first_seed"`
	Elapsed   int64  `json:"elapsed_ns"`
	// Shard is "3/16" for a part of a run; Outcomes are then all of its seeds, so
	// that the parts can be merged without loss.
	Shard    string     `json:"shard,omitempty"`
	Outcomes []*Outcome `json:"outcomes,omitempty"`
	*Summary
}

// ReadResults reads what `run --json` printed.
func ReadResults(text []byte) (*Results, error) {
	r := &Results{Summary: &Summary{}}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("not the results of a run: %w", err)
	}
	if len(r.Scenarios) == 0 {
		return nil, errors.New("the results of no scenario")
	}
	return r, nil
}

// Merge puts the shards of one run together.
func Merge(parts []*Results) (*Results, error) {
	if len(parts) == 0 {
		return nil, errors.New("nothing to merge")
	}
	first := parts[0]
	var names, shards []string
	for _, p := range parts {
		if p.Shard == "" || slices.Contains(shards, p.Shard) {
			return nil, fmt.Errorf("shard %q: every part must be another shard of one run", p.Shard)
		}
		if p.Stamp != first.Stamp || p.FirstSeed != first.FirstSeed || p.Arm != first.Arm {
			return nil, fmt.Errorf("shards %s and %s are not of one run: tree, first seed or arm differ", first.Shard, p.Shard)
		}
		shards = append(shards, p.Shard)
		for i := range p.Scenarios {
			if !slices.Contains(names, p.Scenarios[i].Name) {
				names = append(names, p.Scenarios[i].Name)
			}
		}
	}
	list, err := Named(names...)
	if err != nil {
		return nil, err
	}
	gather := NewGather(list)
	merged := &Results{Stamp: first.Stamp, Arm: first.Arm, FirstSeed: first.FirstSeed}
	interrupted := false
	for _, p := range parts {
		merged.Elapsed = max(merged.Elapsed, p.Elapsed)
		interrupted = interrupted || p.Interrupted
		for _, o := range p.Outcomes {
			gather.Add(o)
		}
	}
	merged.Summary = gather.Summary()
	merged.Interrupted = interrupted
	merged.RequireProbes()
	if of := len(parts); !wholeRun(shards, of) {
		merged.Interrupted = true
		merged.Complaints = append(merged.Complaints, fmt.Sprintf("%d shards are here, and they are not all of one run: %v", of, shards))
	}
	merged.Passed = merged.Summary.Passed()
	return merged, nil
}

// wholeRun tells whether the shards are 1/n to n/n.
func wholeRun(shards []string, n int) bool {
	for i := 1; i <= n; i++ {
		if !slices.Contains(shards, fmt.Sprintf("%d/%d", i, n)) {
			return false
		}
	}
	return true
}
