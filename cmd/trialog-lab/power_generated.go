package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"trialog/scenarios"
	"trialog/scenarios/mutants"
)

const (
	generatedSeeds = 200
	// shortHang is how long a generated mutant may work without a word.
	shortHang = 30 * time.Second
)

// generatedFolders are mutated mechanically.
var generatedFolders = []string{"core/partition", "core/replication"}

// generatedFinding is what became of one generated mutant.
type generatedFinding struct {
	mutants.Site
	Killed     bool    `json:"killed"`
	By         string  `json:"by,omitempty"` // the property and the seed
	Seeds      int     `json:"seeds"`
	Reached    int     `json:"reached"` // seeds in which it decided otherwise than the original
	CPUSeconds float64 `json:"cpu_seconds"`
	FirstSeed  uint64  `json:"first_seed"`
	Draw       uint64  `json:"draw"`
	Of         int     `json:"of"` // how many were drawn
}

// huntGenerated draws mutants, builds them into one program, and runs the seeds of
// each until one is red that is green without it.
func (h *hunter) huntGenerated(ctx context.Context, n int, draw uint64) error {
	program, list, err := h.buildGenerated(ctx, n, draw)
	if err != nil {
		return err
	}
	clean, err := h.redWithout(ctx, program)
	if err != nil {
		return err
	}
	return h.each(len(list), func(i int) error {
		f, name := generatedFinding{}, fmt.Sprintf("generated-%d-%04d", draw, list[i].ID)
		if h.book.read(name, &f) && f.FirstSeed == h.first && f.Of == len(list) && f.Text == list[i].Text {
			return nil
		}
		f = generatedFinding{Site: list[i], FirstSeed: h.first, Draw: draw, Of: len(list)}
		end, err := h.chase(ctx, program, h.generatedArgs(f.ID), shortHang, func(s *sighting) bool {
			f.Seeds, f.CPUSeconds = f.Seeds+1, f.CPUSeconds+time.Duration(s.CPU).Seconds()
			if s.Reached {
				f.Reached++
			}
			task := scenarios.TaskName(s.Scenario, s.Seed)
			if s.Red && !slices.Contains(clean, task) {
				f.Killed, f.By = true, s.Property+" "+s.Anomaly+" ("+task+")"
			}
			h.say("generated %d of %d: %d seeds", i+1, len(list), f.Seeds)
			return f.Killed
		})
		switch {
		case err != nil || ctx.Err() != nil:
			return errors.Join(err, ctx.Err())
		case f.Seeds < generatedSeeds && !f.Killed:
			f.Killed, f.By = true, end.String()
		}
		return h.book.write(name, &f)
	})
}

func (h *hunter) generatedArgs(id int) []string {
	return []string{"--seed", strconv.FormatUint(h.first, 10), "--limit", strconv.Itoa(generatedSeeds), "--mutant", strconv.Itoa(id)}
}

// redWithout lists the seeds that are red with every mutant off.
func (h *hunter) redWithout(ctx context.Context, program string) ([]string, error) {
	red, n := []string(nil), 0
	end, err := h.chase(ctx, program, h.generatedArgs(0), hang, func(s *sighting) bool {
		if n++; s.Red {
			red = append(red, scenarios.TaskName(s.Scenario, s.Seed))
		}
		h.say("generated, all off: %d seeds, %d red", n, len(red))
		return false
	})
	if err == nil && n < generatedSeeds {
		err = fmt.Errorf("with every generated mutant off only %d of %d seeds were run: %s", n, generatedSeeds, end)
	}
	return red, err
}

var placeInError = regexp.MustCompile(`(?m)^(?:\./)?(core/[^:]+\.go):(\d+):`)

// buildGenerated builds one program of all drawn mutants. Where one does not compile
// (the type of what it compares cannot be told), it is left out, and the rest is built
// again.
func (h *hunter) buildGenerated(ctx context.Context, n int, draw uint64) (string, []mutants.Site, error) {
	list, err := mutants.Draw(h.root, generatedFolders, n, draw)
	if err != nil {
		return "", nil, err
	}
	for attempt := range 5 {
		h.say("building %d generated mutants", len(list))
		tree := filepath.Join(h.work, "generated-"+strconv.Itoa(attempt))
		if _, err := copyTree(h.root, tree); err != nil {
			return "", nil, err
		}
		if err := errors.Join(mutants.Support(tree), mutants.Generate(tree, list)); err != nil {
			return "", nil, err
		}
		check := exec.CommandContext(ctx, "go", "build", "-gcflags=-e", "./core/...")
		check.Dir = tree
		said, err := check.CombinedOutput()
		if err == nil {
			program, err := buildLab(ctx, tree, "generated+"+h.hash)
			return program, list, err
		}
		bad := placeInError.FindAllStringSubmatch(string(said), -1)
		before := len(list)
		list = slices.DeleteFunc(list, func(s mutants.Site) bool {
			return slices.ContainsFunc(bad, func(at []string) bool {
				return at[1] == s.File && at[2] == strconv.Itoa(s.Line)
			})
		})
		if len(list) == before {
			return "", nil, fmt.Errorf("the generated mutants do not build:\n%s", said)
		}
	}
	return "", nil, errors.New("the generated mutants do not build")
}

// why explains a survivor.
func (f *generatedFinding) why() string {
	switch {
	case f.Killed:
		return ""
	case f.Reached == 0 && f.Kind == mutants.Boundary:
		return "both sides were never equal"
	case f.Reached == 0:
		return "never carried out"
	default:
		return fmt.Sprintf("decided otherwise in %d of %d seeds, and nothing was red", f.Reached, f.Seeds)
	}
}

// short is the changed text, in a line.
func (f *generatedFinding) short() string {
	text := f.Text
	if len(text) > 90 {
		text = text[:87] + "..."
	}
	return strings.ReplaceAll(text, "|", "\\|")
}
