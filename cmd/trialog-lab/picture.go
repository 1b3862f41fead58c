package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"trialog/checker"
	"trialog/checker/history"
	"trialog/checker/jepsen"
	"trialog/checker/picture"
)

// pages are the flags of commands that can draw a history.
type pages struct {
	HTML      string `help:"Draw the run into this page, which needs nothing else." placeholder:"FILE" type:"path"`
	Against   string `help:"Draw the history in this file beside it, and where the two part." placeholder:"FILE" type:"path"`
	Porcupine string `help:"Let Porcupine draw the window around the first anomaly into this page." placeholder:"FILE" type:"path"`
}

// wanted tells whether there is anything to draw.
func (p *pages) wanted() bool { return p.HTML != "" || p.Porcupine != "" }

// draw writes the pages that were asked for.
func (p *pages) draw(h *history.History) error {
	if p.Against != "" && p.HTML == "" {
		return usage("--against says what to draw beside the run: name the page with --html")
	}
	if !p.wanted() {
		return nil
	}
	report, err := judged(h)
	if err != nil {
		return err
	}
	if p.HTML != "" {
		if err := p.drawRun(h, report); err != nil {
			return err
		}
	}
	if p.Porcupine != "" {
		return drawWindow(p.Porcupine, h, report)
	}
	return nil
}

func (p *pages) drawRun(h *history.History, report *checker.Report) error {
	runs := []picture.Run{{History: h, Report: report}}
	if p.Against != "" {
		other, err := readHistory(p.Against)
		if err != nil {
			return err
		}
		its, err := judged(other)
		if err != nil {
			return err
		}
		runs = append(runs, picture.Run{History: other, Report: its})
	}
	f, err := os.Create(p.HTML)
	if err != nil {
		return err
	}
	return errors.Join(picture.Write(f, runs...), f.Close())
}

// readHistory reads a stored history.
func readHistory(file string) (*history.History, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	read := history.Read
	if strings.HasSuffix(file, ".edn") {
		read = jepsen.Read
	}
	h, err := read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return h, nil
}

// drawWindow writes Porcupine's page of the window around the first anomaly
// found, one whose guarantee was claimed before others; of a passing history, a
// window of its first partition.
func drawWindow(file string, h *history.History, report *checker.Report) error {
	anomaly := shownAnomaly(report)
	if anomaly == nil {
		if len(h.Partitions) == 0 {
			return errors.New("the history has no partition to draw")
		}
		anomaly = &checker.Anomaly{}
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(report.Picture(f, anomaly), f.Close())
}

func shownAnomaly(report *checker.Report) *checker.Anomaly {
	var first *checker.Anomaly
	for i := range report.Verdicts {
		list := report.Verdicts[i].Anomalies
		for j := range list {
			a := &list[j]
			if a.Partition == history.NoPartition {
				continue
			}
			if a.Claimed {
				return a
			}
			if first == nil {
				first = a
			}
		}
	}
	return first
}
