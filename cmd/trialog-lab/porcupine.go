package main

import (
	"os"

	"trialog/checker"
	"trialog/checker/apart"
	"trialog/checker/history"
)

// porcupineCommand is the process that this program starts beside itself to let
// Porcupine answer in: what blows up there is cut off there.
type porcupineCommand struct{}

// Run answers until there are no more questions.
func (porcupineCommand) Run(to output) error { return apart.Serve(os.Stdin, to.out) }

// secondJudge is Porcupine in a process of its own, for histories that nobody has
// bounded: of real processes, of other systems, in files. Simulated lives are judged
// by the hundred thousand, and where steps alone bound them they end alike on every
// machine, so these are asked about in this process.
func secondJudge() (*apart.Judge, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return apart.New(self, []string{"porcupine"}, apart.Limits{}), nil
}

// judged checks a history with the second judge in a process of its own.
func judged(h *history.History) (*checker.Report, error) {
	second, err := secondJudge()
	if err != nil {
		return nil, err
	}
	defer second.Close()
	return checker.Check(h, checker.Options{Porcupine: second.Ask}), nil
}
