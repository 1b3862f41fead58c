package stats

import (
	"math"
	"slices"
)

// Spread sums up one figure over rounds.
type Spread struct {
	N                int // rounds that gave a value
	Median, Min, Max float64
}

// Over sums up the values of rounds; NaN, a round without a value, is left out.
// The median of an even number of values is the mean of the middle two. Without
// values, all three are NaN.
func Over(values []float64) Spread {
	kept := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(kept) == 0 {
		return Spread{Median: math.NaN(), Min: math.NaN(), Max: math.NaN()}
	}
	slices.Sort(kept)
	n := len(kept)
	return Spread{N: n, Median: (kept[(n-1)/2] + kept[n/2]) / 2, Min: kept[0], Max: kept[n-1]}
}

// Ratios divides round by round, so that what disturbed a round disturbs both
// sides of its ratio. A round without both values, or with a zero below, is
// left out.
func Ratios(above, below []float64) []float64 {
	var out []float64
	for i := range min(len(above), len(below)) {
		if r := above[i] / below[i]; below[i] != 0 && !math.IsNaN(r) {
			out = append(out, r)
		}
	}
	return out
}
