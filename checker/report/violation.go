package report

import (
	"fmt"
	"slices"

	"trialog/checker"
	"trialog/checker/history"
)

// Violation is a section on one violating run.
type Violation struct {
	Anchor   string   `json:"anchor"`
	Title    string   `json:"title"`
	Rows     []string `json:"rows"` // of the matrix, that it is evidence for
	Claimed  bool     `json:"claimed"`
	Why      string   `json:"why"` // what is violated, or why it is not claimed
	Scenario string   `json:"scenario"`
	Seed     uint64   `json:"seed"`
	Arm      string   `json:"arm"`
	Trace    string   `json:"trace_hash,omitempty"`
	Replay   string   `json:"replay,omitempty"`
	Story    []string `json:"story"`
	Excerpt  []string `json:"excerpt"`
	Found    []Count  `json:"found"`
	Loss     Loss     `json:"loss"`
	// Picture and History are files beside the report.
	Picture string `json:"picture,omitempty"`
	History string `json:"history,omitempty"`
}

// excerptBound is how many operations and events an excerpt shows.
const excerptBound = 8

// Describe fills what the history of a violating run tells.
func (v *Violation) Describe(r *checker.Report, story []string) {
	h := r.History
	v.Scenario, v.Seed, v.Arm, v.Trace, v.Replay = h.Header.Scenario, h.Header.Seed, string(h.Header.Arm), h.Header.TraceHash, h.Header.Replay
	v.Anchor = fmt.Sprintf("%s-%d", v.Scenario, v.Seed)
	v.Story, v.Loss, v.Excerpt, v.Found = story, CountLoss(h), nil, nil
	for i := range r.Verdicts {
		for _, c := range r.Verdicts[i].Found {
			v.Found = append(v.Found, Count{r.Verdicts[i].Property.String() + ": " + c.Name, c.N})
		}
	}
	if a := firstAnomaly(r); a != nil {
		v.Excerpt = excerpt(h, a)
	}
}

// firstAnomaly is the one that an excerpt is of: a loss before anything else.
func firstAnomaly(r *checker.Report) *checker.Anomaly {
	if v := r.Verdict(history.Durability); v != nil && len(v.Anomalies) > 0 {
		return &v.Anomalies[0]
	}
	for i := range r.Verdicts {
		if list := r.Verdicts[i].Anomalies; len(list) > 0 {
			return &list[0]
		}
	}
	return nil
}

// line is a line of an excerpt and where it stands.
type line struct {
	position int64
	text     string
}

// excerpt shows the operations of an anomaly and what struck, who led and what
// was cut in its partition between them, the nearest to the first.
func excerpt(h *history.History, a *checker.Anomaly) []string {
	var lines []line
	from, to := h.Positions, int64(0)
	for _, id := range a.Ops {
		o := &h.Ops[id]
		lines = append(lines, line{o.InvokePos, checker.Describe(h, id)})
		from, to = min(from, o.InvokePos), max(to, o.InvokePos)
	}
	for _, i := range a.Events {
		lines = append(lines, line{h.Events[i].Pos, checker.DescribeEvent(h, int(i))})
		from, to = min(from, h.Events[i].Pos), max(to, h.Events[i].Pos)
	}
	for i := range h.Events {
		e := &h.Events[i]
		if e.Pos <= from || e.Pos >= to || len(lines) >= excerptBound {
			continue
		}
		here := e.Partition == history.NoPartition || e.Partition == a.Partition
		switch e.Kind {
		case history.Crash, history.Fault, history.Leader, history.Truncated, history.Recovered, history.ISR:
			if here && !slices.Contains(a.Events, int32(i)) {
				lines = append(lines, line{e.Pos, checker.DescribeEvent(h, i)})
			}
		default: // beside the point
		}
	}
	slices.SortStableFunc(lines, func(x, y line) int { return int(x.position - y.position) })
	texts := make([]string, len(lines))
	for i := range lines {
		texts[i] = lines[i].text
	}
	return texts
}
