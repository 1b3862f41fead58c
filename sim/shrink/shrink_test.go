package shrink

import (
	"testing"

	"trialog/sim/choice"
)

// toy fails when fault 7 strikes and then operation 3 of application 1 is done;
// everything else is noise.
func toy(seed uint64, runs *int) Run {
	return func(tape []choice.Override) Outcome {
		*runs++
		source := choice.NewSource(seed, tape)
		var drawn []choice.Override
		source.Record(&drawn)
		fault, app, link := source.Stream(choice.KindFault, 1), source.Stream(choice.KindApp, 1), source.Stream(choice.KindLink, 3)
		struck, done := false, false
		for i := range 40 {
			if fault.Choose(choice.FaultFire, 1<<30) != 0 && i == 7 {
				struck = true
			}
			link.Choose(choice.LinkDelay, 1000)
		}
		for i := range 200 {
			if app.Choose(choice.AppOp, 4) != 0 && i%17 == 3 && struck {
				done = true
			}
		}
		o := Outcome{Choices: drawn, Unused: source.Unused(tape)}
		if done {
			o.Signature = "lost-write"
		}
		return o
	}
}

func TestMinimiseFindsTheOneFaultAndOperation(t *testing.T) {
	runs := 0
	r, failed := Minimise(toy(11, &runs), nil, 500)
	if !failed || r.Signature != "lost-write" {
		t.Fatalf("%v %q", failed, r.Signature)
	}
	if r.Before[Faults] != 40 || r.After[Faults] != 1 || r.After[Operations] != 1 || r.After[Details] != 0 {
		t.Fatalf("before %v after %v", r.Before, r.After)
	}
	if !r.Minimal {
		t.Error("the result was not shown to be minimal")
	}
	if runs != r.Runs || runs > 120 {
		t.Fatalf("%d runs", runs)
	}
	if again := toy(11, &runs)(r.Tape); again.Signature != "lost-write" || len(again.Unused) != 0 {
		t.Fatalf("the shrunk tape gives %q and has %d unused overrides", again.Signature, len(again.Unused))
	}
}

// TestLasting: what is stored is the same run in other words, and one that draws twice
// as often is no larger for it.
func TestLasting(t *testing.T) {
	runs := 0
	r, _ := Minimise(toy(11, &runs), nil, 500)
	var drawn []choice.Override
	source := choice.NewSource(11, r.Tape)
	source.Record(&drawn)
	fault, app, link := source.Stream(choice.KindFault, 1), source.Stream(choice.KindApp, 1), source.Stream(choice.KindLink, 3)
	for range 400 {
		fault.Choose(choice.FaultFire, 1<<30)
		app.Choose(choice.AppOp, 4)
		link.Choose(choice.LinkDelay, 1000)
	}
	if n := Count(drawn); n[Faults] != 1 || n[Operations] != 1 || n[Details] != 0 || len(r.Tape) > 6 {
		t.Errorf("%v is drawn beneath %+v", n, r.Tape)
	}
}

// TestGallop: of two thousand operations of which one in the middle is needed, the
// others go in runs whose number does not grow with theirs.
func TestGallop(t *testing.T) {
	for _, needed := range []int{3, 1000, 1990} {
		runs := 0
		run := func(tape []choice.Override) Outcome {
			runs++
			source := choice.NewSource(5, tape)
			o := Outcome{}
			source.Record(&o.Choices)
			app := source.Stream(choice.KindApp, 1)
			for i := range 2000 {
				if app.Choose(choice.AppOp, 1<<30) != 0 && i == needed {
					o.Signature = "lost-write"
				}
			}
			return o
		}
		r, failed := Minimise(run, nil, 500)
		if !failed || !r.Minimal || r.Before[Operations] != 2000 || r.After[Operations] != 1 || runs > 60 {
			t.Errorf("operation %d is needed: of %v operations %v are left after %d runs", needed, r.Before, r.After, runs)
		}
	}
}

func TestMinimiseOfAPassingRun(t *testing.T) {
	if _, failed := Minimise(func([]choice.Override) Outcome { return Outcome{} }, nil, 10); failed {
		t.Fatal("shrank a run that does not fail")
	}
}

// TestMinimalIsShown: two operations of which either is enough, and a fault that
// is needed only while the second is there, leave one operation and no fault;
// without budget or time nothing is called minimal.
func TestMinimalIsShown(t *testing.T) {
	either := func(tape []choice.Override) Outcome {
		source := choice.NewSource(3, tape)
		var drawn []choice.Override
		source.Record(&drawn)
		fault, app, other := source.Stream(choice.KindFault, 1), source.Stream(choice.KindApp, 1), source.Stream(choice.KindApp, 2)
		struck, first, second := fault.Choose(choice.FaultFire, 1<<30) != 0, app.Choose(choice.AppOp, 1<<30) != 0, other.Choose(choice.AppOp, 1<<30) != 0
		o := Outcome{Choices: drawn}
		if first && !second || second && struck {
			o.Signature = "lost-write"
		}
		return o
	}
	r, failed := Minimise(either, nil, 100)
	if !failed || !r.Minimal || r.After[Faults]+r.After[Operations] != 1 && r.After[Faults]+r.After[Operations] != 2 {
		t.Errorf("%+v", r)
	}
	for _, o := range r.Tape {
		if o.Value != 0 && o.Ordinal == choice.Every {
			t.Errorf("%+v", o)
		}
	}
	if r, _ := Minimise(either, nil, 3); r.Minimal {
		t.Error("called minimal after three runs")
	}
	runs := 0
	late := func(tape []choice.Override) Outcome {
		if runs++; runs > 5 {
			return Outcome{NotRun: true}
		}
		return either(tape)
	}
	if r, _ := Minimise(late, nil, 100); r.Minimal {
		t.Error("called minimal after the time had ended")
	}
}
