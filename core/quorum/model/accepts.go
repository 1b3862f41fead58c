package model

import (
	"fmt"
	"slices"
)

// Rejection is why a trace is not one of the model's.
type Rejection struct {
	Rule string // Q1 to Q9, as in the package's doc
	Line int    // which event, from 0
	Why  string
}

// Error says rule, line and why.
func (r *Rejection) Error() string { return fmt.Sprintf("%s at line %d: %s", r.Rule, r.Line, r.Why) }

// Accepts tells whether the model could have produced a trace: nil, or a
// *Rejection of the first event that it could not.
func Accepts(trace []TraceEvent) error {
	j := newJudge(trace)
	for i := range trace {
		if r := j.event(&trace[i]); r != nil {
			r.Line = i
			return r
		}
	}
	return nil
}

// identity is what makes an entry that entry.
type identity struct {
	proposer   int32
	nonce      uint64
	epoch      int32
	seq        uint64
	recordHash string
}

func (t *TraceEvent) identity() identity {
	return identity{t.Proposer, t.Nonce, t.Epoch, t.Seq, t.Records}
}

// judge walks a trace. indexes holds every index that anybody was told of, in
// the whole trace: an entry that is told later elsewhere existed before.
type judge struct {
	indexes  []uint64
	entries  map[uint64]identity
	states   map[uint64]string
	proposed map[identity]bool
	nodes    map[int]*witness
	highest  uint64
	members  membership
}

// witness is one incarnation of a node.
type witness struct {
	last      uint64 // index it is at
	version   uint64 // of the membership that it was told last
	proposals map[uint64]identity
	unknown   map[uint64]bool // told Unknown
}

func newJudge(trace []TraceEvent) *judge {
	j := &judge{
		entries: map[uint64]identity{}, states: map[uint64]string{},
		proposed: map[identity]bool{}, nodes: map[int]*witness{},
	}
	for i := range trace {
		if trace[i].Kind == KindCommitted {
			j.indexes = append(j.indexes, trace[i].Index)
		}
	}
	slices.Sort(j.indexes)
	j.indexes = slices.Compact(j.indexes)
	return j
}

func reject(rule, format string, args ...any) *Rejection {
	return &Rejection{Rule: rule, Why: fmt.Sprintf(format, args...)}
}

func (j *judge) event(t *TraceEvent) *Rejection {
	if t.Kind == KindQuiet {
		return j.quiet()
	}
	w := j.nodes[t.Node]
	if t.Kind == KindUp {
		if w != nil {
			return reject("Q8", "node %d begins while it is up", t.Node)
		}
		j.nodes[t.Node] = &witness{proposals: map[uint64]identity{}, unknown: map[uint64]bool{}}
		return nil
	}
	if w == nil {
		return reject("Q8", "%s on node %d, which is down", t.Kind, t.Node)
	}
	switch t.Kind {
	case KindDown:
		delete(j.nodes, t.Node)
	case KindPropose:
		return j.propose(w, t)
	case KindCommitted:
		return j.committed(w, t)
	case KindSnapshot:
		return j.snapshot(w, t)
	case KindState:
		return j.state(t)
	case KindUnknown:
		return j.unknown(w, t)
	case KindReconfigure:
		j.members.ask(t)
	case KindMembers:
		return j.members.told(w, t)
	case KindLeads, KindLeadsNot: // hints bind nobody
	default:
		return reject("Q8", "there is no event %q", t.Kind)
	}
	return nil
}

func (j *judge) propose(w *witness, t *TraceEvent) *Rejection {
	if _, twice := w.proposals[t.Ref]; twice || t.Ref == 0 {
		return reject("Q6", "node %d proposes under reference %d again", t.Node, t.Ref)
	}
	w.proposals[t.Ref] = t.identity()
	j.proposed[t.identity()] = true
	return nil
}

func (j *judge) committed(w *witness, t *TraceEvent) *Rejection {
	e := t.identity()
	if first, known := j.entries[t.Index]; known && first != e {
		return reject("Q1", "index %d is %+v on node %d and was %+v", t.Index, e, t.Node, first)
	}
	j.entries[t.Index] = e
	if t.Index <= w.last {
		return reject("Q2", "node %d is told of index %d after %d", t.Node, t.Index, w.last)
	}
	if at, _ := slices.BinarySearch(j.indexes, t.Index); at > 0 && j.indexes[at-1] > w.last {
		return reject("Q2", "node %d is told of index %d after %d and missed %d", t.Node, t.Index, w.last, j.indexes[at-1])
	}
	w.last = t.Index
	j.highest = max(j.highest, t.Index)
	if !j.proposed[e] {
		return reject("Q3", "nobody had proposed the entry at index %d", t.Index)
	}
	if t.Ref != 0 {
		if own, known := w.proposals[t.Ref]; !known || own != e {
			return reject("Q6", "node %d is told of its reference %d with an entry that it did not propose under it", t.Node, t.Ref)
		}
	}
	return nil
}

func (j *judge) snapshot(w *witness, t *TraceEvent) *Rejection {
	if t.Index < w.last {
		return reject("Q2", "node %d is at index %d and is given a snapshot of %d", t.Node, w.last, t.Index)
	}
	w.last = t.Index
	return j.state(t)
}

func (j *judge) state(t *TraceEvent) *Rejection {
	if first, known := j.states[t.Index]; known && first != t.State {
		return reject("Q5", "the state at index %d is %s on node %d and was %s", t.Index, t.State, t.Node, first)
	}
	j.states[t.Index] = t.State
	return nil
}

func (j *judge) unknown(w *witness, t *TraceEvent) *Rejection {
	if _, known := w.proposals[t.Ref]; !known {
		return reject("Q6", "node %d is told Unknown of reference %d, which it did not propose", t.Node, t.Ref)
	}
	if w.unknown[t.Ref] {
		return reject("Q7", "node %d is told Unknown of reference %d again", t.Node, t.Ref)
	}
	w.unknown[t.Ref] = true
	return nil
}

// quiet asks that whoever is up has everything that anybody was told of.
func (j *judge) quiet() *Rejection {
	lagging, found := 0, false
	for id, w := range j.nodes { //order: the lowest lagging node is named, whatever the order
		if w.last < j.highest && (!found || id < lagging) {
			lagging, found = id, true
		}
	}
	if found {
		return reject("Q4", "node %d is at index %d while index %d was committed", lagging, j.nodes[lagging].last, j.highest)
	}
	return nil
}
