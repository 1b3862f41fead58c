package sim

import (
	"testing"

	"pgregory.net/rapid"

	"trialog/core/kafka"
)

func TestHeapOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		last := event{}
		for range rapid.IntRange(1, 300).Draw(t, "n") {
			if !q.empty() && rapid.IntRange(0, 2).Draw(t, "pop") == 0 {
				last = q.pop()
				continue
			}
			q.push(event{at: last.at + rapid.Int64Range(0, 5).Draw(t, "in")})
		}
		for !q.empty() {
			e := q.pop()
			if e.before(&last) && e.at < last.at {
				t.Fatalf("%v after %v", e, last)
			}
			last = e
		}
	})
}

// Events of equal time come in the order in which they were scheduled.
func TestHeapIsStable(t *testing.T) {
	var q queue
	for i := range uint64(100) {
		q.push(event{at: int64(i % 3), a: i})
	}
	last := event{}
	for !q.empty() {
		e := q.pop()
		if e.at == last.at && e.a < last.a || e.at < last.at {
			t.Fatalf("%v after %v", e, last)
		}
		last = e
	}
}

// What is hastened comes as much sooner, and everything else as before.
func TestHeapHastens(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		now, times := int64(50), map[uint64]int64{}
		for i := range uint64(rapid.IntRange(1, 200).Draw(t, "n")) {
			e := event{at: rapid.Int64Range(40, 200).Draw(t, "at"), a: i, b: rapid.Uint64Range(0, 80).Draw(t, "by")}
			q.push(e)
			times[i] = e.at
			if e.at > now {
				times[i] = max(e.at-int64(e.b), now)
			}
		}
		q.hasten(now, func(e *event) int64 { return int64(e.b) })
		last := event{}
		for !q.empty() {
			e := q.pop()
			if e.before(&last) {
				t.Fatalf("%v after %v", e, last)
			}
			if last = e; e.at != times[e.a] {
				t.Fatalf("%v, want it at %d", e, times[e.a])
			}
			delete(times, e.a)
		}
		if len(times) > 0 {
			t.Fatalf("lost: %v", times)
		}
	})
}

// A timer set for what the clock will show fires when, and not before, it shows it.
func TestClockWhenIsTheInverseOfNow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := clock{mono: rapid.Int64Range(0, 1<<50).Draw(t, "mono"), wall: 1_700_000_000 * Second}
		now := int64(0)
		for range rapid.IntRange(0, 5).Draw(t, "changes") {
			now += rapid.Int64Range(0, 100*Second).Draw(t, "in")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				c.setDrift(now, rapid.Int64Range(-300_000, 300_000).Draw(t, "ppm"))
			case 1:
				c.step(now, rapid.Int64Range(-Minute, Minute).Draw(t, "by"))
			case 2:
				c.freeze(now, true)
				now += rapid.Int64Range(0, 10*Second).Draw(t, "frozen")
				c.freeze(now, false)
			}
		}
		target := int64(c.now(now).Mono) + 1 + rapid.Int64Range(0, 1000*Second).Draw(t, "ahead")
		at, ok := c.when(kafka.Instant(target))
		if !ok {
			t.Fatal("never")
		}
		if int64(c.now(at).Mono) < target {
			t.Fatalf("fires at %d, when the clock shows %d, before %d", at, c.now(at).Mono, target)
		}
		if at > now && int64(c.now(at-1).Mono) >= target {
			t.Fatal("fires later than it could")
		}
	})
}

func TestFrozenClockNeverComes(t *testing.T) {
	c := clock{mono: 5}
	c.freeze(100, true)
	if _, ok := c.when(kafka.Instant(106)); ok {
		t.Fatal("a frozen clock goes on")
	}
	if n := c.now(500); int64(n.Mono) != 105 {
		t.Fatalf("%d", n.Mono)
	}
	c.freeze(500, false)
	if at, ok := c.when(kafka.Instant(106)); !ok || at != 501 {
		t.Fatalf("%d %v", at, ok)
	}
}
