package checker

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"trialog/checker/history"
)

// ofGroup is a header with one classic group.
func ofGroup() history.Header {
	h := synced()
	h.Groups = []history.Group{{Name: "g", Classic: true}}
	return h
}

const log3 = `
	a send 1 -> ok 0
	a send 2 -> ok 1
	a send 3 -> ok 2
`

const scan3 = `
	z scan at=0 -> ok 0:1,1:2,2:3 to=3 hw=3`

func TestGroupAtLeastOnce(t *testing.T) {
	runTales(t, []tale{
		{name: "two members, one after the other", text: log3 + `
			b assign m=B gen=1 -> ok
			b fetch g=g -> ok
			b seek at=0 m=B gen=1 reset -> ok
			b poll at=0 m=B -> ok 0:1,1:2 to=2 hw=3
			x=b commit at=2 m=B gen=1 -> ok
			b revoke m=B gen=1 -> ok
			c assign m=C gen=2 -> ok
			c fetch g=g -> ok 2 of=x
			c seek at=2 m=C gen=2 -> ok
			c poll at=2 m=C -> ok 2:3 to=3 hw=3
			c commit at=3 m=C gen=2 -> ok` + scan3},
		{name: "a record that no member read is committed", text: log3 + `
			b seek at=0 m=B gen=1 reset -> ok
			b poll at=0 m=B -> ok 0:1 to=1 hw=3
			b commit at=3 m=B gen=1 -> ok` + scan3, finds: "10 undelivered"},
		{name: "it is read, but after the commit was called", text: log3 + `
			b seek at=0 m=B gen=1 reset -> ok
			b poll at=0 m=B -> ok 0:1,1:2 to=2 hw=3
			b commit at=3 m=B gen=1 -> ok
			b poll at=2 m=B -> ok 2:3 to=3 hw=3` + scan3, finds: "10 undelivered"},
		{name: "another group read it", text: log3 + `
			c poll at=0 g=other m=C -> ok 0:1,1:2,2:3 to=3 hw=3
			b commit at=3 m=B gen=1 -> ok` + scan3, finds: "10 undelivered"},
		{name: "a member began at the end, as it was told to", text: log3 + `
			b seek at=2 m=B gen=1 reset -> ok
			b poll at=2 m=B -> ok 2:3 to=3 hw=3
			b commit at=3 m=B gen=1 -> ok` + scan3},
		{name: "a refused commit", text: log3 + `
			b commit at=3 m=B gen=1 -> fail ILLEGAL_GENERATION` + scan3},
		{name: "somebody from outside commits", text: log3 + `
			b commit at=3 g=g -> ok` + scan3},
	})
}

func TestMembersBeginWhereTheGroupIs(t *testing.T) {
	runTales(t, []tale{
		{name: "beyond what was committed", text: log3 + `
			b seek at=0 m=B gen=1 reset -> ok
			b poll at=0 m=B -> ok 0:1,1:2 to=2 hw=3
			b commit at=1 m=B gen=1 -> ok
			c assign m=C gen=2 -> ok
			c seek at=2 m=C gen=2 -> ok` + scan3, finds: "9 poll-skip"},
		{name: "and skips at once", text: log3 + `
			b seek at=0 m=B gen=1 reset -> ok
			b poll at=0 m=B -> ok 0:1 to=1 hw=3
			b commit at=1 m=B gen=1 -> ok
			b revoke m=B gen=1 -> ok
			c assign m=C gen=2 -> ok
			c seek at=1 m=C gen=2 -> ok
			c poll at=1 m=C -> ok 2:3 to=3 hw=3` + scan3, finds: "9 poll-skip"},
		{name: "a partition that comes back is read from the committed offset", text: log3 + `
			b seek at=0 m=B gen=1 reset -> ok
			b poll at=0 m=B -> ok 0:1,1:2 to=2 hw=3
			b commit at=1 m=B gen=1 -> ok
			b revoke m=B gen=1 -> ok
			b assign m=B gen=2 -> ok
			b seek at=1 m=B gen=2 -> ok
			b poll at=1 m=B -> ok 1:2,2:3 to=3 hw=3` + scan3},
	})
}

func TestGroupExclusivity(t *testing.T) {
	const classic = `
		b assign m=B gen=1 -> ok
		c assign m=C gen=1 p=1 -> ok
		b commit at=0 m=B gen=1 -> ok
	`
	runTales(t, []tale{
		{name: "one owner each, then the other way round", header: ofGroup(), text: classic + `
			b assign m=B gen=2 p=1 -> ok
			c assign m=C gen=2 -> ok
			b commit at=0 m=B gen=1 -> fail ILLEGAL_GENERATION
			b commit at=0 p=1 m=B gen=2 -> ok`},
		{name: "two owners", text: classic + `
			c assign m=C gen=1 -> ok`, finds: "11 two-owners"},
		{name: "a static member comes back", text: `
			b assign m=B1 inst=B gen=1 -> ok
			b' assign m=B2 inst=B gen=1 -> ok
			b' commit at=0 m=B2 inst=B gen=1 -> ok
			b commit at=0 m=B1 inst=B gen=1 -> fail FENCED_INSTANCE_ID`},
		{name: "and its shadow commits", text: `
			b assign m=B1 inst=B gen=1 -> ok
			b' subscribe none g=g -> ok
			b' assign m=B2 inst=B gen=1 -> ok
			b commit at=0 m=B1 inst=B gen=1 -> ok`, finds: "11 zombie-commit"},
		{name: "of whom nobody knows who came first", text: `
			b' subscribe none g=g -> ok
			b assign m=B1 inst=B gen=1 -> ok
			b' assign m=B2 inst=B gen=1 -> ok
			b commit at=0 m=B1 inst=B gen=1 -> ok`},
		{name: "a zombie commits what another has now", text: classic + `
			c assign m=C gen=2 -> ok
			b commit at=0 m=B gen=1 -> ok`, finds: "11 zombie-commit"},
		{name: "a zombie commits what nobody has yet", header: ofGroup(), text: classic + `
			c assign m=C gen=2 p=1 -> ok
			b commit at=0 m=B gen=1 -> ok`, finds: "11 zombie-commit"},
		{name: "which members with epochs of their own may", text: classic + `
			c assign m=C gen=2 p=2 -> ok
			b commit at=0 m=B gen=1 -> ok`},
		{name: "it was called before", header: ofGroup(), text: classic + `
			x=b commit at=0 m=B gen=1
			c assign m=C gen=2 -> ok
			x -> ok`},
	})
}

func TestCommitLinearizable(t *testing.T) {
	runTales(t, []tale{
		{name: "each read sees the last commit", text: `
			b fetch g=g -> ok
			x=b commit at=5 g=g -> ok
			c fetch g=g -> ok 5 of=x
			y=b commit at=3 g=g -> ok
			c fetch g=g -> ok 3 of=y`},
		{name: "10, then 7", text: `
			x=b commit at=7 g=g -> ok
			y=b commit at=10 g=g -> ok
			c fetch g=g -> ok 10 of=y
			c fetch g=g -> ok 7 of=x`, finds: "12 committed-offset-went-back"},
		{name: "of an acknowledged commit nothing is known", text: `
			x=b commit at=7 g=g -> ok
			c fetch g=g -> ok`, finds: "12 committed-offset-lost"},
		{name: "a read that overlaps may see either", text: `
			x=b commit at=7 g=g -> ok
			y=b commit at=10 g=g
			c fetch g=g -> ok 10 of=y
			y -> ok`},
		{name: "but not the new one and then the old one", text: `
			x=b commit at=7 g=g -> ok
			y=b commit at=10 g=g
			c fetch g=g -> ok 10 of=y
			c fetch g=g -> ok 7 of=x
			y -> ok`, finds: "12 committed-offset-went-back"},
		{name: "an unclear commit may come late", text: `
			x=b commit at=7 g=g -> info TIMEOUT
			y=b commit at=10 g=g -> ok
			c fetch g=g -> ok 10 of=y
			c fetch g=g -> ok 7 of=x`},
		{name: "but once", text: `
			x=b commit at=7 g=g -> info TIMEOUT
			y=b commit at=10 g=g -> ok
			c fetch g=g -> ok 7 of=x
			c fetch g=g -> ok 10 of=y`, finds: "12 stale-committed-offset"},
		{name: "a refused commit is read", text: `
			x=b commit at=7 g=g -> fail ILLEGAL_GENERATION
			c fetch g=g -> ok 7 of=x`, finds: "12 refused-commit-read"},
		{name: "nobody committed it", text: `
			c fetch g=g -> ok 7`, finds: "12 phantom-commit"},
		{name: "in another partition", text: `
			x=b commit at=7 p=1 g=g -> ok
			c fetch g=g -> ok 7 of=x`, finds: "12 phantom-commit"},
		{name: "another offset than was committed", text: `
			x=b commit at=7 g=g -> ok
			c fetch g=g -> ok 8 of=x`, finds: "12 phantom-commit"},
		{name: "without marks, what can be told is judged", text: `
			b commit at=7 g=g -> ok
			b commit at=10 g=g -> ok
			c fetch g=g -> ok 7`, finds: "12 committed-offset-went-back"},
		{name: "what was deleted", text: `
			b commit at=7 g=g -> ok
			b drop g=g -> ok
			c fetch g=g -> ok`},
		{name: "each group for itself", text: `
			x=b commit at=7 g=g -> ok
			c fetch g=other -> ok`},
	})
}

// Kafka's coordinators may tell what was true when they were deposed, until they
// know.
func TestDeposedCoordinators(t *testing.T) {
	several := func(coordinator string) history.Header {
		h := synced()
		h.Groups = []history.Group{{Name: "g", Loose: true, Coordinator: coordinator}}
		return h
	}
	const moved = `
		! leader 0 p=5
		x=b commit at=7 g=g -> ok by=0
		! leader 1 p=5
		y=b commit at=10 g=g -> ok by=1
	`
	runTales(t, []tale{
		{name: "the one before tells what it knew", header: several("t/5"), text: moved + `
			c fetch g=g -> ok 7 of=x by=0`},
		{name: "the one that leads does", header: several("t/5"), text: moved + `
			c fetch g=g -> ok 7 of=x by=1`, finds: "12 committed-offset-went-back"},
		{name: "the one before tells less than it knew", header: several("t/5"), text: moved + `
			c fetch g=g -> ok by=0`, finds: "12 committed-offset-lost"},
		{name: "and knew that it did not lead", header: several("t/5"), text: moved + `
			c fetch g=g -> ok 7 of=x by=0 dp`, finds: "12 answer-of-a-deposed-coordinator"},
		{name: "nobody tells who led", header: several(""), text: moved + `
			c fetch g=g -> ok 7 of=x by=0`},
		{name: "but whoever has committed knows what was before", header: several(""), text: moved + `
			b commit at=11 g=g -> ok by=1
			c fetch g=g -> ok 7 of=x by=1`, finds: "12 committed-offset-went-back"},
	})
}

// A history without groups has no verdict on them.
func TestNoGroupsNoVerdict(t *testing.T) {
	r := Check(story(t, synced(), quiet), Options{})
	for p := history.GroupAtLeastOnce; p <= history.CommitLinearizable; p++ {
		if r.Verdict(p) != nil {
			t.Errorf("%v is judged", p)
		}
	}
}

// drawRegister draws a small history of one register: legal, and then spoilt.
func drawRegister(r *rand.Rand) *history.History {
	rec := history.NewRecorder(synced())
	p, g := rec.Partition("t", 0), rec.Name("g")
	type flight struct {
		id      history.OpID
		kind    history.Kind
		saw     history.OpID
		at      int64
		applied bool
	}
	var open []flight
	holds, offset := history.NoOp, int64(history.Unset)
	for range 10 + r.IntN(30) {
		switch {
		case len(open) < 3 && r.IntN(2) == 0:
			o := history.NewOp(history.CommitOffsets, int32(r.IntN(3)), 0, p)
			o.Group, o.At = g, r.Int64N(9)
			if r.IntN(2) == 0 {
				o.Kind, o.At = history.FetchOffsets, history.Unset
			}
			open = append(open, flight{id: rec.Invoke(0, &o), kind: o.Kind, at: o.At, saw: history.NoOp})
		case len(open) > 0:
			n := r.IntN(len(open))
			x := &open[n]
			if !x.applied {
				x.applied = true
				if x.kind == history.CommitOffsets {
					holds, offset = x.id, x.at
				} else {
					x.saw, x.at = holds, offset
				}
				continue
			}
			res := history.NewResult(history.OK)
			if x.kind == history.FetchOffsets {
				res.Commit, res.Offset = x.saw, x.at
			} else if r.IntN(6) == 0 {
				res.Outcome = history.Info
			}
			rec.Complete(0, x.id, &res)
			open = append(open[:n], open[n+1:]...)
		}
	}
	h := rec.History()
	for i := range h.Ops {
		o := &h.Ops[i]
		if o.Kind != history.FetchOffsets || o.Outcome != history.OK || r.IntN(3) > 0 {
			continue
		}
		if w := r.IntN(len(h.Ops)); h.Ops[w].Kind == history.CommitOffsets && h.Ops[w].InvokePos < o.ReturnPos {
			o.Commit, o.Offset = history.OpID(w), h.Ops[w].At
		}
	}
	return h
}

// The linear check of a register and Porcupine never differ.
func TestRegistersAgreeWithPorcupine(t *testing.T) {
	legal, illegal := 0, 0
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 3))
		h := drawRegister(r)
		var x trial
		if err := x.index(h); err != nil {
			t.Fatal(err)
		}
		var ops []int32
		for i := range h.Ops {
			if h.Ops[i].Kind == history.CommitOffsets || h.Ops[i].Outcome == history.OK {
				ops = append(ops, int32(i))
			}
		}
		mine := solveRegister(x.gather(ops, nil)).found
		q := x.registerQuestion(ops)
		q.Steps = math.MaxInt
		theirs := AnswerHere(q, time.Minute).Result
		if mine != (theirs == Illegal) {
			t.Fatalf("seed %d: Porcupine says %v, the linear check found a violation: %t", seed, theirs, mine)
		}
		if mine {
			illegal++
		} else {
			legal++
		}
	}
	if legal < 1000 || illegal < 500 {
		t.Errorf("%d legal, %d illegal registers: the draw tells nothing", legal, illegal)
	}
}
