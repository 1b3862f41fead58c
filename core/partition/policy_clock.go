package partition

import (
	"errors"
	"fmt"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// PolicyClock is the time by which records are deleted for their age. It is the
// wall clock as far as the monotonic one bears it out: a wall clock that is set
// forward makes everything look old, and what was deleted by it does not come
// back when it is set right (KAFKA-14991 and KIP-937 guard against the clocks of
// producers only).
//
//   - It follows a wall clock that goes back at once: less is deleted then.
//   - It goes on with the monotonic clock, and faster than that by a thousandth,
//     which is what an oscillator may be off.
//   - A wall clock that is ahead of it by more than Limits.ClockSlack is believed
//     once it has stood so for Limits.ClockGrace.
//
// Over restarts it goes on from what NoteTime has kept; a node that was down for
// longer than ClockSlack waits ClockGrace before it believes the new time. Where
// nothing was kept, because the disk is another than before or has rotted, there
// is nothing to compare the wall clock with: see Doubt.
type PolicyClock struct {
	begun bool
	kept  bool // begun from what an earlier incarnation had kept
	mono  kafka.Instant
	nanos int64 // the time believed at mono, since 1970
	// suspect: the wall clock is too far ahead, by gap, since then.
	suspect bool
	since   kafka.Instant
	gap     int64
}

// drift is one part in so many by which the policy clock may outrun the monotonic one.
const drift = 1000

// Begin starts the clock anew from what was kept, NoTimestamp when nothing was.
func (c *PolicyClock) Begin(now kafka.Now, kept kafka.TimestampMs, limits *Limits) {
	*c = PolicyClock{begun: true, kept: kept != kafka.NoTimestamp, mono: now.Mono, nanos: nanosOf(now.Wall)}
	if kept != kafka.NoTimestamp && now.Wall > kept+limits.slackMs() {
		c.nanos = nanosOf(kept)
		c.suspect, c.since, c.gap = true, now.Mono, nanosOf(now.Wall)-c.nanos
	}
}

// Doubt says that records may be in this broker's care which are older than the
// clock's knowledge of the time. A clock that goes on from what was kept is left
// as it is; any other takes nothing for old until the wall clock has stood for
// Limits.ClockGrace. It tells whether it does that.
func (c *PolicyClock) Doubt(now kafka.Now) bool {
	if c.kept {
		return false
	}
	c.kept, c.mono, c.nanos = true, now.Mono, 0
	c.suspect, c.since, c.gap = true, now.Mono, nanosOf(now.Wall)
	return true
}

// Now is the time to judge ages by. stepped says that the wall clock has just
// been found ahead of what the monotonic clock bears out.
func (c *PolicyClock) Now(now kafka.Now, limits *Limits) (at kafka.TimestampMs, stepped bool) {
	if !c.begun {
		c.Begin(now, kafka.NoTimestamp, limits)
	}
	elapsed := int64(now.Mono.Sub(c.mono))
	c.mono = now.Mono
	c.nanos += elapsed
	gap := nanosOf(now.Wall) - c.nanos
	switch {
	case gap <= elapsed/drift:
		c.nanos += gap
		c.suspect = false
		return c.wall(), false
	case gap <= int64(limits.ClockSlack):
		c.nanos += elapsed / drift
		c.suspect = false
		return c.wall(), false
	}
	c.nanos += elapsed / drift
	if !c.suspect || gap > c.gap+int64(limits.ClockSlack) {
		c.suspect, c.since, stepped = true, now.Mono, true
	}
	c.gap = gap
	if now.Mono.Sub(c.since) >= limits.ClockGrace {
		c.nanos, c.suspect = nanosOf(now.Wall), false
	}
	return c.wall(), stepped
}

// Suspect tells that the wall clock is ahead of what is believed.
func (c *PolicyClock) Suspect() bool { return c.suspect }

func (c *PolicyClock) wall() kafka.TimestampMs {
	return kafka.TimestampMs(c.nanos / int64(kafka.Millisecond))
}

func nanosOf(t kafka.TimestampMs) int64 { return int64(t) * int64(kafka.Millisecond) }

func (l *Limits) slackMs() kafka.TimestampMs {
	return kafka.TimestampMs(l.ClockSlack / kafka.Millisecond)
}

// NoteTimeArgs starts NoteTime.
type NoteTimeArgs struct{ Time kafka.TimestampMs }

// NoteTime is the job that keeps the policy clock's time for the next
// incarnation. The result is its args.
func NoteTime(fs disk.FS, args any) (any, error) {
	a := args.(*NoteTimeArgs)
	return a, replaceFile(fs, clockFile, fmt.Appendf(nil, "version=1\ntime=%d\n", int64(a.Time)))
}

// keptTime reads what NoteTime has written; NoTimestamp when there is nothing.
// A file that rot has taken says nothing either.
func keptTime(fs disk.FS) (kafka.TimestampMs, error) {
	b, err := readFile(fs, clockFile)
	if errors.Is(err, disk.ErrNotExist) {
		return kafka.NoTimestamp, nil
	}
	var ms int64
	if n, bad := fmt.Sscanf(string(b), "version=1\ntime=%d\n", &ms); n != 1 || bad != nil || ms < 0 {
		return kafka.NoTimestamp, err
	}
	return kafka.TimestampMs(ms), err
}
