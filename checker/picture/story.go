package picture

import (
	"fmt"
	"strconv"
	"time"

	"trialog/checker"
	"trialog/checker/history"
)

// Story is a violation in five lines. A line that the history does not tell
// says so: nothing in it is guessed but that the fault nearest before is named.
type Story struct {
	Fault      string // what struck last before the turn
	Replica    string // who came to lack, or to differ from, what had been told
	Epoch      string // under which leader epochs it was told and was gone
	Divergence string // the first offset at which the histories part
	Property   string // what is violated

	// FaultEvent and TurnEvent are the events behind the first two lines; -1: none.
	FaultEvent, TurnEvent int
	Found                 bool // something was found at all
}

// notTold is the line of what a history does not say.
const notTold = "the history does not tell"

// Lines writes the story, a line each.
func (s *Story) Lines() []string {
	if !s.Found {
		return []string{s.Property}
	}
	return []string{
		"Fault: " + s.Fault, "Replica: " + s.Replica, "Epoch: " + s.Epoch,
		"First divergent offset: " + s.Divergence, "Property: " + s.Property,
	}
}

// Tell tells the story of the first thing found.
func Tell(h *history.History, r *checker.Report) *Story {
	s := &Story{FaultEvent: -1, TurnEvent: -1, Fault: notTold, Replica: notTold, Epoch: notTold, Divergence: notTold}
	list := anomalies(r)
	if len(list) == 0 {
		s.Property = fmt.Sprintf("Nothing was found: %d operations and %d events, %s.", len(h.Ops), len(h.Events), verdictsInShort(r))
		return s
	}
	s.Found = true
	t := teller{h: h, a: list[0].anomaly, story: s}
	t.observe()
	t.turn(list)
	t.fault()
	v := list[0].verdict
	s.Property = fmt.Sprintf("%d %s %s: %s", v.Property, v.Property, v.Status, t.a.Name)
	if name := h.PartitionName(t.a.Partition); name != "" {
		s.Property += " in " + name
	}
	if t.a.Offset != history.Unset {
		s.Property += " at offset " + strconv.FormatInt(t.a.Offset, 10)
	}
	if t.a.HasValue {
		s.Property += ", record " + t.a.Value.String()
	}
	return s
}

func verdictsInShort(r *checker.Report) string {
	holds := 0
	for i := range r.Verdicts {
		if r.Verdicts[i].Status == checker.Holds {
			holds++
		}
	}
	return fmt.Sprintf("%d of %d properties hold, the others were not at risk or are not claimed", holds, len(r.Verdicts))
}

// teller works out one story.
type teller struct {
	h     *history.History
	a     *checker.Anomaly
	story *Story

	from, to int64 // positions: when it was told, when it was seen to be otherwise
	epoch    int32 // in which it was told
	leader   int32 // by whom
	node     int32 // the replica of the turn
}

// observe finds when something was told and when the contrary was seen.
func (t *teller) observe() {
	t.from, t.to, t.epoch, t.leader, t.node = -1, t.h.Positions, history.Unset, history.Unset, history.Unset
	for i, id := range t.a.Ops {
		o := &t.h.Ops[id]
		if i == 0 {
			t.from, t.epoch, t.leader = min(o.ReturnPos, t.h.Positions), o.LeaderEpoch, o.Broker
		}
		if i == len(t.a.Ops)-1 && i > 0 {
			t.to = o.InvokePos
		}
	}
	if len(t.a.Ops) == 0 && len(t.a.Events) > 0 {
		t.from, t.to = t.h.Events[t.a.Events[0]].Pos-1, t.h.Events[t.a.Events[len(t.a.Events)-1]].Pos+1
	}
	if t.epoch == history.Unset || t.leader == history.Unset {
		t.told()
	}
}

// told finds who led when something was told, and in which epoch: the last one
// to begin that may have been the one who answered.
func (t *teller) told() {
	broker, epoch := t.leader, t.epoch
	for i := range t.h.Events {
		e := &t.h.Events[i]
		if e.Pos > t.from {
			return
		}
		if t.leads(e) && (broker == history.Unset || e.Node == broker) && (epoch == history.Unset || e.LeaderEpoch == epoch) {
			t.epoch, t.leader = e.LeaderEpoch, e.Node
		}
	}
}

// leads tells whether an event says that somebody leads the partition.
func (t *teller) leads(e *history.Event) bool {
	return e.Partition == t.a.Partition && (e.Kind == history.Leader || e.Kind == history.Replica && e.Leading)
}

// turn finds the first replica that came to end at or before the offset that
// had been told: a leader that lacks it before a copy that has lost it.
func (t *teller) turn(list []found) {
	best := -1
	for i := range t.h.Events {
		e := &t.h.Events[i]
		if e.Pos <= t.from || e.Pos >= t.to || e.Partition != t.a.Partition || !t.lacks(e) {
			continue
		}
		leads := e.Kind == history.Replica && e.Leading && e.LeaderEpoch > t.epoch
		if best < 0 || leads {
			best = i
		}
		if leads {
			break
		}
	}
	t.divergence(list, best)
	if best < 0 {
		return
	}
	e := &t.h.Events[best]
	t.story.TurnEvent, t.node = best, e.Node
	verb := "has"
	switch {
	case e.Kind == history.Recovered:
		verb = "came back with"
	case e.Kind == history.Truncated:
		verb = "cut its log and has"
	case e.Leading:
		verb = "came to lead with"
	}
	t.story.Replica = fmt.Sprintf("node %d %s %s below %d only, at %v", e.Node, verb, t.h.PartitionName(e.Partition), e.FoundEndOffset, time.Duration(e.Time))
	switch {
	case t.epoch == history.Unset && e.LeaderEpoch == history.Unset:
	case t.epoch == history.Unset:
		t.story.Epoch = fmt.Sprintf("gone under leader epoch %d", e.LeaderEpoch)
	case e.LeaderEpoch == history.Unset:
		t.story.Epoch = fmt.Sprintf("told under leader epoch %d%s", t.epoch, t.by())
	default:
		t.story.Epoch = fmt.Sprintf("told under leader epoch %d%s, gone under %d", t.epoch, t.by(), e.LeaderEpoch)
	}
}

func (t *teller) by() string {
	if t.leader == history.Unset {
		return ""
	}
	return fmt.Sprintf(" by node %d", t.leader)
}

// lacks tells whether an event shows a copy that ends at or before the offset.
func (t *teller) lacks(e *history.Event) bool {
	if t.a.Offset == history.Unset || e.FoundEndOffset == history.Unset || e.FoundEndOffset > t.a.Offset {
		return false
	}
	switch e.Kind {
	case history.Recovered:
		return !e.Fenced
	case history.Truncated:
		return true
	case history.Replica:
		return e.Leading && e.LeaderEpoch != t.epoch || e.Node == t.leader
	default:
		return false
	}
}

// divergence is where the turn cut, or else the smallest offset of the anomaly
// in its partition.
func (t *teller) divergence(list []found, turn int) {
	at := t.a.Offset
	for _, f := range list {
		if f.anomaly.Name == t.a.Name && f.anomaly.Partition == t.a.Partition && f.anomaly.Offset != history.Unset {
			at = min(at, f.anomaly.Offset)
		}
	}
	if turn >= 0 {
		at = min(at, t.h.Events[turn].FoundEndOffset)
	}
	if at != history.Unset {
		t.story.Divergence = fmt.Sprintf("%d of %s", at, t.h.PartitionName(t.a.Partition))
	}
	if t.epoch != history.Unset && t.story.Epoch == notTold {
		t.story.Epoch = fmt.Sprintf("told under leader epoch %d%s", t.epoch, t.by())
	}
}

// fault names the last strike before the turn: one at the leader that had told,
// or at the replica of the turn, before any other.
func (t *teller) fault() {
	until := t.to
	if t.story.TurnEvent >= 0 {
		until = t.h.Events[t.story.TurnEvent].Pos
	}
	best, rank := -1, 0
	for i := range t.h.Events {
		e := &t.h.Events[i]
		if e.Pos >= until {
			break
		}
		if r := t.weight(e); r > 0 && r >= rank {
			best, rank = i, r
		}
	}
	if best < 0 {
		return
	}
	t.story.FaultEvent = best
	e := &t.h.Events[best]
	t.story.Fault = e.Fault.String()
	if e.Kind == history.Fault && e.Note != "" {
		t.story.Fault = e.Note
	}
	if e.Kind == history.Crash {
		t.story.Fault = "crash (" + e.Fault.String() + ")"
	}
	if e.Node != history.Unset {
		t.story.Fault += fmt.Sprintf(" of node %d", e.Node)
	}
	if e.Node == t.leader && t.leader != history.Unset {
		t.story.Fault += ", which led"
	}
	t.story.Fault += fmt.Sprintf(", at %v", time.Duration(e.Time))
}

// weight says how well a strike explains the turn; 0: not at all.
func (t *teller) weight(e *history.Event) int {
	var w int
	switch {
	case e.Kind == history.Crash && !e.Clean:
		w = 3
	case e.Kind == history.Fault && (e.Fault == history.FaultDrop || e.Fault == history.FaultReset || e.Fault == history.FaultDelay):
		w = 1
	case e.Kind == history.Fault:
		w = 2
	default:
		return 0
	}
	if e.Pos > t.from {
		w += 2
		if w > 3 && e.Node != history.Unset && (e.Node == t.leader || e.Node == t.node) {
			w++
		}
	}
	return w
}
