package main

import (
	"fmt"
	"math"
)

// interval is a rate or a time with its interval of 95 %. High is +Inf, written as 0,
// where nothing bounds it.
type interval struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// String writes "12 (4.1 to 58)".
func (i interval) String() string {
	switch {
	case i.Mean == 0 && i.Low == 0:
		return "none"
	case i.Mean == 0:
		return fmt.Sprintf("over %.3g", i.Low)
	case i.High == 0:
		return fmt.Sprintf("%.3g (over %.3g)", i.Mean, i.Low)
	}
	return fmt.Sprintf("%.3g (%.3g to %.3g)", i.Mean, i.Low, i.High)
}

// perDetection is the processor time per detection, C/k, when k were seen in so much
// of it: detections come as a Poisson process, and the interval is the exact one
// (Garwood 1936) of its rate, turned over.
func perDetection(seconds float64, k int) interval {
	low, high := poisson(k)
	i := interval{Low: seconds / high}
	if k > 0 {
		i.Mean, i.High = seconds/float64(k), seconds/low
	}
	return i
}

// poisson is the exact interval of 95 % of a Poisson mean of which k was seen.
func poisson(k int) (low, high float64) {
	const tail = 0.025
	if k > 0 {
		low = solve(func(mean float64) bool { return 1-atMost(k-1, mean) < tail })
	}
	return low, solve(func(mean float64) bool { return atMost(k, mean) > tail })
}

// atMost is the chance that a Poisson variable is at most k.
func atMost(k int, mean float64) float64 {
	sum := 0.0
	for i := range k + 1 {
		lg, _ := math.Lgamma(float64(i) + 1)
		sum += math.Exp(float64(i)*math.Log(mean) - mean - lg)
	}
	return sum
}

// solve finds where below stops to be true.
func solve(below func(float64) bool) float64 {
	low, high := 1e-9, 1.0
	for below(high) {
		high *= 2
	}
	for range 100 {
		if middle := (low + high) / 2; below(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
