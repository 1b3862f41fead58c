// Package quorumtest is the contract of quorum's port as a test. Every
// implementation runs Suite: the model, and the real engine. Each case drives a
// cluster, records what happened, and lets model.Accepts judge it; some also ask
// for progress, which a trace cannot show.
package quorumtest

import (
	"trialog/core/kafka"
	"trialog/core/quorum"
	"trialog/core/quorum/model"
)

// T is the part of testing.TB that the suite needs.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Cluster is a quorum of voters under test. All nodes start down, all links up.
type Cluster interface {
	// Start begins an incarnation of a node, on what its last one left behind.
	Start(node int)
	// Stop ends it as a crash would.
	Stop(node int)
	// Propose hands over a proposal of a node that is up.
	Propose(node int, p *quorum.Propose)
	// Next waits, as long as progress may take, for the next event of any node;
	// false when there was none. The event is valid until the next call.
	Next() (node int, e quorum.Event, ok bool)
	// Close ends everything.
	Close()
}

// Cutter is a Cluster whose links can be cut. Cases that need one are left out
// for others.
type Cutter interface {
	Cluster
	// Cut cuts or mends both ways between two nodes.
	Cut(a, b int, cut bool)
}

// Suite holds newCluster's clusters to the contract.
func Suite(t T, newCluster func(voters int) Cluster) {
	t.Helper()
	for _, c := range cases {
		for _, voters := range c.voters {
			l := &lab{t: t, name: c.name, cluster: newCluster(voters), nodes: make([]node, voters)}
			if _, cuts := l.cluster.(Cutter); cuts || !c.cuts {
				c.run(l)
				l.judge()
			}
			l.cluster.Close()
		}
	}
}

var cases = [...]struct {
	name   string
	voters []int
	cuts   bool
	run    func(*lab)
}{
	{"somebody is told to lead", []int{1, 3}, false, leads},
	{"everybody is told of every entry", []int{1, 3}, false, everybody},
	{"every proposal is answered", []int{1, 3}, false, answered},
	{"a new incarnation is told again", []int{1, 3}, false, again},
	{"entries survive everybody's crash", []int{1, 3}, false, survives},
	{"a majority goes on without a node", []int{3}, false, goesOn},
	{"a node that was cut off catches up", []int{3}, true, catchesUp},
	{"long histories are told in short", []int{1, 3}, false, long},
}

// lab drives a cluster and writes down what happens.
type lab struct {
	t       T
	name    string
	cluster Cluster
	nodes   []node
	trace   []model.TraceEvent
	ref     kafka.Ref
	seq     uint64
}

// node is what the lab knows of a node's incarnation.
type node struct {
	up        bool
	leads     bool
	index     uint64
	members   quorum.Members
	answered  int // proposals of this incarnation that were answered
	proposed  int
	committed int // entries told, snapshots not counted
	mine      map[kafka.Ref]bool
}

func (l *lab) failf(format string, args ...any) {
	l.t.Helper()
	l.t.Fatalf("%s, %d voters: "+format, append([]any{l.name, len(l.nodes)}, args...)...)
}

func (l *lab) judge() {
	l.t.Helper()
	if err := model.Accepts(l.trace); err != nil {
		l.failf("the trace is not one of the model's: %v", err)
	}
}

func (l *lab) start(nodes ...int) {
	for _, n := range nodes {
		l.trace = append(l.trace, model.TraceEvent{Kind: model.KindUp, Node: n})
		l.nodes[n] = node{up: true, mine: map[kafka.Ref]bool{}}
		l.cluster.Start(n)
	}
}

func (l *lab) stop(nodes ...int) {
	for _, n := range nodes {
		l.cluster.Stop(n)
		l.nodes[n].up = false
		l.trace = append(l.trace, model.TraceEvent{Kind: model.KindDown, Node: n})
	}
}

func (l *lab) all() []int {
	all := make([]int, len(l.nodes))
	for i := range all {
		all[i] = i
	}
	return all
}

// propose proposes a batch that differs from every other.
func (l *lab) propose(n int) {
	l.ref++
	l.seq++
	p := &quorum.Propose{Ref: l.ref, Entry: quorum.Entry{
		Proposer: kafka.BrokerID(n), Nonce: uint64(l.ref), Epoch: 1, Seq: l.seq,
		Records: []byte{byte(l.seq), byte(l.seq >> 8), 'r'},
	}}
	l.nodes[n].proposed++
	l.nodes[n].mine[l.ref] = true
	l.trace = append(l.trace, model.TracePropose(n, p))
	l.cluster.Propose(n, p)
}

// until lets the cluster run until done says so, for as many events as may be.
func (l *lab) until(what string, done func() bool) {
	l.t.Helper()
	for range 200_000 {
		if done() {
			return
		}
		id, e, ok := l.cluster.Next()
		if !ok {
			break
		}
		l.take(id, e)
	}
	if !done() {
		l.failf("nothing more happens, and not yet: %s", what)
	}
}

func (l *lab) take(id int, e quorum.Event) {
	l.t.Helper()
	n := &l.nodes[id]
	if !n.up {
		l.failf("node %d is told something while it is down", id)
	}
	l.trace = append(l.trace, model.Trace(id, e))
	switch e := e.(type) {
	case *quorum.Leads:
		n.leads = true
	case *quorum.LeadsNot:
		n.leads = false
	case *quorum.Committed:
		n.index = e.Index
		n.committed++
		l.answer(n, e.Ref)
	case *quorum.SnapshotLoaded:
		n.index = e.Index
	case *quorum.Unknown:
		l.answer(n, e.Ref)
	case *quorum.Members:
		n.members = *e
	}
}

func (l *lab) answer(n *node, ref kafka.Ref) {
	if n.mine[ref] {
		delete(n.mine, ref)
		n.answered++
	}
}

// commit proposes at a node until so many more entries have come back to it.
func (l *lab) commit(n, entries int) {
	l.t.Helper()
	for range entries {
		before := l.nodes[n].committed
		for l.nodes[n].committed == before {
			waiting := l.nodes[n].answered
			l.propose(n)
			l.until("a proposal is answered", func() bool { return l.nodes[n].answered > waiting })
		}
	}
}

// quiet waits until everybody who is up is at the highest index.
func (l *lab) quiet() {
	l.t.Helper()
	l.until("everybody has caught up", func() bool {
		highest := uint64(0)
		for i := range l.nodes {
			highest = max(highest, l.highest(i))
		}
		for i := range l.nodes {
			if l.nodes[i].up && l.nodes[i].index < highest {
				return false
			}
		}
		return true
	})
	l.trace = append(l.trace, model.TraceEvent{Kind: model.KindQuiet, Node: -1})
}

// highest returns the last index that any incarnation of a node was told of.
func (l *lab) highest(id int) (index uint64) {
	for i := range l.trace {
		if t := &l.trace[i]; t.Node == id && t.Kind == model.KindCommitted {
			index = max(index, t.Index)
		}
	}
	return index
}
