package picture

import (
	"slices"

	"trialog/checker"
	"trialog/checker/history"
)

// mark is one anomaly: the operations and events that show it.
type mark struct {
	Property  int     `json:"property"`
	Name      string  `json:"name"` // of the property
	Anomaly   string  `json:"anomaly"`
	Status    string  `json:"status"`
	Claimed   bool    `json:"claimed"`
	Text      string  `json:"text"`
	Partition int     `json:"partition"` // -1: none
	Offset    int64   `json:"offset"`    // -1: none
	Ops       []int32 `json:"ops"`
	Events    []int32 `json:"events"`
}

// found is an anomaly with the property that it is of.
type found struct {
	verdict *checker.Verdict
	anomaly *checker.Anomaly
}

// anomalies lists what was found, what counts most first: violations of what is
// claimed before what is not claimed, one that clients show before one that a
// look inside shows.
func anomalies(r *checker.Report) []found {
	var list []found
	for i := range r.Verdicts {
		v := &r.Verdicts[i]
		for j := range v.Anomalies {
			list = append(list, found{v, &v.Anomalies[j]})
		}
	}
	slices.SortStableFunc(list, func(a, b found) int { return a.rank() - b.rank() })
	return list
}

func (f found) rank() int {
	rank := 0
	if !f.anomaly.Claimed {
		rank += 4
	}
	if f.verdict.Status == checker.NotClaimed {
		rank += 4
	}
	switch f.verdict.Property {
	case history.Durability:
		return rank // the loss is what people ask about first
	case history.CrashConsistency:
		return rank + 2
	default:
		return rank + 1
	}
}

func marksOf(r *checker.Report) []mark {
	list := []mark{}
	for _, f := range anomalies(r) {
		m := mark{
			Property: int(f.verdict.Property), Name: f.verdict.Property.String(), Anomaly: f.anomaly.Name,
			Status: f.verdict.Status.String(), Claimed: f.anomaly.Claimed, Text: f.anomaly.Text,
			Partition: int(f.anomaly.Partition), Offset: f.anomaly.Offset, Ops: []int32{}, Events: f.anomaly.Events,
		}
		for _, id := range f.anomaly.Ops {
			m.Ops = append(m.Ops, int32(id))
		}
		if m.Events == nil {
			m.Events = []int32{}
		}
		list = append(list, m)
	}
	return list
}
