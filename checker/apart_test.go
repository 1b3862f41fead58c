package checker_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"trialog/checker"
	"trialog/checker/apart"
)

// The test program is its own process apart.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "porcupine" {
		if err := apart.Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestTwoJudgesAgreeApart: the linear check and Porcupine in a process of its own,
// which may have 512 MiB and a minute for each, never differ on ten thousand small
// histories, legal and illegal, and none of them is left undecided.
func TestTwoJudgesAgreeApart(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	j := apart.New(self, []string{"porcupine"}, apart.Limits{Memory: 512 << 20, CPU: time.Minute})
	t.Cleanup(j.Close)
	r := rand.New(rand.NewPCG(10, 10))
	count := map[checker.Result]int{}
	for i := range 10_000 {
		q, mine := checker.DrawQuestion(r)
		q.Steps = math.MaxInt
		if theirs := j.Ask(q); theirs.Result != mine {
			t.Fatalf("problem %d: Porcupine says %+v, the linear check %s\n%+v", i, theirs, mine, q)
		}
		count[mine]++
	}
	if t.Logf("%v", count); count[checker.Legal] < 2500 || count[checker.Illegal] < 2500 {
		t.Errorf("%v: the draw is lopsided", count)
	}
}
