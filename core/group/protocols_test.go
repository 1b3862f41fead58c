package group

import (
	"testing"

	"trialog/core/kafka"
)

func (w *world) joinWith(protocols ...Protocol) Ticket {
	t := w.ticket()
	w.step(&Join{
		Ticket: t, Member: Member{Group: "g"}, SessionTimeoutMs: 10_000, RebalanceTimeoutMs: 20_000, ProtocolType: "consumer", Protocols: protocols,
	})
	w.pass(3 * kafka.Second)
	return t
}

// A member that names a protocol twice supports it once: the group that it is
// alone in has that protocol.
func TestProtocolNamedTwice(t *testing.T) {
	w := newWorld(t)
	a := w.answer(w.joinWith(Protocol{Name: "range"}, Protocol{Name: "range"}))
	if a.Err != kafka.None || a.Joined.Protocol != "range" {
		t.Errorf("joined with %v, protocol %q", a.Err, a.Joined.Protocol)
	}
}

// A group whose protocol has no name would have none.
func TestProtocolWithoutName(t *testing.T) {
	w := newWorld(t)
	for _, protocols := range [][]Protocol{{{}}, {{Name: "range"}, {}}} {
		if a := w.answer(w.joinWith(protocols...)); a.Err != kafka.ErrInconsistentGroupProtocol {
			t.Errorf("%d protocols, one without a name: %v", len(protocols), a.Err)
		}
	}
	if a := w.answer(w.joinWith(Protocol{Name: "range"})); a.Err != kafka.None {
		t.Errorf("who comes next: %v", a.Err)
	}
}
