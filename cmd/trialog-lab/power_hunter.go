package main

import (
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

// memory bounds the address space of a hunt, in KiB.
const memory = "8000000"

// hunter knows the tree, the clean build and where to work.
type hunter struct {
	root, work string
	clean      string // the clean program
	hash       string // of the tree
	first      uint64
	jobs       int
	book       book
	mu         sync.Mutex // of bar
	bar        *progress
	// explore is the scenario whose schedules are enumerated; empty: random seeds.
	explore     string
	exploreArgs []string
	// tapes is where shrunk detections go; empty: nowhere.
	tapes     string
	shrinkFor time.Duration
}

func (c *powerCommand) newHunter(ctx context.Context, root, work string, to output) (*hunter, error) {
	h := &hunter{root: root, work: work, jobs: cores(c.Jobs), bar: newProgress(to.log, 0, c.Budget), explore: c.Explore}
	for _, kind := range c.Fault {
		h.exploreArgs = append(h.exploreArgs, "--fault", kind)
	}
	h.say("building the clean program")
	tree := filepath.Join(work, "clean")
	hash, err := copyTree(root, tree)
	if err != nil {
		return nil, err
	}
	h.hash = hash
	keep := c.Keep
	if keep == "" {
		keep = filepath.Join(root, "results", "power")
	}
	if h.book, h.first, err = openBook(filepath.Join(keep, hash), c.Seed); err != nil {
		return nil, err
	}
	h.clean, err = buildLab(ctx, tree, "clean+"+hash)
	return h, err
}

func (h *hunter) say(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bar.say(format, args...)
}

// hunt builds a tree with one bug and runs the random mix until the bug is found or
// its share of the budget is gone. What was found out before is not done again.
func (h *hunter) hunt(ctx context.Context, m *mutants.Mutant, budget time.Duration) (f finding, spent time.Duration) {
	f = finding{Name: m.Name, FirstSeed: h.first}
	diff, err := os.ReadFile(m.File)
	if err != nil {
		f.Note = err.Error()
		return f, 0
	}
	f.Diff = hashOf(diff)
	if h.explore == "" {
		h.book.recall(m.Name, f.Diff, &f)
	}
	f.Classes, f.Missed = m.Classes, m.Missed
	if f.Over && !h.wantsTape(m.Name) {
		return f, 0
	}
	h.say("%s: building", m.Name)
	program, err := h.build(ctx, m, &f)
	if err != nil {
		f.Note = err.Error()
		return f, 0
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(program)) }()
	if h.explore != "" {
		h.exploreFor(ctx, program, m, budget, &f)
		return f, budget
	}
	if !f.Over {
		spent, err = h.watch(ctx, program, m, budget, &f)
		h.judge(ctx, &f)
		f.brokenOff(err)
		if f.Found && !f.ByHistory {
			spent += h.blind(ctx, program, m, &f)
		}
	}
	f.Over = f.Found
	if f.Found && h.wantsTape(m.Name) {
		if err := h.shrink(ctx, program, m, &f); err != nil {
			f.Note = err.Error()
		}
	}
	h.replayTapes(ctx, program, &f)
	if ctx.Err() == nil && f.tried() {
		h.book.keep(m.Name, &f)
	}
	return f, spent
}

// judge sums a hunt up.
func (h *hunter) judge(ctx context.Context, f *finding) {
	f.Per = perDetection(f.CPUSeconds, min(len(f.Detections), wantedDetections))
	f.Note = ""
	if len(f.Detections) == 0 {
		f.Note = f.elsewhere()
		return
	}
	f.Property = f.Detections[0].Property
	var err error
	if f.Clean, err = h.greenWithout(ctx, f.Detections); err != nil {
		f.Note = err.Error()
	}
	f.Found = len(f.Detections) >= wantedDetections && f.Clean
	if !f.Found && f.Clean {
		f.Note = fmt.Sprintf("%d detections of %d", len(f.Detections), wantedDetections)
	}
}

func (f *finding) elsewhere() string {
	if len(f.Elsewhere) == 0 {
		return "nothing was red"
	}
	s := f.Elsewhere[0]
	return fmt.Sprintf("%d red in other classes, such as %s %s (%s %d)", len(f.Elsewhere), s.Class, s.Anomaly, s.Scenario, s.Seed)
}

func (h *hunter) build(ctx context.Context, m *mutants.Mutant, f *finding) (string, error) {
	tree := filepath.Join(h.work, m.Name)
	if _, err := copyTree(h.root, tree); err != nil {
		return "", err
	}
	if err := m.Apply(ctx, tree); err != nil {
		return "", err
	}
	if err := mutants.Support(tree); err != nil {
		return "", err
	}
	probed, err := m.Probe(tree)
	if err != nil {
		return "", err
	}
	f.Probed = probed
	return buildLab(ctx, tree, m.Name+"+"+h.hash)
}

// tried tells whether anything was: what was not tried was not missed either.
func (f *finding) tried() bool { return f.Found || f.Seeds > 0 }

// brokenOff says why a hunt ended before it had found enough or spent its budget, and
// of one that has not run a single seed that it shows nothing.
func (f *finding) brokenOff(err error) {
	switch {
	case err == nil && f.tried():
	case err == nil:
		f.Note = "NOT TRIED: there was no budget left for it"
	case !f.tried():
		f.Note = "NOT TRIED: " + err.Error()
	default:
		f.Note = strings.TrimPrefix(f.Note+"; broken off: ", "; ") + err.Error()
	}
}

// watch reads sightings until there are enough detections or the budget is spent; an
// error is why it ended before.
func (h *hunter) watch(ctx context.Context, program string, m *mutants.Mutant, budget time.Duration, f *finding) (time.Duration, error) {
	var spent time.Duration
	var gone error
	for hangs := 0; hangs < 3 && spent < budget && len(f.Detections) < wantedDetections && ctx.Err() == nil; hangs++ {
		args := []string{"--seed", strconv.FormatUint(f.FirstSeed, 10), "--from", strconv.Itoa(f.Next)}
		enough := false
		end, err := h.chase(ctx, program, args, hang, func(s *sighting) bool {
			spent += time.Duration(s.CPU)
			f.CPUSeconds, f.Seeds, f.Next = f.CPUSeconds+time.Duration(s.CPU).Seconds(), f.Seeds+1, f.Next+1
			if s.Reached {
				f.Reached++
			}
			f.note(m, s)
			h.say("%s: %d seeds, %d detections", m.Name, f.Seeds, len(f.Detections))
			enough = len(f.Detections) >= wantedDetections || spent >= budget
			return enough
		})
		if err != nil {
			return spent, err
		}
		if enough || ctx.Err() != nil {
			return spent, ctx.Err()
		}
		f.Next++ // whatever it is that hangs or ends the program there
		gone = fmt.Errorf("at task %d of the mix %s", f.Next-1, end)
		f.Elsewhere = append(f.Elsewhere, sighting{Red: true, Class: scenarios.ClassProgress, Anomaly: end.String(), Scenario: "the mix's task", Seed: uint64(f.Next - 1)})
	}
	return spent, gone
}

// note takes a sighting into account.
func (f *finding) note(m *mutants.Mutant, s *sighting) {
	switch {
	case !s.Red:
	case !slices.Contains(m.Classes, s.Class):
		if len(f.Elsewhere) < 20 {
			f.Elsewhere = append(f.Elsewhere, *s)
		}
	default:
		if len(f.Detections) == 0 {
			f.First = f.CPUSeconds
		}
		f.ByHistory, f.ByInside = f.ByHistory || s.History, f.ByInside || !s.History
		f.Detections = append(f.Detections, *s)
	}
}

// blind asks whether clients alone see the bug: first the seeds of its detections,
// then the mix, without a look inside.
func (h *hunter) blind(ctx context.Context, program string, m *mutants.Mutant, f *finding) time.Duration {
	var spent time.Duration
	see := func(s *sighting) bool {
		spent += time.Duration(s.CPU)
		f.BlindSeeds++
		h.say("%s: %d seeds without a look inside", m.Name, f.BlindSeeds)
		if s.Red && s.History && slices.Contains(m.Classes, s.Class) {
			if green, err := h.greenWithout(ctx, []sighting{*s}); green && err == nil {
				f.ByHistory, f.Blind = true, s
			}
		}
		return f.ByHistory || spent >= encore
	}
	for _, args := range [][]string{tasksOf(f.Detections), {"--seed", strconv.FormatUint(f.FirstSeed, 10)}} {
		if f.ByHistory || ctx.Err() != nil {
			break
		}
		if end, err := h.chase(ctx, program, append(args, "--blind"), hang, see); end.hung || err != nil {
			break // it hangs, which clients see, but no judge
		}
	}
	return spent
}

// greenWithout runs the seeds of the detections in the clean build.
func (h *hunter) greenWithout(ctx context.Context, detections []sighting) (bool, error) {
	n, red := 0, ""
	end, err := h.chase(ctx, h.clean, tasksOf(detections), hang, func(s *sighting) bool {
		if n++; s.Red {
			red = scenarios.TaskName(s.Scenario, s.Seed)
		}
		return red != ""
	})
	if err != nil {
		return false, fmt.Errorf("the clean build: %w", err)
	}
	if red != "" {
		return false, fmt.Errorf("the clean build is red too: %s", red)
	}
	if n < len(detections) {
		return false, fmt.Errorf("of %d seeds the clean build ran %d: %s", len(detections), n, end)
	}
	return true, nil
}

// tasksOf has a hunt run the seeds of some sightings.
func tasksOf(list []sighting) []string {
	var args []string
	for _, s := range list {
		args = append(args, "--tasks", scenarios.TaskName(s.Scenario, s.Seed))
	}
	return args
}
