package stats

import (
	"math"
	"testing"
	"time"
)

func upTo(n int) []time.Duration {
	var out []time.Duration
	for i := n; i >= 1; i-- { // not sorted
		out = append(out, time.Duration(i)*time.Millisecond)
	}
	return out
}

func TestQuantilesAreNearestRanks(t *testing.T) {
	sample := upTo(1000)
	l := Latencies(sample[:300], nil, sample[300:])
	if l.N != 1000 || l.P50 != 500 || l.P99 != 990 || l.P999 != 999 || l.Max != 1000 {
		t.Errorf("1 to 1000 ms: %+v", l)
	}
	if sample[0] != time.Second {
		t.Error("the sample was sorted in place")
	}
	if l := Latencies(upTo(101)); l.P50 != 51 || l.P99 != 100 || l.Max != 101 {
		t.Errorf("1 to 101 ms: %+v", l)
	}
	if l := Latencies(upTo(2)); l.P50 != 1 {
		t.Errorf("the median of 1 and 2 ms: %+v", l)
	}
}

func TestAQuantileNeedsASample(t *testing.T) {
	for _, c := range []struct {
		n              int
		p50, p99, p999 bool
	}{{0, false, false, false}, {1, false, false, false}, {2, true, false, false}, {99, true, false, false}, {100, true, true, false}, {999, true, true, false}, {1000, true, true, true}} {
		l := Latencies(upTo(c.n))
		if has := func(v float64) bool { return !math.IsNaN(v) }; has(l.P50) != c.p50 || has(l.P99) != c.p99 || has(l.P999) != c.p999 || has(l.Max) != (c.n > 0) {
			t.Errorf("%d values: %+v", c.n, l)
		}
	}
}

func TestSpreadOverRounds(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values           []float64
		n                int
		median, min, max float64
		text             string
	}{
		{[]float64{3, 1, 2}, 3, 2, 1, 3, "2.00 (1.00…3.00)"},
		{[]float64{4, 1, 2, 3}, 4, 2.5, 1, 4, "2.50 (1.00…4.00)"},
		{[]float64{nan, 7, nan}, 1, 7, 7, 7, "7.00"},
		{[]float64{5, 5}, 2, 5, 5, 5, "5.00"},
		{nil, 0, nan, nan, nan, "–"},
	} {
		s := Over(c.values)
		if s.N != c.n || !same(s.Median, c.median) || !same(s.Min, c.min) || !same(s.Max, c.max) || s.String() != c.text {
			t.Errorf("%v: %+v, %q", c.values, s, s)
		}
	}
}

func same(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) }

func TestRatiosPairRounds(t *testing.T) {
	got := Ratios([]float64{10, 6, 9, math.NaN(), 5}, []float64{5, 3, 0, 2})
	if len(got) != 2 || got[0] != 2 || got[1] != 2 {
		t.Errorf("%v", got)
	}
}

func TestThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.012345: "0.0123", 0.5: "0.500", 1: "1.00", 12.345: "12.3", 123.45: "123", 999.6: "1,000",
		1234.5: "1,230", 123456: "123,000", 1234567: "1,230,000", -4567: "-4,570", math.NaN(): "–",
	} {
		if got := Text(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
