package quorum

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"trialog/core/kafka"
	port "trialog/core/quorum"
	"trialog/core/quorum/model"
)

// recording is a trace that several goroutines write.
type recording struct {
	mu    sync.Mutex
	start time.Time
	trace []model.TraceEvent
	index map[int]uint64 // the last index that a node was told of, in this incarnation
	leads map[int]bool
}

func newRecording() *recording {
	return &recording{start: time.Now(), index: make(map[int]uint64), leads: make(map[int]bool)}
}

func (r *recording) add(e model.TraceEvent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.At = int64(time.Since(r.start))
	r.trace = append(r.trace, e)
	switch e.Kind {
	case model.KindUp, model.KindDown:
		delete(r.index, e.Node)
		delete(r.leads, e.Node)
	case model.KindCommitted, model.KindSnapshot:
		r.index[e.Node] = e.Index
	case model.KindLeads, model.KindLeadsNot:
		r.leads[e.Node] = e.Kind == model.KindLeads
	}
}

// quiet tells whether every node that is up is at the same index, and adds the
// line that says so.
func (r *recording) quiet(up []int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	highest := uint64(0)
	for i := range r.trace {
		if k := r.trace[i].Kind; k == model.KindCommitted || k == model.KindSnapshot {
			highest = max(highest, r.trace[i].Index)
		}
	}
	for _, n := range up {
		if r.index[n] < highest {
			return false
		}
	}
	r.trace = append(r.trace, model.TraceEvent{Kind: model.KindQuiet, Node: -1, At: int64(time.Since(r.start))})
	return true
}

// entry makes a batch that differs from every other.
func entry(node int, nonce, number uint64) port.Entry {
	return port.Entry{
		Proposer: kafka.BrokerID(node), Nonce: nonce, Epoch: 1, Seq: number,
		Records: fmt.Appendf(nil, "%d.%d.%d", node, nonce, number),
	}
}

// judgeTrace asks the model whether it could have done what was recorded, and
// Porcupine whether the proposals took effect between question and answer.
func judgeTrace(t *testing.T, trace []model.TraceEvent) {
	t.Helper()
	if err := model.Accepts(trace); err != nil {
		for i := max(0, len(trace)-40); i < len(trace); i++ {
			t.Logf("%6d %+v", i, trace[i])
		}
		t.Fatalf("the engine did what the model cannot: %v", err)
	}
	history := historyOf(trace)
	for from := 0; from < len(history); from += window {
		part := history[from:min(from+window, len(history))]
		if got := porcupine.CheckOperationsTimeout(logModel, part, time.Minute); got != porcupine.Ok {
			t.Fatalf("proposals %d to %d of the history are not linearizable: %s", from, from+len(part), got)
		}
	}
}

// window is how many proposals Porcupine is given at a time.
const window = 300

// logModel is a log: each proposal that was committed takes the next place in
// it, of those in the window.
var logModel = porcupine.Model{
	Init: func() any { return -1 },
	Step: func(state, _, output any) (bool, any) {
		place := output.(int)
		return place == state.(int)+1, place
	},
	Equal: func(a, b any) bool { return a == b },
}

// historyOf reads proposals and what became of them from a trace, by their index.
// One that nobody saw committed had no effect; one that its proposer was never
// told of may have taken effect at any time after it was made.
func historyOf(trace []model.TraceEvent) []porcupine.Operation {
	type key struct {
		proposer int32
		nonce    uint64
		seq      uint64
	}
	calls := make(map[key]int64)
	ends := make(map[key]int64)
	indexes := make(map[key]uint64)
	for i := range trace {
		e := &trace[i]
		k := key{e.Proposer, e.Nonce, e.Seq}
		switch e.Kind {
		case model.KindPropose:
			calls[k] = int64(i)
		case model.KindCommitted:
			indexes[k] = e.Index
			if _, told := ends[k]; e.Ref != 0 && !told {
				ends[k] = int64(i)
			}
		}
	}
	var history []porcupine.Operation
	for k, index := range indexes {
		end, told := ends[k]
		if !told {
			end = int64(len(trace))
		}
		history = append(history, porcupine.Operation{ClientId: int(k.proposer), Call: calls[k], Output: index, Return: end})
	}
	slices.SortFunc(history, func(a, b porcupine.Operation) int { return int(a.Output.(uint64)) - int(b.Output.(uint64)) })
	for place := range history {
		history[place].Output = place % window // indexes are not dense
	}
	return history
}

// proposer is one incarnation of a node.
type proposer struct {
	node  int32
	nonce uint64
}

// weaknessCount walks a trace and counts what the port does not promise against.
type weaknessCount struct {
	seen       map[string]int
	leads      map[int]bool
	leaderless int64                 // since when nobody leads, 0: somebody does
	unknown    map[[2]uint64]bool    // node and reference of which Unknown was told
	open       map[proposer][]uint64 // proposed and not committed, in order
	passed     map[proposer][]uint64 // those of which a later one was committed
	incarnate  map[int]proposer
	dead       map[proposer]bool
	counted    map[uint64]bool // indexes
	at         map[int]uint64  // the last index that a node was told of
	highest    uint64
	first      map[uint64]int64 // when the first node was told of an index
	up         map[int]int64    // since when a node is up
}

// weaknesses counts what the port does not promise against, and the engine did.
func weaknesses(trace []model.TraceEvent) map[string]int {
	w := &weaknessCount{
		seen: make(map[string]int), leads: make(map[int]bool), unknown: make(map[[2]uint64]bool),
		open: make(map[proposer][]uint64), passed: make(map[proposer][]uint64), incarnate: make(map[int]proposer),
		dead: make(map[proposer]bool), counted: make(map[uint64]bool), at: make(map[int]uint64),
		first: make(map[uint64]int64), up: make(map[int]int64),
	}
	for i := range trace {
		w.event(&trace[i])
	}
	return w.seen
}

func (w *weaknessCount) event(e *model.TraceEvent) {
	ref := [2]uint64{uint64(e.Node), e.Ref}
	switch e.Kind {
	case model.KindUp:
		w.leads[e.Node], w.at[e.Node], w.up[e.Node] = false, 0, e.At
	case model.KindDown:
		w.lead(e, false)
		w.dead[w.incarnate[e.Node]] = true
		maps.DeleteFunc(w.unknown, func(r [2]uint64, _ bool) bool { return r[0] == ref[0] })
	case model.KindPropose:
		who := proposer{e.Proposer, e.Nonce}
		w.incarnate[e.Node] = who
		w.open[who] = append(w.open[who], e.Seq)
	case model.KindUnknown:
		w.unknown[ref] = true
		w.seen["a proposal of unknown fate"]++
	case model.KindSnapshot:
		w.seen["a snapshot instead of entries"]++
		w.at[e.Node] = e.Index
	case model.KindLeads, model.KindLeadsNot:
		w.lead(e, e.Kind == model.KindLeads)
	case model.KindCommitted:
		if e.Ref != 0 && w.unknown[ref] {
			w.seen["unknown, then committed"]++
		}
		w.lag(e)
		w.at[e.Node], w.highest = e.Index, max(w.highest, e.Index)
		w.committed(e)
	}
}

func (w *weaknessCount) lead(e *model.TraceEvent, leads bool) {
	was := w.leads[e.Node]
	w.leads[e.Node] = leads
	count := 0
	for _, l := range w.leads {
		if l {
			count++
		}
	}
	if leads && w.at[e.Node] < w.highest {
		w.seen["leadership told before older entries"]++
	}
	switch {
	case leads && count > 1:
		w.seen["leadership told to two"]++
	case leads && w.leaderless > 0 && e.At-w.leaderless > int64(2*time.Second):
		w.seen["nobody leads for seconds"]++
	}
	if leads {
		w.leaderless = 0
	} else if was && count == 0 {
		w.leaderless = e.At
	}
}

// lag counts what a node is told long after another, though it was up.
func (w *weaknessCount) lag(e *model.TraceEvent) {
	first, told := w.first[e.Index]
	if !told {
		w.first[e.Index] = e.At
		return
	}
	if late := e.At - max(first, w.up[e.Node]); late > int64(2*time.Second) {
		w.seen["an entry told seconds after another node was"]++
	}
	if w.highest > e.Index+100 {
		w.seen["a node more than a hundred entries behind"]++
	}
}

// moves counts how often leadership was told after it had first been.
func moves(trace []model.TraceEvent) (n int) {
	for i := range trace {
		if trace[i].Kind == model.KindLeads {
			n++
		}
	}
	return max(0, n-1)
}

// committed counts an entry when the first node is told of it.
func (w *weaknessCount) committed(e *model.TraceEvent) {
	if w.counted[e.Index] {
		return
	}
	w.counted[e.Index] = true
	who := proposer{e.Proposer, e.Nonce}
	if w.dead[who] {
		w.seen["an entry of a dead incarnation commits late"]++
	}
	if at := slices.Index(w.open[who], e.Seq); at >= 0 {
		w.seen["an entry of one proposer is overtaken"] += at
		w.passed[who] = append(w.passed[who], w.open[who][:at]...)
		w.open[who] = w.open[who][at+1:]
		return
	}
	if at := slices.Index(w.passed[who], e.Seq); at >= 0 {
		w.seen["an overtaken entry commits after all"]++
		w.passed[who] = slices.Delete(w.passed[who], at, at+1)
		return
	}
	w.seen["an entry commits twice"]++
}

// logWeaknesses prints what was seen.
func logWeaknesses(t *testing.T, sum map[string]int) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(sum)) {
		t.Logf("%6d × %s", sum[name], name)
	}
}

func refOf(n uint64) kafka.Ref { return kafka.Ref(n) }
