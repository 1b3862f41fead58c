package model_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/quorum"
	"trialog/core/quorum/model"
	"trialog/core/quorum/quorumtest"
)

func TestContract(t *testing.T) {
	dull := odd()
	dull.SnapshotEvery = 16
	quorumtest.Suite(t, func(voters int) quorumtest.Cluster { return newLab(voters, voters, 0, dull) })
	for seed := range uint64(40) {
		quorumtest.Suite(t, func(voters int) quorumtest.Cluster { return newLab(voters, voters, seed+1, odd()) })
	}
}

// TestModelKeepsItsPromises lets anything happen, and asks the judge.
func TestModelKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		voters := rapid.SampledFrom([]int{1, 3, 5}).Draw(t, "voters")
		nodes := voters + rapid.IntRange(0, 2).Draw(t, "learners")
		l := newLab(nodes, voters, rapid.Uint64().Draw(t, "seed"), odd())
		wiped := 0
		frozen := make([]bool, nodes)
		node := func(t *rapid.T) int { return rapid.IntRange(0, nodes-1).Draw(t, "node") }
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				if err := model.Accepts(l.trace); err != nil {
					t.Fatal(err)
				}
			},
			"start": func(t *rapid.T) {
				if n := node(t); !l.up[n] {
					l.Start(n)
				}
			},
			"stop": func(t *rapid.T) {
				if n := node(t); l.up[n] {
					l.Stop(n)
					frozen[n] = false
				}
			},
			"freeze": func(t *rapid.T) {
				if n := node(t); l.up[n] {
					frozen[n] = !frozen[n]
					l.m.Freeze(l.now, n, frozen[n])
				}
			},
			"wipe": func(t *rapid.T) {
				if n := node(t); !l.up[n] && (n >= voters || wiped == 0 && voters > 1) {
					if n < voters {
						wiped++
					}
					l.m.Wipe(l.now, n)
				}
			},
			"link": func(t *rapid.T) {
				l.m.Link(l.now, node(t), node(t), rapid.Bool().Draw(t, "up"))
			},
			"propose": func(t *rapid.T) {
				if n := node(t); l.up[n] && !frozen[n] {
					l.propose(n, kafka.ControllerEpoch(rapid.IntRange(1, 5).Draw(t, "epoch")), rapid.Uint64Range(0, 3).Draw(t, "seq"))
				}
			},
			"run": func(t *rapid.T) {
				l.run(kafka.Ms(rapid.Int64Range(1, 400).Draw(t, "ms")))
			},
		})
		for a := range nodes {
			l.m.Freeze(l.now, a, false)
			for b := range nodes {
				l.m.Link(l.now, a, b, true)
			}
			if !l.up[a] {
				l.Start(a)
			}
		}
		l.run(20 * kafka.Second)
		l.trace = append(l.trace, model.TraceEvent{Kind: model.KindQuiet, Node: -1})
		if err := model.Accepts(l.trace); err != nil {
			t.Fatal(err)
		}
		for n := range l.folds {
			if l.folds[n] != l.folds[0] {
				t.Fatalf("node %d folded to %+v, node 0 to %+v", n, l.folds[n], l.folds[0])
			}
		}
	})
}

// TestEveryOddityIsReached runs a busy quorum under faults until each probe of
// the model has fired.
func TestEveryOddityIsReached(t *testing.T) {
	var sum [must.ProbeCount]uint32
	for seed := range uint64(200) {
		l := newLab(4, 3, seed+1, odd())
		busy(l, kafka.NewRand(seed), 300)
		if err := model.Accepts(l.trace); err != nil {
			t.Fatalf("seed %d: %v", seed+1, err)
		}
		for p := range sum {
			sum[p] += l.watch.Probes[p]
		}
		if seed%4 == 0 {
			l = newLabOf(5, 3, seed+1, odd(), true)
			reshape(l, kafka.NewRand(seed), 200)
			for p := range sum {
				sum[p] += l.watch.Probes[p]
			}
		}
	}
	for p := must.QuorumDropped; p <= must.QuorumVoterWiped; p++ {
		if sum[p] == 0 {
			t.Errorf("never reached: %v", p)
		}
	}
}

// busy proposes, crashes, cuts and wipes at random.
func busy(l *lab, rand kafka.Rand, steps int) {
	nodes := len(l.up)
	for n := range nodes {
		l.Start(n)
	}
	epoch := kafka.ControllerEpoch(1)
	for range steps {
		n := int(rand.Uint64() % uint64(nodes))
		switch rand.Uint64() % 24 {
		case 0, 1:
			if l.up[n] {
				l.Stop(n)
				if n == 2 && rand.Uint64()%2 == 0 {
					l.m.Wipe(l.now, n)
				}
			}
		case 2:
			l.Cut(n, (n+1)%nodes, true)
		case 3, 4:
			l.Cut(n, (n+1)%nodes, false)
		case 5:
			epoch++
			if l.up[n] {
				l.propose(n, epoch, 0)
			}
		case 6, 7, 8:
			if !l.up[n] {
				l.Start(n)
			}
		default:
			if l.up[n] {
				l.propose(n, epoch, 1)
			}
		}
		l.run(kafka.Ms(int64(rand.Uint64() % 30)))
	}
}

// TestSameDrawsSameRun: equal draws make equal events.
func TestSameDrawsSameRun(t *testing.T) {
	run := func() *lab {
		l := newLab(4, 3, 99, odd())
		busy(l, kafka.NewRand(5), 400)
		return l
	}
	a, b := run(), run()
	if len(a.trace) != len(b.trace) || a.draws != b.draws {
		t.Fatalf("%d events and %d draws, then %d and %d", len(a.trace), a.draws, len(b.trace), b.draws)
	}
	for i := range a.trace {
		if a.trace[i] != b.trace[i] {
			t.Fatalf("event %d: %+v, then %+v", i, a.trace[i], b.trace[i])
		}
	}
}

// TestDullChoices: drawn 0 everywhere, the first voter leads, everything
// commits once, in order, and no odd probe fires, whatever the odds.
func TestDullChoices(t *testing.T) {
	l := newLab(3, 3, 0, odd())
	for n := range 3 {
		l.Start(n)
	}
	l.run(kafka.Second)
	for i := range 50 {
		l.propose(i%3, 1, uint64(i+1))
	}
	l.run(kafka.Second)
	seqs := map[int]uint64{}
	for _, e := range l.trace {
		switch e.Kind {
		case model.KindLeads:
			if e.Node != 0 {
				t.Errorf("node %d was told to lead", e.Node)
			}
		case model.KindCommitted:
			if seqs[e.Node]++; e.Seq != seqs[e.Node] {
				t.Fatalf("node %d was told of sequence %d after %d", e.Node, e.Seq, seqs[e.Node]-1)
			}
		case model.KindUnknown, model.KindLeadsNot:
			t.Errorf("%+v", e)
		}
	}
	if seqs[0] != 50 || seqs[1] != 50 || seqs[2] != 50 {
		t.Errorf("told of %v entries", seqs)
	}
	if l.watch.Dirty() {
		t.Errorf("odd things happened: %v", l.watch.Probes)
	}
}

// TestMajorityLost: without a majority of the disks nothing commits any more,
// and nobody leads.
func TestMajorityLost(t *testing.T) {
	l := newLab(3, 3, 0, odd())
	for n := range 3 {
		l.Start(n)
	}
	l.propose(0, 1, 1)
	l.run(kafka.Second)
	for n := range 3 {
		l.Stop(n)
	}
	l.m.Wipe(l.now, 1)
	l.m.Wipe(l.now, 2)
	for n := range 3 {
		l.Start(n)
	}
	before := len(l.trace)
	l.run(10 * kafka.Second)
	l.propose(0, 1, 2)
	l.run(10 * kafka.Second)
	for _, e := range l.trace[before:] {
		if e.Kind == model.KindLeads || e.Kind == model.KindCommitted && e.Seq == 2 {
			t.Fatalf("%+v without a majority", e)
		}
	}
}

// TestAllocations: once its slices have grown, a step of the model allocates
// next to nothing.
func TestAllocations(t *testing.T) {
	limits := odd()
	limits.SnapshotEvery = 0
	m := model.New(model.Config{Nodes: 3, Voters: 3, Limits: limits, Choose: func(uint16, uint64) uint64 { return 0 }})
	now := kafka.Instant(0)
	for n := range 3 {
		m.Up(now, n)
	}
	p := quorum.Propose{Entry: quorum.Entry{Epoch: 1}}
	events := 0
	step := func() {
		p.Ref++
		p.Entry.Seq++
		m.Propose(now, 0, &p)
		now = now.Add(50 * kafka.Millisecond)
		for at, ok := m.Deadline(); ok && at <= now; at, ok = m.Deadline() {
			for _, more := m.Next(at); more; _, more = m.Next(at) {
				events++
			}
		}
	}
	for range 20_000 {
		step()
	}
	if perStep := testing.AllocsPerRun(1000, step); perStep > 0 {
		t.Errorf("%v allocations a step", perStep)
	}
	if events < 3*20_000 {
		t.Errorf("only %d events", events)
	}
}

func wantRule(t *testing.T, trace []model.TraceEvent, rule string, line int) {
	t.Helper()
	err := model.Accepts(trace)
	var r *model.Rejection
	switch {
	case rule == "" && err != nil:
		t.Fatalf("rejected: %v", err)
	case rule == "":
	case !errors.As(err, &r):
		t.Fatalf("accepted; want %s at line %d", rule, line)
	case r.Rule != rule || r.Line != line:
		t.Fatalf("rejected: %v; want %s at line %d", err, rule, line)
	}
}
