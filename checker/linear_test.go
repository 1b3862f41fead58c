package checker

import (
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"trialog/checker/history"
)

// drawProblem draws a small problem. It lets operations take effect on a log
// one by one, each between its call and its return, which gives a legal
// problem, and then spoils some of them.
func drawProblem(r *rand.Rand) problem {
	const spread = 8
	var p problem
	n, reads := r.IntN(9), r.IntN(9)
	instant := func(i int) int64 { return int64(i+1) * 100 }
	used := map[int64]bool{}
	fresh := func(at int64) int64 {
		for used[at] {
			at++
		}
		used[at] = true
		return at
	}
	for i := range n {
		a := appendOp{op: int32(i), offset: int64(i)}
		a.call = fresh(instant(i) - 1 - r.Int64N(100*spread))
		a.ret = fresh(instant(i) + 1 + r.Int64N(100*spread))
		if r.IntN(6) == 0 {
			a.ret = history.Never
		}
		p.appends = append(p.appends, a)
	}
	for i := range reads {
		after := r.IntN(n + 1) // appends that have taken effect
		at := instant(after) - 50
		rd := readOp{op: int32(n + i), lo: int32(r.IntN(after + 1)), hi: int32(after + r.IntN(n-after+1))}
		if r.IntN(2) == 0 {
			rd.lo, rd.hi = int32(after), int32(after)
		}
		rd.call = fresh(at - 1 - r.Int64N(100*spread))
		rd.ret = fresh(at + 1 + r.Int64N(100*spread))
		p.reads = append(p.reads, rd)
	}
	for range r.IntN(4) {
		spoil(r, &p, fresh)
	}
	return p
}

func spoil(r *rand.Rand, p *problem, fresh func(int64) int64) {
	if r.IntN(2) == 0 && len(p.appends) > 0 {
		a := &p.appends[r.IntN(len(p.appends))]
		a.ret = fresh(a.call + 1 + r.Int64N(300))
		return
	}
	if len(p.reads) == 0 {
		return
	}
	n := int32(len(p.appends))
	switch rd := &p.reads[r.IntN(len(p.reads))]; r.IntN(3) {
	case 0:
		rd.lo = r.Int32N(n + 1)
	case 1:
		rd.hi = r.Int32N(n + 1)
	default:
		rd.ret = fresh(rd.call + 1 + r.Int64N(300))
	}
}

// answer asks Porcupine for as many steps as it needs.
func answer(p *problem) Result {
	q := p.question()
	q.Steps = math.MaxInt
	return AnswerHere(q, 10*time.Second).Result
}

func verdictOf(inv inversion) Result {
	if inv.found {
		return Illegal
	}
	return Legal
}

func TestTwoJudgesAgree(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	var x linearizer
	legal, illegal := 0, 0
	names := map[string]int{}
	for i := range 40_000 {
		p := drawProblem(r)
		inv := x.solve(&p)
		theirs := answer(&p)
		if theirs != verdictOf(inv) {
			t.Fatalf("problem %d: Porcupine says %s, the linear check %+v\n%+v", i, theirs, inv, p)
		}
		if inv.found {
			illegal++
			names[inv.name]++
			witness(t, &p, inv)
		} else {
			legal++
		}
	}
	t.Logf("%d legal, %d illegal, %v", legal, illegal, names)
	if legal < 10_000 || illegal < 10_000 || len(names) != 5 {
		t.Errorf("%d legal, %d illegal, %v: the draw is lopsided", legal, illegal, names)
	}
}

// witness checks that what an inversion names is enough to convict.
func witness(t *testing.T, p *problem, inv inversion) {
	t.Helper()
	few := p.restrict(func(op int32, _ int64) bool { return op == inv.early || op == inv.late || op == inv.between })
	if n := len(few.appends) + len(few.reads); n > 3 || answer(&few) != Illegal {
		t.Fatalf("the %d operations named do not show it: %+v of %+v", n, inv, *p)
	}
}

// endless is a problem that Porcupine decides in no time and no memory.
func endless() problem {
	p := problem{appends: []appendOp{{op: 0, call: 900, ret: 1000}}}
	for i := range int32(299) {
		p.reads = append(p.reads, readOp{op: i + 1, call: int64(i), ret: 2000, lo: 0, hi: 1})
	}
	p.reads = append(p.reads, readOp{op: 300, call: 1500, ret: 1501, lo: 0, hi: 0}) // after the append, and without it
	return p
}

// TestTimeIsNotHidden: what real time has ended is undecided and says so; no smaller
// window takes its place.
func TestTimeIsNotHidden(t *testing.T) {
	p := endless()
	q := p.question()
	q.Steps = math.MaxInt
	a := AnswerHere(q, 20*time.Millisecond)
	if a.Result != Undecided || a.Tired || !strings.Contains(a.undecided("a window", 9), "real time") {
		t.Errorf("%+v", a)
	}
}

// TestUndecidedFails: a history that no answer comes to is red, and says why, although
// the linear check finds nothing in it; only what has run out of steps is asked again,
// in a smaller window.
func TestUndecidedFails(t *testing.T) {
	for why, most := range map[string]int{"planted": 1, "": 9} {
		asked := 0
		report := Check(invent(1, 400), Options{Porcupine: func(*Question) Answer {
			asked++
			return Answer{Result: Undecided, Tired: why == "", Why: why}
		}})
		v := report.Verdict(history.LogLinearizable)
		partitions := len(report.History.Partitions)
		if asked < 1 || asked > most*partitions || why == "" && asked <= partitions || v.Status != Unknown || !strings.Contains(v.Reason, why) || !report.Failed() {
			t.Errorf("%q: asked %d times for %d partitions: %s %s", why, asked, partitions, v.Status, v.Reason)
		}
	}
}

// TestPorcupineIsBounded: a window that Porcupine could not decide in any time and any
// memory ends after the steps it has, in memory that is in proportion to them, and is
// undecided.
func TestPorcupineIsBounded(t *testing.T) {
	p := endless()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	o := Options{WindowSteps: defaultWindowSteps, WindowTime: time.Hour}
	got := o.ask(p.question())
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; got != (Answer{Result: Undecided, Tired: true}) || used > 256<<20 {
		t.Errorf("Porcupine says %+v, and has taken %d MiB", got, used>>20)
	}
	var x linearizer
	if inv := x.solve(&p); !inv.found {
		t.Error("the linear check finds nothing")
	}
}

func TestRestrictionOfALegalProblemIsLegal(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var x linearizer
	for range 5_000 {
		p := drawProblem(r)
		if x.solve(&p).found {
			continue
		}
		mask := r.Uint64()
		q := p.restrict(func(op int32, _ int64) bool { return mask>>uint(op)&1 == 1 })
		if inv := x.solve(&q); inv.found {
			t.Fatalf("%+v is found in %+v, a part of %+v", inv, q, p)
		}
	}
}
