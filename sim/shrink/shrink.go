package shrink

import (
	"cmp"
	"slices"

	"trialog/sim/choice"
)

// Outcome is what became of one run.
type Outcome struct {
	// Signature names how the run failed (the property, not the time); empty when
	// it passed.
	Signature string
	// Choices are the draws that were not dull (sim.Config.Record).
	Choices []choice.Override
	// Unused are the overrides that no draw consumed.
	Unused []choice.Override
	// NotRun says that there was no time left for it: it shows nothing.
	NotRun bool
}

// Run carries a run out under a tape.
type Run func(tape []choice.Override) Outcome

// Result is the shortest tape found.
type Result struct {
	Signature string
	Tape      []choice.Override
	Runs      int // carried out, the first included
	// Before and After count what was drawn, per kind of Stage.
	Before, After [StageCount]int
	// Minimal says that it was tried, one by one, to leave out each fault, each
	// operation and each client that is left, and that the run then does not fail
	// alike.
	Minimal bool
}

// Stage is a group of draws that are tried together.
type Stage int

// The stages, in the order in which they are tried.
const (
	Faults     Stage = iota // which faults strike
	Operations              // which operations applications begin
	Details                 // spans and amounts of faults, delays, sectors, sizes
	StageCount
)

var stageNames = [StageCount]string{"faults", "operations", "details"}

// String names the stage.
func (s Stage) String() string { return stageNames[s] }

// smallest is the size of pieces that are not tried any more. There are details
// by the hundred thousand, and nobody reads them: they go in large pieces or stay.
func (s Stage) smallest(draws int) int {
	if s == Details {
		return draws / 64
	}
	return 0
}

// stageOf says when a draw is tried; false: never, as it shapes the whole run.
func stageOf(o choice.Override) (Stage, bool) {
	switch {
	case o.Site == choice.FaultFire:
		return Faults, true
	case o.Site == choice.AppOp:
		return Operations, true
	case o.Stream.Kind() == choice.KindWorld, o.Site == choice.EntropySeed, o.Site == choice.AppGap:
		return 0, false
	default:
		return Details, true
	}
}

// Minimise shrinks a failing tape with at most budget runs. The second result
// is false when the tape does not fail.
func Minimise(run Run, tape []choice.Override, budget int) (Result, bool) {
	s := search{run: run, tape: slices.Clone(tape), budget: budget}
	first := s.carryOut(s.tape)
	s.signature = first.Signature
	if first.Signature == "" {
		return Result{Runs: s.runs}, false
	}
	r := Result{Signature: first.Signature, Before: Count(first.Choices)}
	last := s.clients(first)
	for stage := range StageCount {
		if stage == Operations {
			last = s.gallop(stage, last, true)
			last = s.gallop(stage, last, false)
		}
		if stage == Details {
			last = s.dull(last)
		}
		last = s.stage(stage, last)
	}
	last, r.Minimal = s.oneByOne(last)
	r.Tape, r.After = lasting(without(s.tape, last.Unused), first.Choices, last.Choices), Count(last.Choices)
	r.Runs = s.runs
	return r, true
}

// Count is how many draws of each stage were not dull.
func Count(choices []choice.Override) (n [StageCount]int) {
	for _, o := range choices {
		if stage, ok := stageOf(o); ok {
			n[stage]++
		}
	}
	return n
}

// search is a shrinking under way.
type search struct {
	run       Run
	signature string
	tape      []choice.Override // fails
	budget    int
	runs      int
}

func (s *search) carryOut(tape []choice.Override) Outcome {
	s.runs++
	return s.run(tape)
}

// clients leaves out all operations of one application at a time.
func (s *search) clients(last Outcome) Outcome {
	for _, piece := range byStream(last.Choices) {
		if s.runs >= s.budget {
			break
		}
		if o := s.carryOut(zeroed(s.tape, piece)); o.Signature == s.signature {
			s.tape, last = zeroed(s.tape, piece), o
		}
	}
	return last
}

// byStream is the operations of each application.
func byStream(choices []choice.Override) [][]choice.Override {
	var pieces [][]choice.Override
	operations := ofStage(choices, Operations)
	slices.SortStableFunc(operations, place)
	for i, o := range operations {
		if i == 0 || operations[i-1].Stream != o.Stream {
			pieces = append(pieces, nil)
		}
		pieces[len(pieces)-1] = append(pieces[len(pieces)-1], o)
	}
	return pieces
}

// oneByOne leaves out single faults, operations and clients until none of them
// can be missed; false: the budget or the time ended before that was shown.
func (s *search) oneByOne(last Outcome) (Outcome, bool) {
	for {
		var pieces [][]choice.Override
		for stage := Faults; stage <= Operations; stage++ {
			for _, o := range ofStage(last.Choices, stage) {
				pieces = append(pieces, []choice.Override{o})
			}
		}
		pieces = append(pieces, byStream(last.Choices)...)
		missed := false
		for _, piece := range pieces {
			if piece = intersect(piece, last.Choices); len(piece) == 0 {
				continue // went with another one
			}
			if s.runs >= s.budget {
				return last, false
			}
			o := s.carryOut(zeroed(s.tape, piece))
			if o.NotRun {
				return last, false
			}
			if o.Signature == s.signature {
				s.tape, last, missed = zeroed(s.tape, piece), o, true
			}
		}
		if !missed {
			return last, true
		}
	}
}

// gallop leaves out what was drawn last, or first, in pieces that double while the run
// goes on failing alike and are halved where it does not: what comes after the failure,
// or long before it, goes in a few runs. Pieces of the middle are stage's.
func (s *search) gallop(stage Stage, last Outcome, fromEnd bool) Outcome {
	left := ofStage(last.Choices, stage)
	smallest := max(1, len(left)/64)
	for size := len(left) / 2; size >= smallest && s.runs < s.budget; {
		size = min(size, len(left))
		piece := left[:size]
		if fromEnd {
			piece = left[len(left)-size:]
		}
		o := s.carryOut(zeroed(s.tape, piece))
		switch {
		case o.NotRun:
			return last
		case o.Signature != s.signature:
			size /= 2
		default:
			s.tape, last = zeroed(s.tape, piece), o
			left = ofStage(last.Choices, stage)
			size = min(2*size, len(left)/2)
		}
	}
	return last
}

// stage zeroes the draws of one stage in pieces, large ones first, and keeps
// every piece without which the run still fails alike.
func (s *search) stage(stage Stage, last Outcome) Outcome {
	left := ofStage(last.Choices, stage)
	for size := len(left); size > stage.smallest(len(last.Choices)) && s.runs < s.budget; size /= 2 {
		for at := 0; at < len(left) && s.runs < s.budget; {
			piece := left[at:min(at+size, len(left))]
			o := s.carryOut(zeroed(s.tape, piece))
			if o.Signature != s.signature {
				at += size
				continue
			}
			s.tape, last = zeroed(s.tape, piece), o
			left = intersect(slices.Delete(left, at, min(at+size, len(left))), o.Choices)
		}
	}
	return last
}

func ofStage(choices []choice.Override, stage Stage) []choice.Override {
	var list []choice.Override
	for _, o := range choices {
		if g, ok := stageOf(o); ok && g == stage {
			list = append(list, o)
		}
	}
	return list
}

// place orders overrides by what they name.
func place(a, b choice.Override) int {
	return cmp.Or(cmp.Compare(a.Stream, b.Stream), cmp.Compare(a.Site, b.Site), cmp.Compare(a.Ordinal, b.Ordinal))
}

// zeroed is a tape with more draws overridden by zero.
func zeroed(tape, piece []choice.Override) []choice.Override {
	merged := slices.Clone(tape)
	for _, o := range piece {
		o.Value = 0
		merged = append(merged, o)
	}
	slices.SortStableFunc(merged, place)
	// Of two overrides of one draw the later one holds.
	kept := merged[:0]
	for i, o := range merged {
		if i+1 < len(merged) && place(o, merged[i+1]) == 0 {
			continue
		}
		kept = append(kept, o)
	}
	return kept
}

// intersect keeps those of list that are still drawn.
func intersect(list, drawn []choice.Override) []choice.Override {
	sorted := slices.Clone(drawn)
	slices.SortStableFunc(sorted, place)
	return slices.DeleteFunc(list, func(o choice.Override) bool {
		_, ok := slices.BinarySearchFunc(sorted, o, place)
		return !ok
	})
}

// without removes some overrides from a tape.
func without(tape, unused []choice.Override) []choice.Override {
	sorted := slices.Clone(unused)
	slices.SortStableFunc(sorted, place)
	return slices.DeleteFunc(slices.Clone(tape), func(o choice.Override) bool {
		_, ok := slices.BinarySearchFunc(sorted, o, place)
		return ok
	})
}
