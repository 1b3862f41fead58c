package checker

import (
	"slices"
	"strings"

	"trialog/checker/history"
)

// finding gathers what one judge finds and turns it into a verdict.
type finding struct {
	t         *trial
	v         Verdict
	limit     int
	claimed   int64 // anomalies where the property is claimed
	atRisk    int64
	inScope   int64  // things judged where the property is claimed
	excuse    string // what settings or faults took out of the claim
	outside   string // what the property never speaks of
	undecided []string
}

// claims tells whether the property is claimed of something, and notes that it
// was judged. Only what is claimed counts as at risk.
func (f *finding) claims(p history.Partition, position int64) bool {
	ok, reason := f.t.claims.claimed(f.v.Property, p, position)
	f.note(ok, reason)
	return ok
}

func (f *finding) note(claimed bool, reason string) {
	switch {
	case claimed:
		f.inScope++
	case reason == plainProducer:
		f.outside = reason
	case f.excuse == "":
		f.excuse = reason
	}
}

// whyNot says why something was not claimed, if anything was not.
func (f *finding) whyNot() string {
	if f.excuse == "" {
		return f.outside
	}
	return f.excuse
}

// found counts an anomaly and returns where to put its evidence, or nil if
// enough of the kind are listed. position is that of the earliest thing the
// anomaly rests on: whether the claim covered it decides.
func (f *finding) found(name string, p history.Partition, position int64) *Anomaly {
	ok, reason := f.t.claims.claimed(f.v.Property, p, position)
	return f.foundAs(name, p, ok, reason)
}

func (f *finding) foundAs(name string, p history.Partition, claimed bool, reason string) *Anomaly {
	f.note(claimed, reason)
	count(&f.v.Found, name, 1)
	a := Anomaly{Name: name, Partition: p, Offset: history.Unset, Claimed: claimed}
	if claimed {
		f.claimed++
	}
	if len(f.v.Anomalies) < f.limit {
		f.v.Anomalies = append(f.v.Anomalies, a)
		return &f.v.Anomalies[len(f.v.Anomalies)-1]
	}
	if claimed && f.claimed <= int64(f.limit) {
		// Claimed ones push out those that are listed for information.
		for i := len(f.v.Anomalies) - 1; i >= 0; i-- {
			if !f.v.Anomalies[i].Claimed {
				f.v.Anomalies[i] = a
				return &f.v.Anomalies[i]
			}
		}
	}
	return nil
}

// risk counts things that were at risk.
func (f *finding) risk(name string, n int64) {
	count(&f.v.Risk, name, n)
	f.atRisk += n
}

// marked counts what the driver saw at risk.
func (f *finding) marked() {
	for i := range f.t.h.Events {
		if e := &f.t.h.Events[i]; e.Kind == history.Risk && e.Property == f.v.Property {
			f.risk("marked by the driver", int64(e.Count))
		}
	}
}

// context counts things that say how much was judged, not how much was at risk.
func (f *finding) context(name string, n int64) { count(&f.v.Risk, name, n) }

// unknown notes that something claimed could not be decided.
func (f *finding) unknown(reason string) {
	if len(f.undecided) < 4 && !slices.Contains(f.undecided, reason) {
		f.undecided = append(f.undecided, reason)
	}
}

// conclude settles the verdict.
func (f *finding) conclude() Verdict {
	v := &f.v
	slices.SortStableFunc(v.Anomalies, func(a, b Anomaly) int {
		if a.Claimed == b.Claimed {
			return 0
		}
		if a.Claimed {
			return -1
		}
		return 1
	})
	claimed, reason, said := f.t.claims.override(v.Property)
	switch {
	case f.claimed > 0:
		v.Status = Violated
	case said && !claimed:
		v.Status, v.Reason = NotClaimed, reason
	case len(f.undecided) > 0:
		v.Status, v.Reason = Unknown, strings.Join(f.undecided, "; ")
	case len(v.Found) > 0 && (f.excuse != "" || f.inScope == 0 || f.atRisk == 0):
		v.Status, v.Reason = NotClaimed, f.whyNot()
	case f.inScope == 0 && f.whyNot() != "":
		v.Status, v.Reason = NotClaimed, f.whyNot()
	case f.atRisk == 0 && f.excuse != "":
		v.Status, v.Reason = NotClaimed, f.excuse // what was at risk was not claimed
	case f.atRisk == 0:
		v.Status, v.Reason = Vacuous, "nothing was at risk"
	default:
		v.Status = Holds
	}
	f.expect()
	return *v
}

// expect compares with what the header declares. A claimed anomaly that it does
// not declare is never expected.
func (f *finding) expect() {
	v, declared := &f.v, func(string) bool { return false }
	for i := range f.t.h.Header.Expect {
		x := &f.t.h.Header.Expect[i]
		if x.Property != v.Property {
			continue
		}
		if x.Anomaly == "" && len(v.Found) > 0 || v.count(x.Anomaly) > 0 {
			v.Expected = true
		} else {
			v.Missing = true
		}
		before := declared
		declared = func(name string) bool { return x.Anomaly == "" || x.Anomaly == name || before(name) }
	}
	for i := range v.Anomalies {
		if a := &v.Anomalies[i]; a.Claimed && !declared(a.Name) {
			v.Expected = false
		}
	}
	v.Expected = v.Expected && !v.Missing
}

func (v *Verdict) count(name string) int64 {
	for i := range v.Found {
		if v.Found[i].Name == name {
			return v.Found[i].N
		}
	}
	return 0
}

func count(counts *[]Count, name string, n int64) {
	for i := range *counts {
		if (*counts)[i].Name == name {
			(*counts)[i].N += n
			return
		}
	}
	*counts = append(*counts, Count{name, n})
}

// opIDs lists operations as evidence, in the order of their calls, each once.
func opIDs(ops ...int32) []history.OpID {
	var ids []history.OpID
	for _, o := range ops {
		if o >= 0 && !slices.Contains(ids, history.OpID(o)) {
			ids = append(ids, history.OpID(o))
		}
	}
	slices.Sort(ids)
	return ids
}
