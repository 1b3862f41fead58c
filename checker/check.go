package checker

import (
	"slices"
	"time"

	"trialog/checker/history"
)

// judges lists the properties in the order of their numbers.
var judges = [...]struct {
	property history.Property
	judge    func(*trial, *finding)
}{
	{history.OffsetConsistency, judgeOffsetConsistency},
	{history.NoPhantom, judgeNoPhantom},
	{history.Durability, judgeDurability},
	{history.TailDurability, judgeTailDurability},
	{history.NoDuplicate, judgeNoDuplicate},
	{history.ProducerOrder, judgeProducerOrder},
	{history.AppendRealtime, judgeAppendRealtime},
	{history.LogLinearizable, judgeLogLinearizable},
	{history.SessionMonotonicReads, judgeSessionMonotonicReads},
	{history.GroupAtLeastOnce, judgeGroupAtLeastOnce},
	{history.GroupExclusivity, judgeGroupExclusivity},
	{history.CommitLinearizable, judgeCommitLinearizable},
	{history.LogLife, judgeLogLife},
	{history.CrashConsistency, judgeCrashConsistency},
	{history.Compaction, judgeCompaction},
	{history.TopicLives, judgeTopicLives},
	{history.OffsetByTime, judgeOffsetByTime},
}

// Checker judges histories one after another in memory that it keeps. It is
// not safe for concurrent use.
type Checker struct {
	trial   trial
	options Options
}

// New returns a checker.
func New(options Options) *Checker { return &Checker{options: options.withDefaults()} }

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		at *int
		v  int
	}{{&o.Anomalies, 8}, {&o.Windows, 1}, {&o.WindowOps, 300}, {&o.WindowClients, 5}, {&o.WindowSteps, defaultWindowSteps}} {
		if *d.at == 0 {
			*d.at = d.v
		}
	}
	o.Windows = max(o.Windows, 0)
	if o.WindowTime == 0 {
		o.WindowTime = defaultWindowTime
	}
	return o
}

// Check judges one history.
func Check(h *history.History, options Options) *Report { return New(options).Check(h) }

// Check judges one history. The report is the caller's and refers to the
// history, which is only read and must not change meanwhile.
func (c *Checker) Check(h *history.History) *Report {
	began := time.Now()
	r := &Report{History: h, options: c.options}
	t := &c.trial
	t.options = c.options
	malformed := t.index(h)
	for i := range judges {
		j := &judges[i]
		if c.options.Properties != nil && !slices.Contains(c.options.Properties, j.property) {
			continue
		}
		if ofGroups(j.property) && malformed == nil && !t.grouped() {
			continue // nobody asked for the offsets of any
		}
		if ofMembers(j.property) && malformed == nil && !t.joined() {
			continue // nobody was a member of any
		}
		if j.property == history.TopicLives && malformed == nil && !t.reborn() {
			continue // no topic was made again
		}
		if j.property == history.OffsetByTime && malformed == nil && !t.timed() {
			continue // nobody asked for the offset of a time
		}
		if malformed != nil {
			r.Verdicts = append(r.Verdicts, Verdict{Property: j.property, Status: Unknown, Reason: "the history contradicts itself: " + malformed.Error()})
			continue
		}
		f := finding{t: t, limit: c.options.Anomalies, v: Verdict{Property: j.property}}
		j.judge(t, &f)
		r.Verdicts = append(r.Verdicts, f.conclude())
	}
	r.Elapsed = time.Since(began)
	return r
}

func ofGroups(p history.Property) bool {
	return p >= history.GroupAtLeastOnce && p <= history.CommitLinearizable
}

func ofMembers(p history.Property) bool {
	return p == history.GroupAtLeastOnce || p == history.GroupExclusivity
}

// Verdict returns the verdict on a property, or nil if it was not judged.
func (r *Report) Verdict(p history.Property) *Verdict {
	for i := range r.Verdicts {
		if r.Verdicts[i].Property == p {
			return &r.Verdicts[i]
		}
	}
	return nil
}

// Failed tells whether the run must be red: a claimed property is violated or
// undecided, or a declared anomaly was not found.
func (r *Report) Failed() bool { return r.Worst() != nil }

// ExitStatus is 1 if the run must be red, else 0.
func (r *Report) ExitStatus() int {
	if r.Failed() {
		return 1
	}
	return 0
}

// Worst returns the first verdict that makes the run red: a violation before a
// missing declared anomaly before an undecided property; nil if there is none.
func (r *Report) Worst() *Verdict {
	var worst *Verdict
	for i := range r.Verdicts {
		if v := &r.Verdicts[i]; v.rank() > worst.rank() {
			worst = v
		}
	}
	return worst
}

func (v *Verdict) rank() int {
	switch {
	case v == nil || v.Expected:
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
