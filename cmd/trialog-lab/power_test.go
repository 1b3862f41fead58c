package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trialog/scenarios"
)

// TestPoisson holds the exact intervals against published ones (Garwood 1936).
func TestPoisson(t *testing.T) {
	for k, want := range map[int][2]float64{0: {0, 3.6889}, 1: {0.0253, 5.5716}, 3: {0.6187, 8.7673}, 10: {4.7954, 18.3904}} {
		low, high := poisson(k)
		if math.Abs(low-want[0]) > 1e-3 || math.Abs(high-want[1]) > 1e-3 {
			t.Errorf("%d events: %.4f to %.4f, want %v", k, low, high, want)
		}
	}
	if i := perDetection(30, 3); i.Mean != 10 || math.Abs(i.Low-30/8.7673) > 0.01 || math.Abs(i.High-30/0.6187) > 0.1 {
		t.Errorf("%+v", i)
	}
	if text := perDetection(36.889, 0).String(); text != "over 10" {
		t.Errorf("without a detection: %q", text)
	}
}

// TestBook: what is kept is of one tree, one diff and one seed, and a hunt goes on.
func TestBook(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tree")
	seven := uint64(7)
	b, first, err := openBook(dir, &seven)
	if err != nil || first != 7 {
		t.Fatal(first, err)
	}
	b.keep("m", &finding{Name: "m", Diff: "d", FirstSeed: 7, Next: 12})
	if _, first, err := openBook(dir, nil); err != nil || first != 7 {
		t.Errorf("the seed of last time is %d, %v", first, err)
	}
	for _, c := range []struct {
		diff string
		seed uint64
		next int
	}{{"d", 7, 12}, {"another", 7, 0}, {"d", 8, 0}} {
		f := finding{FirstSeed: c.seed}
		if b.recall("m", c.diff, &f); f.Next != c.next {
			t.Errorf("diff %s, seed %d: it goes on at %d, want %d", c.diff, c.seed, f.Next, c.next)
		}
	}
}

// TestAblationsTakeWhatTheySay: a weakened mix lacks what it is without, and nothing
// else changes.
func TestAblationsTakeWhatTheySay(t *testing.T) {
	count := func(list []scenarios.Scenario) (faults, disk, clock, aimed, drawn int) {
		for _, s := range list {
			for _, f := range s.Faults {
				faults++
				for _, k := range diskFaults {
					if f.Kind == k {
						disk++
					}
				}
				for _, k := range clockFaults {
					if f.Kind == k {
						clock++
					}
				}
				if f.Aim != scenarios.Anybody {
					aimed++
				}
				if f.Share > 0 || f.Times.Min != f.Times.Max {
					drawn++
				}
			}
			if s.Workload.Sends.Min != s.Workload.Sends.Max {
				drawn++
			}
		}
		return
	}
	faults, disk, clock, aimed, drawn := count(mix())
	if disk == 0 || clock == 0 || aimed == 0 || drawn == 0 {
		t.Fatal(disk, clock, aimed, drawn)
	}
	for _, what := range ablations {
		list, err := weakened(mix(), what)
		if err != nil {
			t.Fatal(err)
		}
		f, d, c, a, r := count(list)
		for _, x := range []struct {
			name           string
			got, want, all int
		}{{noDisk, d, 0, disk}, {noClock, c, 0, clock}, {noAim, a, 0, aimed}, {noSwarm, r, 0, drawn}} {
			switch {
			case x.name == what && x.got != x.want:
				t.Errorf("without %s: %d are left", what, x.got)
			case x.name != what && x.name != noSwarm && what != noDisk && what != noClock && x.got != x.all:
				t.Errorf("without %s, %s: %d of %d", what, x.name, x.got, x.all)
			}
		}
		if lost := faults - f; lost != map[string]int{noDisk: disk, noClock: clock}[what] {
			t.Errorf("without %s: %d faults went", what, lost)
		}
	}
	if _, err := weakened(mix(), "luck"); err == nil {
		t.Error("a search can be without luck")
	}
}

// TestPage: what was missed is named, with why.
func TestPage(t *testing.T) {
	findings := []finding{
		{Name: "seen", Found: true, ByHistory: true, Probed: 1, Reached: 3, Seeds: 4, Per: perDetection(9, 3), Property: "durability"},
		{Name: "unseen", Probed: 2, Seeds: 50, Note: "nothing was red"},
		{Name: "untouched", Note: "NOT TRIED: the program does not start: no memory"},
		{Name: "explained", Probed: 2, Reached: 9, Seeds: 50, Note: "nothing was red", Missed: "its lives are too short"},
	}
	var w strings.Builder
	pageMutants(&w, findings, 5)
	for _, want := range []string{"4 of the 5 mutants", "- untouched: the program does not start: no memory.", "found: 1 of 3, 33 % (wanted: 90 %)", "| seen | yes | yes | no | 3 | 4 | 0 | 3 (", "- unseen: nothing was red: what was changed was never carried out (50 seeds",
		"- explained: nothing was red; its lives are too short (50 seeds"} {
		if !strings.Contains(w.String(), want) {
			t.Errorf("no %q in\n%s", want, w.String())
		}
	}
	b, _, err := openBook(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.file("clean"), []byte(`{"seeds":1000,"red":["single-disk:7 progress"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	w.Reset()
	pageClean(&w, b)
	if !strings.Contains(w.String(), "1 red, 1e+03 (25.3 to 5.57e+03) a million") || !strings.Contains(w.String(), "- single-disk:7") {
		t.Errorf("%s", w.String())
	}
}
