package checker

import "math/rand/v2"

// DrawQuestion draws a small problem for Porcupine, and tells what the linear check
// says to it.
func DrawQuestion(r *rand.Rand) (*Question, Result) {
	p := drawProblem(r)
	var x linearizer
	return p.question(), verdictOf(x.solve(&p))
}
