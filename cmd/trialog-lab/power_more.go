package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/mutants"
)

// alarms counts what was red without any bug.
type alarms struct {
	Seeds      int      `json:"seeds"`
	CPUSeconds float64  `json:"cpu_seconds"`
	Red        []string `json:"red,omitempty"`
	Next       int      `json:"next"`
	FirstSeed  uint64   `json:"first_seed"`
}

// perMillion is the rate of false alarms, with its interval.
func (a *alarms) perMillion() interval {
	if a.Seeds == 0 {
		return interval{}
	}
	low, high := poisson(len(a.Red))
	scale := 1e6 / float64(a.Seeds)
	return interval{Mean: float64(len(a.Red)) * scale, Low: low * scale, High: high * scale}
}

// falseAlarms runs the clean build, beside the seeds of hunts, and goes on where it
// ended last time.
func (h *hunter) falseAlarms(ctx context.Context, budget time.Duration) error {
	a := alarms{FirstSeed: h.first}
	if h.book.read("clean", &a) && a.FirstSeed != h.first {
		a = alarms{FirstSeed: h.first}
	}
	spent := 0.0
	args := []string{"--seed", strconv.FormatUint(a.FirstSeed, 10), "--from", strconv.Itoa(a.Next)}
	end, err := h.chase(ctx, h.clean, args, hang, func(s *sighting) bool {
		a.Seeds, a.Next = a.Seeds+1, a.Next+1
		seconds := time.Duration(s.CPU).Seconds()
		a.CPUSeconds, spent = a.CPUSeconds+seconds, spent+seconds
		if s.Red {
			a.Red = append(a.Red, scenarios.TaskName(s.Scenario, s.Seed)+" "+s.Property+" "+s.Anomaly)
		}
		h.say("clean: %d seeds, %d red", a.Seeds, len(a.Red))
		return spent >= budget.Seconds()
	})
	if err != nil {
		return err
	}
	if end.hung {
		a.Red, a.Next = append(a.Red, fmt.Sprintf("at seed %d of the mix %s", a.Next, end)), a.Next+1
	}
	return h.book.write("clean", &a)
}

// ablation is one mutant hunted by a weaker search.
type ablation struct {
	Mutant     string   `json:"mutant"`
	Without    string   `json:"without"`
	CPUSeconds float64  `json:"cpu_seconds"`
	Seeds      int      `json:"seeds"`
	Detections int      `json:"detections"`
	Per        interval `json:"seconds_per_detection"`
	FirstSeed  uint64   `json:"first_seed"`
	Diff       string   `json:"diff"`
}

// ablate hunts some of the mutants that were found once more, each without one thing
// and for at most three times as long, and at least half a minute.
func (h *hunter) ablate(ctx context.Context, list []mutants.Mutant, findings []finding, n int) error {
	var drawn []*finding
	for i := range findings {
		if findings[i].Found {
			drawn = append(drawn, &findings[i])
		}
	}
	slices.SortFunc(drawn, func(a, b *finding) int {
		return cmp.Compare(hashOf([]byte(a.Name+strconv.FormatUint(h.first, 10))), hashOf([]byte(b.Name+strconv.FormatUint(h.first, 10))))
	})
	drawn = drawn[:min(n, len(drawn))]
	return h.each(len(drawn), func(i int) error {
		f := drawn[i]
		m := &list[slices.IndexFunc(list, func(m mutants.Mutant) bool { return m.Name == f.Name })]
		var program string
		for _, what := range ablations {
			a, name := ablation{}, "without-"+what+"-"+f.Name
			if h.book.read(name, &a) && a.Diff == f.Diff && a.FirstSeed == h.first {
				continue
			}
			if program == "" {
				var err error
				if program, err = h.build(ctx, m, &finding{}); err != nil {
					return err
				}
				defer func() { _ = os.RemoveAll(filepath.Dir(program)) }()
			}
			a = ablation{Mutant: f.Name, Without: what, FirstSeed: h.first, Diff: f.Diff}
			limit := max(30, 3*f.CPUSeconds)
			_, err := h.chase(ctx, program, []string{"--seed", strconv.FormatUint(h.first, 10), "--without", what}, hang, func(s *sighting) bool {
				a.Seeds, a.CPUSeconds = a.Seeds+1, a.CPUSeconds+time.Duration(s.CPU).Seconds()
				if s.Red && slices.Contains(m.Classes, s.Class) {
					a.Detections++
				}
				h.say("%s without %s: %d seeds, %d detections", f.Name, what, a.Seeds, a.Detections)
				return a.Detections >= wantedDetections || a.CPUSeconds >= limit
			})
			if err != nil || ctx.Err() != nil {
				return cmp.Or(err, ctx.Err())
			}
			a.Per = perDetection(a.CPUSeconds, a.Detections)
			if err := h.book.write(name, &a); err != nil {
				return err
			}
		}
		return nil
	})
}

// tryCheckers plants each fault in the judge and runs the judge's tests. (The copies of
// trees that are hunted in have no tests; this is done in the tree itself, by an overlay.)
func (h *hunter) tryCheckers(ctx context.Context) error {
	list, err := mutants.Load(filepath.Join(h.root, "scenarios", "mutants", "checkers"))
	if err != nil {
		return err
	}
	return h.each(len(list), func(i int) error {
		m := &list[i]
		h.say("checker: %s", m.Name)
		tried := m.Try(ctx, h.root, filepath.Join(h.work, "checker-"+m.Name))
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return h.book.write("checker-"+m.Name, &tried)
	})
}

// each carries out n pieces of work, as many at a time as there are jobs.
func (h *hunter) each(n int, work func(i int) error) error {
	var workers sync.WaitGroup
	var mu sync.Mutex
	var first error
	next := 0
	for range h.jobs {
		workers.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := i >= n || first != nil
				mu.Unlock()
				if stop {
					return
				}
				if err := work(i); err != nil {
					mu.Lock()
					first = cmp.Or(first, err)
					mu.Unlock()
				}
			}
		})
	}
	workers.Wait()
	return first
}

// kept lists what the book holds under a prefix.
func kept[T any](b book, prefix string) []T {
	files, _ := filepath.Glob(filepath.Join(b.dir, prefix+"*.json"))
	var list []T
	for _, file := range files {
		var v T
		if b.read(strings.TrimSuffix(filepath.Base(file), ".json"), &v) {
			list = append(list, v)
		}
	}
	return list
}
