package apart_test

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"trialog/checker"
	"trialog/checker/apart"
)

// The test program is its own process apart: one that serves, one that reads nothing
// and says nothing, and one that dies at once.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) < 2:
	case os.Args[1] == "serve":
		if err := apart.Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case os.Args[1] == "hang":
		time.Sleep(time.Hour)
		os.Exit(0)
	case os.Args[1] == "die":
		fmt.Fprintln(os.Stderr, "planted")
		os.Exit(7)
	}
	os.Exit(m.Run())
}

func judge(t *testing.T, as string, l apart.Limits) *apart.Judge {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	j := apart.New(self, []string{as}, l)
	t.Cleanup(j.Close)
	return j
}

// short is a log of one append and two reads, of which the second, called after the
// append had returned, sees it or does not.
func short(sees int32) *checker.Question {
	return &checker.Question{Steps: 1000, Ops: []checker.Asked{
		{Call: 1, Return: 4, Writes: true}, {Call: 2, Return: 3, High: 1}, {Call: 5, Return: 6, Low: sees, High: sees},
	}}
}

// endless cannot be decided in any time or memory: of three hundred reads that overlap
// every order is tried.
func endless(steps int) *checker.Question {
	q := &checker.Question{Steps: steps, Ops: []checker.Asked{{Call: 900, Return: 1000, Writes: true}, {Call: 1500, Return: 1501}}}
	for i := range int64(299) {
		q.Ops = append(q.Ops, checker.Asked{Call: i, Return: 2000, High: 1})
	}
	return q
}

// TestSameAnswers: what is answered apart is what is answered here, and steps are the
// same bound.
func TestSameAnswers(t *testing.T) {
	j := judge(t, "serve", apart.Limits{})
	register := &checker.Question{Register: true, Steps: 1000, Ops: []checker.Asked{
		{Call: 1, Return: 2, Writes: true, Low: 7}, {Call: 3, Return: 4, Low: -1},
	}}
	for name, c := range map[string]struct {
		q    *checker.Question
		want checker.Answer
	}{
		"legal":    {short(1), checker.Answer{Result: checker.Legal}},
		"illegal":  {short(0), checker.Answer{Result: checker.Illegal}},
		"register": {register, checker.Answer{Result: checker.Illegal}},
		"tired":    {endless(5000), checker.Answer{Result: checker.Undecided, Tired: true}},
	} {
		if here := checker.AnswerHere(c.q, time.Minute); here != c.want {
			t.Errorf("%s: here the answer is %+v, want %+v", name, here, c.want)
		}
		if there := j.Ask(c.q); there != c.want {
			t.Errorf("%s: apart the answer is %+v, want %+v", name, there, c.want)
		}
	}
}

// TestBlowUpIsCutOff: what takes all memory, or more than its time, hangs or dies, is
// undecided and says why, and the next question is answered.
func TestBlowUpIsCutOff(t *testing.T) {
	for _, c := range []struct {
		name, as, why string
		limits        apart.Limits
	}{
		{"memory", "serve", "more than the 64 MiB of memory", apart.Limits{Memory: 64 << 20, CPU: 10 * time.Minute}},
		{"time", "serve", "more than the 200ms of processor time", apart.Limits{Memory: 8 << 30, CPU: 200 * time.Millisecond, Patience: 10 * time.Minute}},
		{"silence", "hang", "silent for 1s", apart.Limits{Patience: time.Second}},
		{"death", "die", "planted", apart.Limits{}},
	} {
		j := judge(t, c.as, c.limits)
		a := j.Ask(endless(math.MaxInt))
		if a.Result != checker.Undecided || a.Tired || !strings.Contains(a.Why, c.why) {
			t.Errorf("%s: %+v, want %q", c.name, a, c.why)
		}
		if c.as != "serve" {
			continue
		}
		if a := j.Ask(short(0)); a.Result != checker.Illegal {
			t.Errorf("%s: the next question gets %+v", c.name, a)
		}
	}
	if a := apart.New("/there/is/no/such/program", nil, apart.Limits{}).Ask(short(1)); a.Result != checker.Undecided || !strings.Contains(a.Why, "does not start") {
		t.Errorf("%+v", a)
	}
}
