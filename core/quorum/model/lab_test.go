package model_test

import (
	"encoding/binary"
	"fmt"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/quorum"
	"trialog/core/quorum/model"
)

// fold is a state that any difference in the history shows in: a hash chain.
type fold struct{ index, hash uint64 }

func (f *fold) Apply(index uint64, e *quorum.Entry) {
	f.index = index
	for _, c := range quorum.AppendEntry(nil, e) {
		f.hash = (f.hash ^ uint64(c)) * 0x100000001b3
	}
	f.hash ^= index
}

func (f *fold) Snapshot(dst []byte) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, f.index), f.hash)
}

func (f *fold) load(b []byte) {
	f.index, f.hash = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
}

// odd makes every oddity likely.
func odd() model.Limits {
	ms := kafka.Millisecond
	return model.Limits{
		CommitMin: ms, CommitSpread: 5 * ms, ApplyMin: ms, ApplySpread: 5 * ms,
		ElectionMin: 20 * ms, ElectionSpread: 50 * ms, TellMin: ms, TellSpread: 5 * ms,
		ProposeTimeout: 100 * ms, LateSpread: 400 * ms, LongLag: 300 * ms, LongAbsence: 500 * ms,
		SnapshotEvery: 8, IdleEvery: 50 * ms,
		OddDrop: 8, OddTwice: 6, OddUnknown: 8, OddReorder: 6, OddGap: 3, OddLongLag: 8,
		OddMove: 8, OddIdleMove: 8, OddLongAbsence: 6, OddEarlyLeads: 3, OddLateTell: 3,
		OddFalseLeads: 4, OddOldSnapshot: 2,
	}
}

// lab drives a model and folds on every node what it tells.
type lab struct {
	m     *model.Model
	now   kafka.Instant
	watch must.Watch
	rand  kafka.Rand
	trace []model.TraceEvent
	folds []fold
	up    []bool
	draws uint64
	ref   kafka.Ref
	told  []quorum.Members // by node, of this incarnation
}

func newLab(nodes, voters int, seed uint64, limits model.Limits) *lab {
	return newLabOf(nodes, voters, seed, limits, false)
}

func newLabOf(nodes, voters int, seed uint64, limits model.Limits, managed bool) *lab {
	l := &lab{rand: kafka.NewRand(seed), folds: make([]fold, nodes), up: make([]bool, nodes), told: make([]quorum.Members, nodes)}
	l.m = model.New(model.Config{
		Managed: managed,
		Nodes:   nodes, Voters: voters, Limits: limits, Fold: &fold{}, Watch: &l.watch,
		Choose: func(_ uint16, n uint64) uint64 {
			l.draws++
			if seed == 0 {
				return 0
			}
			return l.rand.Uint64() % n
		},
	})
	return l
}

func (l *lab) Start(node int) {
	l.trace = append(l.trace, model.TraceEvent{Kind: model.KindUp, Node: node})
	l.folds[node], l.up[node], l.told[node] = fold{}, true, quorum.Members{}
	l.m.Up(l.now, node)
}

func (l *lab) Stop(node int) {
	l.trace = append(l.trace, model.TraceEvent{Kind: model.KindDown, Node: node})
	l.up[node] = false
	l.m.Down(l.now, node)
}

func (l *lab) Cut(a, b int, cut bool) {
	l.m.Link(l.now, a, b, !cut)
	l.m.Link(l.now, b, a, !cut)
}

func (l *lab) Propose(node int, p *quorum.Propose) {
	l.trace = append(l.trace, model.TracePropose(node, p))
	l.m.Propose(l.now, node, p)
}

func (l *lab) Close() {}

// Next lets time pass until something is told, for ten seconds at most.
func (l *lab) Next() (int, quorum.Event, bool) {
	end := l.now.Add(10 * kafka.Second)
	for {
		if d, ok := l.m.Next(l.now); ok {
			l.took(d)
			return d.Node, d.Event, true
		}
		at, ok := l.m.Deadline()
		if !ok || at > end {
			return 0, nil, false
		}
		l.now = max(l.now, at)
	}
}

// took folds what a node was told, and writes it down.
func (l *lab) took(d model.Delivery) {
	l.trace = append(l.trace, model.Trace(d.Node, d.Event))
	f := &l.folds[d.Node]
	switch e := d.Event.(type) {
	case *quorum.Committed:
		f.Apply(e.Index, &e.Entry)
		l.trace = append(l.trace, model.TraceEvent{Kind: model.KindState, Node: d.Node, Index: e.Index, State: model.Digest(f.Snapshot(nil))})
	case *quorum.SnapshotLoaded:
		f.load(e.State)
		if f.index != e.Index {
			panic(fmt.Sprintf("a snapshot of index %d at index %d", f.index, e.Index))
		}
	case *quorum.Members:
		l.told[d.Node] = *e
	case *quorum.Leads, *quorum.LeadsNot, *quorum.Unknown:
	}
}

// run lets time pass.
func (l *lab) run(d kafka.Duration) {
	end := l.now.Add(d)
	for {
		if d, ok := l.m.Next(l.now); ok {
			l.took(d)
			continue
		}
		at, ok := l.m.Deadline()
		if !ok || at > end {
			l.now = end
			return
		}
		l.now = max(l.now, at)
	}
}

// propose proposes something new, as a claim or a batch of an epoch.
func (l *lab) propose(node int, epoch kafka.ControllerEpoch, seq uint64) {
	l.ref++
	e := quorum.Entry{Proposer: kafka.BrokerID(node), Nonce: uint64(l.ref), Epoch: epoch, Seq: seq}
	if seq > 0 {
		e.Records = []byte{byte(l.ref), byte(l.ref >> 8)}
	}
	l.Propose(node, &quorum.Propose{Ref: l.ref, Entry: e})
}
