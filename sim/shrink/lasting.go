package shrink

import (
	"slices"

	"trialog/sim/choice"
)

// fewDraws is up to how many draws of a stream at a site are named one by one.
const fewDraws = 64

// dull makes all details of a stream at a site dull at once, of as many of them as can
// be: whatever else is drawn there by then, too.
func (s *search) dull(last Outcome) Outcome {
	left := everyOf(ofStage(last.Choices, Details))
	for size := len(left); size > 0 && s.runs < s.budget; size /= 2 {
		for at := 0; at < len(left) && s.runs < s.budget; {
			end := min(at+size, len(left))
			tape := settled(zeroed(s.tape, left[at:end]))
			o := s.carryOut(tape)
			if o.Signature != s.signature {
				at += size
				continue
			}
			s.tape, last = tape, o
			left = slices.Delete(left, at, end)
		}
	}
	return last
}

// everyOf is an override of every draw for each stream and site in a list.
func everyOf(list []choice.Override) []choice.Override {
	var every []choice.Override
	for _, o := range list {
		every = append(every, choice.Override{Stream: o.Stream, Site: o.Site, Ordinal: choice.Every})
	}
	slices.SortStableFunc(every, place)
	return slices.Compact(every)
}

// settled leaves out overrides by zero where every draw is dull already.
func settled(tape []choice.Override) []choice.Override {
	var every []choice.Override
	for _, o := range tape {
		if o.Ordinal == choice.Every && o.Value == 0 {
			every = append(every, o)
		}
	}
	slices.SortStableFunc(every, place)
	return slices.DeleteFunc(slices.Clone(tape), func(o choice.Override) bool {
		return o.Value == 0 && o.Ordinal != choice.Every && names(every, o)
	})
}

// names tells whether a sorted list has an override of every draw where o stands.
func names(every []choice.Override, o choice.Override) bool {
	o.Ordinal = choice.Every
	_, found := slices.BinarySearchFunc(every, o, place)
	return found
}

// lasting writes a tape the other way round, so that it outlasts changes of the code:
// instead of the draws that must be dull it names those that are not, and makes every
// other one of their streams and sites dull. The run is the same, and stays small when
// it comes to draw more often. before are the draws of the run that was shrunk, after
// those of what is left.
func lasting(tape, before, after []choice.Override) []choice.Override {
	var every, kept []choice.Override
	for _, o := range everyOf(slices.Concat(before, after)) {
		stage, ok := stageOf(o)
		if !ok {
			continue
		}
		var here []choice.Override
		for _, a := range after {
			if a.Stream == o.Stream && a.Site == o.Site {
				here = append(here, a)
			}
		}
		if stage == Details && len(here) > fewDraws {
			continue
		}
		every, kept = append(every, o), append(kept, here...)
	}
	rest := slices.DeleteFunc(slices.Clone(tape), func(o choice.Override) bool { return names(every, o) })
	list := slices.Concat(rest, every, kept)
	slices.SortStableFunc(list, place)
	return list
}
