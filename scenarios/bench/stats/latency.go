// Package stats turns what was measured into what is printed: quantiles of the
// latencies of one round, and medians with their spread over rounds. It knows
// no clock and no server, so its figures can be checked by hand.
package stats

import (
	"math"
	"slices"
	"time"
)

// Latency sums up the latencies of one round. A quantile that the sample is
// too small for is NaN.
type Latency struct {
	N                   int
	P50, P99, P999, Max float64 // milliseconds
}

// Latencies sums up samples that several recorders took. The samples are
// copied, not sorted in place.
func Latencies(parts ...[]time.Duration) Latency {
	all := slices.Concat(parts...)
	slices.Sort(all)
	l := Latency{N: len(all), P50: quantile(all, 500), P99: quantile(all, 990), P999: quantile(all, 999), Max: math.NaN()}
	if len(all) > 0 {
		l.Max = ms(all[len(all)-1])
	}
	return l
}

// quantile is the nearest-rank quantile in milliseconds of a sorted sample:
// the least value that at least perMille thousandths of the sample do not
// exceed. It is NaN unless one value or more lies above it in the expected
// run of things: 100 values for p99, 1,000 for p99.9.
func quantile(sorted []time.Duration, perMille int) float64 {
	n := len(sorted)
	if n*(1000-perMille) < 1000 {
		return math.NaN()
	}
	rank := (n*perMille + 999) / 1000
	return ms(sorted[rank-1])
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }
