package main

import (
	"errors"
	"os"

	"trialog/checker"
	"trialog/checker/history"
)

// drawPicture writes Porcupine's page of the window around the first anomaly
// found, one whose guarantee was claimed before others; of a passing history, a
// window of its first partition.
func drawPicture(file string, h *history.History) error {
	report := checker.Check(h, checker.Options{})
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
