package model_test

import (
	"encoding/json"
	"strings"
	"testing"

	"trialog/core/kafka"
	"trialog/core/quorum/model"
)

// The traces below are written as a recorder writes them. e(1) and so on are
// entries; each trace goes wrong, if it does, in its last line.
var literal = []struct{ name, rule, trace string }{
	{"a quorum of two nodes", "", `
		{"kind":"up","node":0}
		{"kind":"up","node":1}
		{"kind":"leads","node":0}
		{"kind":"leads","node":1}
		{"kind":"propose","node":0,"ref":1,"nonce":1,"epoch":1}
		{"kind":"propose","node":1,"ref":1,"proposer":1,"nonce":1,"epoch":1}
		{"kind":"committed","node":1,"index":3,"nonce":1,"epoch":1}
		{"kind":"committed","node":1,"index":7,"ref":1,"proposer":1,"nonce":1,"epoch":1}
		{"kind":"committed","node":0,"index":3,"ref":1,"nonce":1,"epoch":1}
		{"kind":"down","node":1}
		{"kind":"up","node":1}
		{"kind":"snapshot","node":1,"index":3,"state":"a"}
		{"kind":"committed","node":1,"index":7,"proposer":1,"nonce":1,"epoch":1}
		{"kind":"committed","node":0,"index":7,"proposer":1,"nonce":1,"epoch":1}
		{"kind":"state","node":1,"index":3,"state":"a"}
		{"kind":"quiet","node":-1}`},
	{"Unknown, then committed, twice, out of order, under an old epoch", "", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1,"records":"a"}
		{"kind":"propose","node":0,"ref":2,"epoch":2}
		{"kind":"unknown","node":0,"ref":1}
		{"kind":"committed","node":0,"index":1,"ref":2,"epoch":2}
		{"kind":"committed","node":0,"index":2,"ref":1,"epoch":1,"seq":1,"records":"a"}
		{"kind":"committed","node":0,"index":9,"ref":1,"epoch":1,"seq":1,"records":"a"}
		{"kind":"leads-not","node":0}`},
	{"two entries at one index", "Q1", `
		{"kind":"up","node":0}
		{"kind":"up","node":1}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"propose","node":0,"ref":2,"epoch":1,"seq":2}
		{"kind":"committed","node":0,"index":1,"ref":1,"epoch":1,"seq":1}
		{"kind":"committed","node":1,"index":1,"epoch":1,"seq":2}`},
	{"another entry at an index after a restart", "Q1", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"propose","node":0,"ref":2,"epoch":1,"seq":2}
		{"kind":"committed","node":0,"index":1,"ref":1,"epoch":1,"seq":1}
		{"kind":"down","node":0}
		{"kind":"up","node":0}
		{"kind":"committed","node":0,"index":1,"epoch":1,"seq":2}`},
	{"an index again", "Q2", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"committed","node":0,"index":1,"ref":1,"epoch":1,"seq":1}
		{"kind":"committed","node":0,"index":1,"ref":1,"epoch":1,"seq":1}`},
	{"an entry left out in the middle", "Q2", `
		{"kind":"up","node":0}
		{"kind":"up","node":1}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"propose","node":0,"ref":2,"epoch":1,"seq":2}
		{"kind":"propose","node":0,"ref":3,"epoch":1,"seq":3}
		{"kind":"committed","node":0,"index":1,"ref":1,"epoch":1,"seq":1}
		{"kind":"committed","node":0,"index":2,"ref":2,"epoch":1,"seq":2}
		{"kind":"committed","node":1,"index":1,"epoch":1,"seq":1}
		{"kind":"committed","node":1,"index":3,"epoch":1,"seq":3}`},
	{"an entry left out at the start, known only later", "Q2", `
		{"kind":"up","node":0}
		{"kind":"up","node":1}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"propose","node":0,"ref":2,"epoch":1,"seq":2}
		{"kind":"committed","node":1,"index":2,"epoch":1,"seq":2}
		{"kind":"committed","node":0,"index":1,"ref":1,"epoch":1,"seq":1}`},
	{"a snapshot of the past", "Q2", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"committed","node":0,"index":5,"ref":1,"epoch":1,"seq":1}
		{"kind":"snapshot","node":0,"index":4,"state":"a"}`},
	{"an entry after a snapshot that has it", "Q2", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"snapshot","node":0,"index":5,"state":"a"}
		{"kind":"committed","node":0,"index":5,"ref":1,"epoch":1,"seq":1}`},
	{"an entry that nobody proposed", "Q3", `
		{"kind":"up","node":0}
		{"kind":"committed","node":0,"index":1,"epoch":1,"seq":1}`},
	{"records that nobody proposed", "Q3", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1,"records":"a"}
		{"kind":"committed","node":0,"index":1,"epoch":1,"seq":1,"records":"b"}`},
	{"an entry lost by everybody's crash", "Q4", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"committed","node":0,"index":1,"ref":1,"epoch":1,"seq":1}
		{"kind":"down","node":0}
		{"kind":"up","node":0}
		{"kind":"quiet","node":-1}`},
	{"two states at one index", "Q5", `
		{"kind":"up","node":0}
		{"kind":"up","node":1}
		{"kind":"snapshot","node":0,"index":4,"state":"a"}
		{"kind":"snapshot","node":1,"index":4,"state":"b"}`},
	{"a reference of the life before", "Q6", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"down","node":0}
		{"kind":"up","node":0}
		{"kind":"committed","node":0,"index":1,"ref":1,"epoch":1,"seq":1}`},
	{"a reference with another's entry", "Q6", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"propose","node":0,"ref":2,"epoch":1,"seq":2}
		{"kind":"committed","node":0,"index":1,"ref":2,"epoch":1,"seq":1}`},
	{"Unknown of nothing", "Q6", `
		{"kind":"up","node":0}
		{"kind":"unknown","node":0,"ref":1}`},
	{"Unknown after Committed", "", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"committed","node":0,"index":1,"ref":1,"epoch":1,"seq":1}
		{"kind":"unknown","node":0,"ref":1}`},
	{"Unknown twice", "Q7", `
		{"kind":"up","node":0}
		{"kind":"propose","node":0,"ref":1,"epoch":1,"seq":1}
		{"kind":"unknown","node":0,"ref":1}
		{"kind":"unknown","node":0,"ref":1}`},
	{"a replica that comes, votes and replaces a founder", "", `
		{"kind":"up","node":0}
		{"kind":"members","node":0,"version":1,"members":"1+"}
		{"kind":"reconfigure","node":0,"version":1,"step":1,"replica":2}
		{"kind":"members","node":0,"version":4,"members":"1+ 2"}
		{"kind":"reconfigure","node":0,"version":4,"step":2,"replica":2}
		{"kind":"reconfigure","node":0,"version":6,"step":3,"replica":1}
		{"kind":"members","node":0,"version":8,"members":"2+"}`},
	{"two memberships of one version", "Q9", `
		{"kind":"up","node":0}
		{"kind":"up","node":1}
		{"kind":"reconfigure","node":0,"version":1,"step":1,"replica":2}
		{"kind":"members","node":0,"version":1,"members":"1+"}
		{"kind":"members","node":1,"version":1,"members":"1+ 2"}`},
	{"an old membership", "Q9", `
		{"kind":"up","node":0}
		{"kind":"members","node":0,"version":3,"members":"1+"}
		{"kind":"members","node":0,"version":2,"members":"1+"}`},
	{"a replica that nobody asked for", "Q9", `
		{"kind":"up","node":0}
		{"kind":"members","node":0,"version":1,"members":"1+"}
		{"kind":"members","node":0,"version":2,"members":"1+ 2"}`},
	{"a vote that nobody asked for", "Q9", `
		{"kind":"up","node":0}
		{"kind":"members","node":0,"version":1,"members":"1+"}
		{"kind":"reconfigure","node":0,"version":1,"step":1,"replica":2}
		{"kind":"members","node":0,"version":2,"members":"1+ 2+"}`},
	{"a founder that goes unasked", "Q9", `
		{"kind":"up","node":0}
		{"kind":"members","node":0,"version":1,"members":"1+ 2+"}
		{"kind":"members","node":0,"version":2,"members":"1+"}`},
	{"a hint for a node that is down", "Q8", `
		{"kind":"up","node":0}
		{"kind":"down","node":0}
		{"kind":"leads","node":0}`},
}

func TestAccepts(t *testing.T) {
	for _, c := range literal {
		t.Run(c.name, func(t *testing.T) {
			trace := parse(t, c.trace)
			line := len(trace) - 1
			if c.name == "an entry left out at the start, known only later" {
				line--
			}
			wantRule(t, trace, c.rule, line)
		})
	}
}

func parse(t *testing.T, lines string) (trace []model.TraceEvent) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSpace(lines)) {
		var e model.TraceEvent
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		trace = append(trace, e)
	}
	return trace
}

// TestAcceptsNoticesDamage damages good traces in ways that an engine might.
func TestAcceptsNoticesDamage(t *testing.T) {
	damage := map[string]func(trace []model.TraceEvent, at int) ([]model.TraceEvent, bool){
		"an entry is left out": func(trace []model.TraceEvent, at int) ([]model.TraceEvent, bool) {
			// Only what another delivery of the same index reveals can be noticed.
			return append(trace[:at:at], trace[at+1:]...), seenElsewhere(trace, at) && goesOnAfter(trace, at)
		},
		"an entry comes twice": func(trace []model.TraceEvent, at int) ([]model.TraceEvent, bool) {
			return append(trace[:at+1:at+1], trace[at:]...), true
		},
		"an entry's records change": func(trace []model.TraceEvent, at int) ([]model.TraceEvent, bool) {
			trace[at].Records += "x"
			return trace, true
		},
		"a reference comes to the wrong life": func(trace []model.TraceEvent, at int) ([]model.TraceEvent, bool) {
			trace[at].Ref = 1 << 40
			return trace, true
		},
	}
	l := newLab(4, 3, 7, odd())
	busy(l, kafka.NewRand(3), 200)
	if err := model.Accepts(l.trace); err != nil {
		t.Fatal(err)
	}
	for name, do := range damage { //order: the cases are independent
		tried := 0
		for at := range l.trace {
			if l.trace[at].Kind != model.KindCommitted {
				continue
			}
			trace, noticeable := do(append([]model.TraceEvent(nil), l.trace...), at)
			if !noticeable {
				continue
			}
			tried++
			if model.Accepts(trace) == nil {
				t.Fatalf("%s at %d, and nobody notices: %+v", name, at, l.trace[at])
			}
		}
		if tried < 20 {
			t.Errorf("%s: tried %d times only", name, tried)
		}
	}
}

func seenElsewhere(trace []model.TraceEvent, at int) bool {
	for i := range trace {
		if i != at && trace[i].Kind == model.KindCommitted && trace[i].Index == trace[at].Index {
			return true
		}
	}
	return false
}

// goesOnAfter tells whether the same incarnation is told of a later entry
// before anything replaces its state.
func goesOnAfter(trace []model.TraceEvent, at int) bool {
	for i := at + 1; i < len(trace); i++ {
		if trace[i].Node != trace[at].Node {
			continue
		}
		switch trace[i].Kind {
		case model.KindCommitted:
			return true
		case model.KindDown, model.KindSnapshot:
			return false
		}
	}
	return false
}
