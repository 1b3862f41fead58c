package checker

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"trialog/checker/history"
)

// Text writes the report for people. A failing run says, in this order: the
// property that is violated, the operations that show it, the scenario, the
// seed, the trace hash, the command that replays it, the command that shrinks
// it. The verdicts on all properties follow.
func (r *Report) Text(w io.Writer) error {
	b := bufio.NewWriter(w)
	if worst := r.Worst(); worst != nil {
		r.failure(b, worst)
	}
	for i := range r.Verdicts {
		r.verdict(b, &r.Verdicts[i])
	}
	fmt.Fprintf(b, "%d operations, %d records, %d events judged in %v\n",
		len(r.History.Ops), len(r.History.Records), len(r.History.Events), r.Elapsed.Round(10_000))
	return b.Flush()
}

func (r *Report) failure(b *bufio.Writer, v *Verdict) {
	switch {
	case v.Status == Violated && len(v.Anomalies) > 0:
		a := &v.Anomalies[0]
		fmt.Fprintf(b, "%s %d %s: %s%s\n  %s\n", v.Status, v.Property, v.Property, a.Name, where(r.History, a), a.Text)
		r.evidence(b, a)
	case v.Missing:
		fmt.Fprintf(b, "MISSING %d %s: the declared anomaly was not found\n", v.Property, v.Property)
	default:
		fmt.Fprintf(b, "%s %d %s: %s\n", v.Status, v.Property, v.Property, v.Reason)
	}
	h := &r.History.Header
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(b, "%-9s %s\n", name, value)
		}
	}
	line("scenario", h.Scenario)
	if h.Scenario != "" {
		line("seed", strconv.FormatUint(h.Seed, 10))
	}
	line("trace", h.TraceHash)
	line("replay", h.Replay)
	line("shrink", h.Shrink)
	fmt.Fprintln(b)
}

func where(h *history.History, a *Anomaly) string {
	s := ""
	if a.Partition >= 0 {
		s += " in " + h.PartitionName(a.Partition)
	}
	if a.Offset != history.Unset {
		s += " at offset " + strconv.FormatInt(a.Offset, 10)
	}
	if a.HasValue {
		s += ", record " + a.Value.String()
	}
	return s
}

func (r *Report) evidence(b *bufio.Writer, a *Anomaly) {
	for _, id := range a.Ops {
		fmt.Fprintf(b, "    %s\n", Describe(r.History, id))
	}
	for _, i := range a.Events {
		fmt.Fprintf(b, "    %s\n", DescribeEvent(r.History, int(i)))
	}
}

func (r *Report) verdict(b *bufio.Writer, v *Verdict) {
	fmt.Fprintf(b, "%2d %-25s %-11s", v.Property, v.Property, v.Status)
	var notes []string
	if v.Expected {
		notes = append(notes, "as declared")
	}
	if v.Missing {
		notes = append(notes, "declared, and not found")
	}
	for _, c := range v.Found {
		notes = append(notes, fmt.Sprintf("%d %s", c.N, c.Name))
	}
	if v.Reason != "" {
		notes = append(notes, v.Reason)
	}
	for _, c := range v.Risk {
		notes = append(notes, fmt.Sprintf("%s: %d", c.Name, c.N))
	}
	fmt.Fprintf(b, " %s\n", strings.Join(notes, " · "))
	if v.Status != NotClaimed || len(v.Anomalies) == 0 {
		return
	}
	a := &v.Anomalies[0]
	fmt.Fprintf(b, "     e.g. %s%s: %s\n", a.Name, where(r.History, a), a.Text)
	r.evidence(b, a)
}
