package onsim

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"trialog/checker/history"
	"trialog/scenarios"
	"trialog/sim"
	"trialog/sim/choice"
)

// ReplayOptions say what to look at.
type ReplayOptions struct {
	// Trace receives a line an event; nil: nobody does.
	Trace io.Writer
	// Strips puts down in the history how far replicas have come, for a picture.
	Strips bool
}

// Replay runs a tape.
func Replay(ctx context.Context, t *Tape, o ReplayOptions) (*Run, error) {
	s, how, err := t.load()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := New(Options{Patience: time.Hour})
	how.trace, how.strips = o.Trace, o.Strips
	run := a.carryOut(s, t.Seed, how)
	run.Signature = signature(s, run.Outcome)
	if n := len(run.Result.Unused); n > 0 {
		run.Missed = missed(run.Result.Unused)
		run.Stale = append(run.Stale, fmt.Sprintf("%d of %d stored draws were never made: the code has changed since", n, len(how.tape)))
	}
	if t.TraceHash != "" && t.TraceHash != run.Outcome.TraceHash {
		run.Stale = append(run.Stale, "the trace hash was "+t.TraceHash+" when the tape was stored")
	}
	return run, nil
}

// load finds out what a tape runs, and how.
func (t *Tape) load() (*scenarios.Scenario, options, error) {
	list, err := scenarios.Named(t.Scenario)
	if err != nil {
		return nil, options{}, err
	}
	overrides, err := t.overrides()
	if err != nil {
		return nil, options{}, err
	}
	s, how := &list[0], options{tape: overrides, operations: t.Operations, absent: t.Absent}
	if t.Explored == nil {
		return s, how, nil
	}
	e, err := NewExplored(s, t.Explored)
	if err != nil {
		return nil, options{}, err
	}
	how.explored = e.ways
	return e.scenario, how, nil
}

// Twice runs a tape twice and describes the first event in which the two runs
// differ; false: they are the same.
func Twice(t *Tape) (string, bool, error) {
	s, how, err := t.load()
	if err != nil {
		return "", false, err
	}
	if s.Storage != nil {
		return twiceStorage(s, t.Seed, how.tape)
	}
	d, differ := sim.FirstDifference(func() sim.Config {
		trial, config := build(less(s, how.absent), t.Seed, history.NewRecorder(history.Header{}), how.explored)
		config.Observer, config.Tape, config.Absent = newWatch(trial), how.tape, how.absent
		return *config
	})
	if !differ {
		return "", false, nil
	}
	return fmt.Sprintf("from event %d on:\nfirst\n%s\nsecond\n%s", d.Event, d.A, d.B), true, nil
}

// twiceStorage compares the lines that two runs of a storage trial tell.
func twiceStorage(s *scenarios.Scenario, seed uint64, tape []choice.Override) (string, bool, error) {
	var told [2]bytes.Buffer
	for i := range told {
		New(Options{}).carryOut(s, seed, options{tape: tape, trace: &told[i]})
	}
	for n := 1; ; n++ {
		a, atEnd := told[0].ReadString('\n')
		b, _ := told[1].ReadString('\n')
		if a != b {
			return fmt.Sprintf("from event %d on:\nfirst\n%ssecond\n%s", n, a, b), true, nil
		}
		if atEnd != nil {
			return "", false, nil
		}
	}
}
