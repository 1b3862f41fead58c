package checker

import (
	"time"

	"trialog/checker/history"
)

// Checker judges histories one after another in memory that it keeps.
type Checker struct {
	options Options
}

// New returns a checker.
func New(options Options) *Checker { return &Checker{options: options} }

// Check judges one history.
func Check(h *history.History, options Options) *Report { return New(options).Check(h) }

// Check judges one history. The report is the caller's; the history is read
// only and must not change meanwhile.
func (c *Checker) Check(h *history.History) *Report {
	began := time.Now()
	r := &Report{History: h}
	r.Elapsed = time.Since(began)
	return r
}

// Failed tells whether the run must be red: a claimed property is violated or
// undecided, or an expected anomaly is missing.
func (r *Report) Failed() bool { return r.Worst() != nil }

// Worst returns the first verdict that makes the run red: a violation before a
// missing expectation before an unknown; nil if there is none.
func (r *Report) Worst() *Verdict {
	var worst *Verdict
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		if v.rank() > worst.rank() {
			worst = v
		}
	}
	return worst
}

func (v *Verdict) rank() int {
	switch {
	case v == nil:
		return 0
	case v.Expected && !v.Missing:
		return 0
	case v.Status == Violated:
		return 3
	case v.Missing:
		return 2
	case v.Status == Unknown:
		return 1
	default:
		return 0
	}
}

// ExitStatus is 1 if the run must be red, else 0.
func (r *Report) ExitStatus() int {
	if r.Failed() {
		return 1
	}
	return 0
}
