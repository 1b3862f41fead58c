package main

import (
	"os"
	"testing"

	"trialog/checker"
	"trialog/checker/history"
)

// TestMain: this program starts itself for the second judge.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "porcupine" {
		os.Exit(realMain(os.Args[1:], output{os.Stdout, os.Stderr}))
	}
	os.Exit(m.Run())
}

// TestSecondJudgeApart: a run that is judged with Porcupine in a process of its own
// gets the verdicts that it gets without.
func TestSecondJudgeApart(t *testing.T) {
	file := t.TempDir() + "/h.jsonl"
	if status, out, log := lab("replay", "single-power", "--seed", "3", "--history", file); status != exitFine {
		t.Fatal(status, out, log)
	}
	h, err := readHistory(file)
	if err != nil {
		t.Fatal(err)
	}
	apart, err := judged(h)
	if err != nil {
		t.Fatal(err)
	}
	here := checker.Check(h, checker.Options{})
	for i := range here.Verdicts {
		if a, b := &here.Verdicts[i], &apart.Verdicts[i]; a.Status != b.Status || a.Reason != b.Reason {
			t.Errorf("%v: here %s %s, apart %s %s", a.Property, a.Status, a.Reason, b.Status, b.Reason)
		}
	}
	if v := apart.Verdict(history.LogLinearizable); v.Status != checker.Holds {
		t.Errorf("%s %s", v.Status, v.Reason)
	}
}
