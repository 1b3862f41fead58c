package sim

import (
	"math/bits"

	"trialog/core/kafka"
)

const million = 1_000_000

// Epoch is what a clock without an offset shows when a run begins, in
// nanoseconds since 1970: some day in 2026.
const Epoch = 1_790_000_000 * Second

// clock is what a host believes the time is. Both of its clocks run at
// (1 + ppm/10^6) times the virtual one, from the last change on.
type clock struct {
	since  int64 // virtual time of the last change
	mono   int64 // the monotonic clock then, ns
	wall   int64 // the wall clock then, ns since 1970
	ppm    int64
	frozen bool
}

// scale returns d * (10^6 + ppm) / 10^6 for d >= 0.
func scale(d, ppm int64) int64 {
	if ppm == 0 {
		return d
	}
	hi, lo := bits.Mul64(uint64(d), uint64(million+ppm))
	q, _ := bits.Div64(hi, lo, million)
	return int64(q)
}

// unscale returns the least d whose scale is at least s, for s >= 0.
func unscale(s, ppm int64) int64 {
	if ppm == 0 {
		return s
	}
	hi, lo := bits.Mul64(uint64(s), million)
	q, r := bits.Div64(hi, lo, uint64(million+ppm))
	if r != 0 {
		q++
	}
	return int64(q)
}

func (c *clock) elapsed(now int64) int64 {
	if c.frozen {
		return 0
	}
	return scale(now-c.since, c.ppm)
}

// now reads both clocks.
func (c *clock) now(virtual int64) kafka.Now {
	d := c.elapsed(virtual)
	return kafka.Now{Mono: kafka.Instant(c.mono + d), Wall: kafka.TimestampMs((c.wall + d) / Millisecond)}
}

// when is the virtual time at which the monotonic clock shows i; false while
// it stands still before that.
func (c *clock) when(i kafka.Instant) (int64, bool) {
	left := int64(i) - c.mono
	if left <= 0 {
		return c.since, true
	}
	if c.frozen {
		return 0, false
	}
	return c.since + unscale(left, c.ppm), true
}

// settle makes now the last change.
func (c *clock) settle(now int64) {
	d := c.elapsed(now)
	c.mono, c.wall, c.since = c.mono+d, c.wall+d, now
}

func (c *clock) setDrift(now, ppm int64) {
	c.settle(now)
	c.ppm = ppm
}

func (c *clock) step(now, ns int64) {
	c.settle(now)
	c.wall += ns
}

func (c *clock) freeze(now int64, frozen bool) {
	c.settle(now)
	c.frozen = frozen
}

// boot starts the monotonic clock anew, as a reboot does.
func (c *clock) boot(now, mono int64) {
	c.settle(now)
	c.mono = mono
}
