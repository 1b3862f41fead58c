package sim

import (
	"testing"

	"trialog/sim/choice"
)

// quiet is a world of five seconds of age that no fault has struck.
func quiet(seed uint64) *World {
	w := fakeRun(Config{Seed: seed, Phases: Phases{Warmup: Minute, Faults: 1, Heal: 1}}, fakeApps(2))
	for w.now < 5*Second && w.Step() {
	}
	return w
}

func TestMessagesOfAConnectionKeepTheirOrder(t *testing.T) {
	w := quiet(1)
	c := w.net.live[0]
	for i := range int32(50) {
		w.travel(c, acceptor, message{kind: msgBytes, correlationID: i}, 0)
	}
	last := int64(0)
	for i := range int32(50) {
		m := c.ends[acceptor].pop()
		if m.correlationID != i || m.at < last {
			t.Fatalf("message %d at %d after %d", m.correlationID, m.at, last)
		}
		last = m.at
	}
}

func TestACutLinkHoldsMessagesUntilItIsMended(t *testing.T) {
	w := quiet(2)
	c := w.net.live[0]
	from, to := c.ends[acceptor].host, c.ends[initiator].host
	w.cutLink(from, to, 1)
	held := w.net.connections[c.id]
	for w.now < 6*Second && w.Step() {
	}
	if held == c && !c.ends[initiator].empty() && c.ends[initiator].heard > 5*Second+100*Millisecond {
		t.Fatal("something passed a cut link")
	}
	before := c.ends[initiator].heard
	w.cutLink(from, to, -1)
	for w.now < 12*Second && w.Step() {
	}
	if w.net.connections[c.id] == c && c.ends[initiator].heard == before {
		t.Fatal("nothing passes a mended link")
	}
}

// A host that lost its power says nothing: whoever talks to it finds out by
// waiting, or by the reset that it sends once it is back.
func TestSilenceAfterAPowerCut(t *testing.T) {
	w := quiet(3)
	h := w.hosts[1]
	var c *connection
	for _, o := range w.net.live {
		if o.ends[acceptor].host == h && o.ends[initiator].open {
			c = o
		}
	}
	if c == nil {
		t.Fatal("nobody talks to broker1")
	}
	id := c.id
	w.crash(h, true, "")
	h.restartAt = 0
	for w.now < 6*Second && w.Step() {
		if h.running {
			t.Fatal("the host is up")
		}
	}
	if w.net.connections[id] != c || !c.ends[initiator].open {
		t.Fatal("the peer was told of a power cut")
	}
	w.restart(h, w.now)
	for w.now < 20*Second && w.Step() {
	}
	if w.net.connections[id] == c && c.ends[initiator].open {
		t.Fatal("the peer never found out")
	}
}

func TestRetiredConnectionsAreForgotten(t *testing.T) {
	w := fakeRun(Config{Seed: 4, Faults: everyFault()}, fakeApps(6))
	w.Run()
	open := 0
	for _, c := range w.net.connections {
		if c != nil {
			open++
		}
	}
	if open != len(w.net.live) || open > 40 {
		t.Fatalf("%d connections, %d live, of %d", open, len(w.net.live), len(w.net.connections))
	}
}

// Overriding the draws that let faults strike takes the faults out of the run.
func TestTapeTakesFaultsOut(t *testing.T) {
	config := Config{Seed: 6, Faults: everyFault(), Record: true}
	r := fakeRun(config, fakeApps(3)).Run()
	var struck int
	for _, n := range r.Faults {
		struck += n
	}
	if struck < 5 {
		t.Fatalf("only %d faults", struck)
	}
	for _, o := range r.Choices {
		if o.Site == choice.FaultFire {
			o.Value = 0
			config.Tape = append(config.Tape, o)
		}
	}
	calm := fakeRun(config, fakeApps(3)).Run()
	if calm.Faults != [FaultKindCount]int{} || len(calm.Unused) != 0 {
		t.Fatalf("faults %v, unused %v", calm.Faults, calm.Unused)
	}
}
