package main

import (
	"fmt"
	"io"
	"sort"
	"text/tabwriter"
	"time"

	"trialog/scenarios"
)

// printSummary prints what a run gave: one line a scenario, one a property,
// the probes that were reached, and the verdict on the run.
func printSummary(w io.Writer, sum *scenarios.Summary, first uint64, elapsed time.Duration) {
	printScenarios(w, sum)
	printFaults(w, sum)
	printProperties(w, sum)
	printProbes(w, sum)
	fmt.Fprintf(w, "\n%d seeds from %d in %s (%s of processor time), %d red\n",
		sum.Seeds, first, elapsed.Round(10*time.Millisecond), time.Duration(sum.CPU).Round(10*time.Millisecond), sum.Red)
	for _, c := range sum.Complaints {
		fmt.Fprintln(w, "COMPLAINT", c)
	}
	switch {
	case sum.Passed():
		fmt.Fprintln(w, "PASSED")
	case sum.Interrupted && sum.Red == 0:
		fmt.Fprintln(w, "INTERRUPTED")
	default:
		fmt.Fprintln(w, "FAILED")
	}
}

func printScenarios(w io.Writer, sum *scenarios.Summary) {
	fmt.Fprintln(w, "\nScenarios (medians over seeds)")
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "  name\tseeds\tred\tacked sends\tanswered ops\tread\tfaults\tkinds\trestarts\tspan\tcpu\tof it judge\t")
	for _, s := range sum.Scenarios {
		if s.Seeds == 0 && s.NotRun > 0 {
			fmt.Fprintf(t, "  %s\tnot supported: %v\n", s.Name, s.Unsupported)
			continue
		}
		if s.Seeds == 0 {
			continue
		}
		fmt.Fprintf(t, "  %s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", s.Name, s.Seeds, s.Red, s.Acked, s.Operations, s.Read,
			s.FaultsFired, s.FaultKinds, s.Restarts, short(s.Span), short(s.CPU), short(s.Judging), remark(&s))
	}
	_ = t.Flush() // the verdict counts more than where it is printed
}

// printFaults prints how often each kind of fault struck real clusters, and how
// often it moved a leader.
func printFaults(w io.Writer, sum *scenarios.Summary) {
	head := "\nFaults of real clusters"
	for _, s := range sum.Scenarios {
		if len(s.Moved) == 0 {
			continue
		}
		struck, moved := int64(0), int64(0)
		for _, f := range s.Faults {
			struck += f.N
		}
		for _, m := range s.Moved {
			moved += m.N
		}
		fmt.Fprintf(w, "%s\n  %s: %d struck, %d moved a leader\n", head, s.Name, struck, moved)
		head = ""
		for _, f := range s.Faults {
			fmt.Fprintf(w, "    %-16s %4d", f.Name, f.N)
			for _, m := range s.Moved {
				if m.Name == f.Name {
					fmt.Fprintf(w, ", %d moved a leader", m.N)
				}
			}
			fmt.Fprintln(w)
		}
	}
}

func remark(s *scenarios.ScenarioSummary) string {
	text := ""
	if s.Control {
		text = fmt.Sprintf("control, caught in %d", s.Caught)
	}
	if len(s.Unsupported) > 0 {
		text += fmt.Sprintf(" not supported: %v", s.Unsupported)
	}
	if r := s.RestartMs; r != nil {
		text += fmt.Sprintf(" the process was ended %d times, and %d restarts served: median %d ms to the first acknowledged record, p99 %d ms, max %d ms",
			s.Rounds, r.N, r.Median, r.P99, r.Max)
	}
	if r := s.ReadyMs; r != nil {
		text += fmt.Sprintf("; ready after %d ms, max %d ms", r.Median, r.Max)
	}
	return text
}

func printProperties(w io.Writer, sum *scenarios.Summary) {
	fmt.Fprintln(w, "\nVerdicts (seeds)")
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, s := range sum.Scenarios {
		for i := range s.Properties {
			p := &s.Properties[i]
			fmt.Fprintf(t, "  %s\t%d %s\t%s\t%s\n", s.Name, p.Number, p.Name, p.Line(), riskLine(p.Risk))
		}
	}
	_ = t.Flush() // the verdict counts more than where it is printed
}

func riskLine(risk []scenarios.Tally) string {
	text := ""
	for i, r := range risk {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %d", r.Name, r.N)
	}
	return text
}

func printProbes(w io.Writer, sum *scenarios.Summary) {
	if len(sum.Probes) == 0 {
		return
	}
	fmt.Fprintln(w, "\nProbes (seeds that reached them)")
	probes := append([]scenarios.Tally(nil), sum.Probes...)
	sort.SliceStable(probes, func(i, j int) bool { return probes[i].N > probes[j].N })
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	for _, p := range probes {
		fmt.Fprintf(t, "  %d\t %s\n", p.N, p.Name)
	}
	_ = t.Flush() // the verdict counts more than where it is printed
}

// short writes nanoseconds with three significant places or so.
func short(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d >= 10*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	default:
		return d.Round(100 * time.Microsecond).String()
	}
}
