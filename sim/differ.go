package sim

import "bytes"

// Difference is where two runs that should be equal part.
type Difference struct {
	// Event is the number of the first differing one, counted from 0.
	Event uint64
	// A and B are the lines of both runs up to that event, a few before it
	// included.
	A, B string
}

// before is how many lines stand before the first that differs.
const before = 5

// FirstDifference carries out what fresh configures twice, and, if the two runs
// differ, tells where first. fresh is called for each run, since applications
// have state.
func FirstDifference(fresh func() Config) (Difference, bool) {
	a, b := recorded(fresh()), recorded(fresh())
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	if at == len(a) && at == len(b) {
		return Difference{}, false
	}
	d := Difference{Event: uint64(at)}
	d.A, d.B = told(fresh(), d.Event), told(fresh(), d.Event)
	return d, true
}

func recorded(c Config) []Record {
	c.Record = true
	return New(c).Run().Records
}

// told carries a run out once more for the words up to an event.
func told(c Config, event uint64) string {
	var text bytes.Buffer
	c.Trace, c.TraceFrom, c.TraceTo = &text, event-min(event, before), max(event, 1)
	w := New(c)
	for w.trace.count <= event && w.Step() {
	}
	w.leave()
	return text.String()
}
