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
	if runs != r.Runs || runs > 120 {
		t.Fatalf("%d runs", runs)
	}
	if again := toy(11, &runs)(r.Tape); again.Signature != "lost-write" || len(again.Unused) != 0 {
		t.Fatalf("the shrunk tape gives %q and has %d unused overrides", again.Signature, len(again.Unused))
	}
}

func TestMinimiseOfAPassingRun(t *testing.T) {
	if _, failed := Minimise(func([]choice.Override) Outcome { return Outcome{} }, nil, 10); failed {
		t.Fatal("shrank a run that does not fail")
	}
}
