package model_test

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/quorum"
	"trialog/core/quorum/model"
)

func (l *lab) reconfigure(node int, step quorum.Step, replica quorum.ReplicaID, on int) {
	r := &quorum.Reconfigure{Version: l.told[node].Version, Step: step, Replica: replica, Node: kafka.BrokerID(on)}
	l.trace = append(l.trace, model.TraceReconfigure(node, r))
	l.m.Reconfigure(l.now, node, r)
}

// rejoin does what a driver does for a replica that is a member no more.
func (l *lab) rejoin(node int) {
	l.Stop(node)
	l.m.Wipe(l.now, node)
	l.Start(node)
}

// forsaken tells whether a node was told of a membership without its replica.
func (l *lab) forsaken(node int) bool {
	_, is := l.told[node].Member(l.m.Replica(node))
	return l.up[node] && l.m.Replica(node) != 0 && l.told[node].Version > 0 && !is
}

// reshape changes the membership at random while nodes crash, links break and
// entries commit, as an administrator without sense would, but for leaving two
// voters at least.
func reshape(l *lab, rand kafka.Rand, steps int) {
	nodes := len(l.up)
	for n := range nodes {
		l.Start(n)
	}
	for range steps {
		n := int(rand.Uint64() % uint64(nodes))
		o := int(rand.Uint64() % uint64(nodes))
		switch kind := rand.Uint64() % 16; {
		case l.forsaken(n) && rand.Uint64()%2 == 0:
			l.rejoin(n)
		case l.up[n] && l.m.Replica(n) == 0:
			if told := &l.told[o]; l.up[o] && told.Version > 0 {
				l.m.Join(l.now, n, told.Highest+1)
				l.reconfigure(o, quorum.AddNonVoter, told.Highest+1, n)
			}
		case kind == 0 && l.up[n]:
			l.Stop(n)
		case kind <= 3 && !l.up[n]:
			l.Start(n)
		case kind == 4:
			l.Cut(n, o, true)
		case kind <= 6:
			l.Cut(n, o, false)
		case kind <= 9 && l.up[n] && l.told[n].Version > 0:
			m := l.told[n].Members[rand.Uint64()%uint64(len(l.told[n].Members))]
			switch {
			case !m.Voter:
				l.reconfigure(n, quorum.Promote, m.Replica, int(m.Node))
			case l.told[n].Voters() > 2:
				l.reconfigure(n, quorum.Remove, m.Replica, int(m.Node))
			}
		case kind <= 13 && l.up[n]:
			l.propose(n, 1, 1)
		}
		l.run(kafka.Ms(int64(rand.Uint64() % 40)))
	}
}

// TestMembershipChanges: whatever becomes of the membership, what was committed is
// there for whoever is a member in the end.
func TestMembershipChanges(t *testing.T) {
	moved := 0
	for seed := range uint64(60) {
		l := newLabOf(5, 3, seed+1, odd(), true)
		reshape(l, kafka.NewRand(seed), 300)
		for a := range 5 {
			for b := range 5 {
				l.Cut(a, b, false)
			}
			if !l.up[a] {
				l.Start(a)
			}
		}
		l.run(20 * kafka.Second)
		var newest quorum.Members
		for n := range 5 {
			if l.told[n].Version > newest.Version {
				newest = l.told[n]
			}
		}
		members := 0
		for n := range 5 {
			if _, is := newest.Member(l.m.Replica(n)); is {
				members++
			} else if l.up[n] {
				l.Stop(n)
			}
		}
		// A quorum whose voters were removed without being told is stuck, as a real one is.
		if before := len(l.trace); members >= 2 {
			for n := range 5 {
				if l.up[n] {
					l.propose(n, 1, 1)
				}
			}
			l.run(20 * kafka.Second)
			for _, e := range l.trace[before:] {
				if e.Kind == model.KindCommitted {
					moved++
					break
				}
			}
			l.trace = append(l.trace, model.TraceEvent{Kind: model.KindQuiet, Node: -1})
		}
		if err := model.Accepts(l.trace); err != nil {
			t.Fatalf("seed %d: %v", seed+1, err)
		}
	}
	if moved < 40 {
		t.Errorf("only %d of 60 quorums went on", moved)
	}
}

// TestMembersAreTold: a node is told the membership when it starts, and after a step.
func TestMembersAreTold(t *testing.T) {
	l := newLabOf(4, 3, 0, model.Limits{}, true)
	for n := range 4 {
		l.Start(n)
	}
	l.run(kafka.Second)
	for n := range 4 {
		if m := l.told[n]; m.Version != 1 || len(m.Members) != 4 || m.Voters() != 3 || m.Highest != 4 {
			t.Fatalf("node %d is told %+v", n, m)
		}
	}
	l.reconfigure(1, quorum.Promote, 4, 3)
	l.run(kafka.Second)
	l.reconfigure(1, quorum.Remove, 1, 0) // the leader
	l.reconfigure(1, quorum.Remove, 2, 1) // of the same version: too late
	l.run(kafka.Second)
	for n := range 4 {
		if m := l.told[n]; m.Version != 3 || m.Voters() != 3 {
			t.Fatalf("node %d is told %+v", n, m)
		}
	}
	if !l.forsaken(0) {
		t.Fatal("the removed one does not know")
	}
	l.rejoin(0)
	l.m.Join(l.now, 0, 5)
	l.propose(2, 1, 1)
	l.run(kafka.Second)
	if l.folds[0].index != 0 {
		t.Fatal("a node that is no member is told of entries")
	}
	l.reconfigure(2, quorum.AddNonVoter, 5, 0)
	l.run(kafka.Second)
	if l.folds[0] != l.folds[2] || l.folds[0].index == 0 {
		t.Fatalf("it has %+v, not %+v", l.folds[0], l.folds[2])
	}
	if err := model.Accepts(l.trace); err != nil {
		t.Fatal(err)
	}
}
