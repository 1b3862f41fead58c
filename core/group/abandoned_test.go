package group

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/must"
)

func (w *world) abandon(t Ticket) {
	w.tb.Helper()
	w.step(&Abandoned{Ticket: t, Group: "g"})
}

// A client that does not know its ID comes again as somebody else. Who it was
// must not hold up the others, neither in the join phase nor in the next.
func TestNamelessMemberGoesWithItsConnection(t *testing.T) {
	w := newWorld(t)
	ids, generation := w.settle(2)
	first := w.join("", "")
	for _, id := range ids {
		if code := w.beat(id, generation); code != kafka.ErrRebalanceInProgress {
			t.Fatalf("a heartbeat: %v", code)
		}
	}
	w.abandon(first)
	if code := w.answer(first).Err; code != kafka.ErrUnknownMemberID {
		t.Errorf("who has gone is answered %v", code)
	}
	second := w.join("", "")
	again := []Ticket{w.join(ids[0], ""), w.join(ids[1], ""), second}
	for _, ticket := range again {
		if a := w.answer(ticket); a.Err != kafka.None || a.Joined.Generation != generation+1 {
			t.Errorf("generation %d begins with %v, %d", generation+1, a.Err, a.Joined.Generation)
		}
	}
	if d, _ := w.machine.Describe("g"); len(d.Members) != 3 {
		t.Errorf("%d members of three", len(d.Members))
	}
	if w.watch.Probes[must.NamelessMemberGone] != 1 {
		t.Error("nobody has gone")
	}
	w.abandon(second)
	if d, _ := w.machine.Describe("g"); len(d.Members) != 3 {
		t.Error("who has been answered goes with its connection")
	}
}

// Who knows its ID, or its instance, may come again under it.
func TestNamedMemberOutlivesItsConnection(t *testing.T) {
	w := newWorld(t)
	w.settle(1)
	static := w.join("", "instance")
	required := w.ticket()
	in := &Join{
		Ticket: required, Member: Member{Group: "g"}, SessionTimeoutMs: 10_000, RebalanceTimeoutMs: 20_000, ProtocolType: "consumer",
		Protocols: []Protocol{{Name: "range", Metadata: []byte{0, 1, 0, 0, 0, 0, 0, 0, 0, 0}}}, RequireMemberID: true,
	}
	w.step(in)
	in.Ticket, in.Member.ID = w.ticket(), w.answer(required).Joined.Member
	w.step(in)
	w.abandon(static)
	w.abandon(in.Ticket)
	if d, _ := w.machine.Describe("g"); len(d.Members) != 3 {
		t.Errorf("%d members of three", len(d.Members))
	}
}

// A group in which nobody is left is forgotten as if nobody had come.
func TestNamelessFirstMember(t *testing.T) {
	w := newWorld(t)
	first := w.join("", "")
	w.abandon(first)
	w.pass(10 * kafka.Second)
	if a := w.answer(w.joinAfter(3 * kafka.Second)); a.Err != kafka.None {
		t.Errorf("who comes next: %v", a.Err)
	}
}

// joinAfter joins and lets the join phase end.
func (w *world) joinAfter(d kafka.Duration) Ticket {
	t := w.join("", "")
	w.pass(d)
	return t
}

// Who has been told its ID, if only by the answer to its first Join, is a member
// like the others when its group goes over to the consumer protocol; who has not
// will come again as somebody else.
func TestNamelessMemberWhenItsGroupGoesOver(t *testing.T) {
	for _, told := range []bool{false, true} {
		w := newWorld(t)
		shelf := newShelf("t")
		join := func() Ticket {
			in := &Join{
				Ticket: w.ticket(), Member: Member{Group: "g"}, SessionTimeoutMs: 10_000, RebalanceTimeoutMs: 20_000, ProtocolType: "consumer",
				Protocols: []Protocol{{Name: "range", Metadata: newSpeaker(w, shelf, "t").metadata()}},
			}
			w.step(in)
			return in.Ticket
		}
		first := join()
		w.pass(3 * kafka.Second)
		if a := w.answer(first); a.Err != kafka.None {
			t.Fatalf("it joins: %v", a.Err)
		}
		if !told {
			join()
		}
		in := &ConsumerHeartbeat{
			Ticket: w.ticket(), Member: Member{Group: "g", ID: "new"}, RebalanceTimeoutMs: 20_000, Topics: []string{"t"}, HasTopics: true, HasOwned: true, Known: shelf,
		}
		w.step(in)
		if a := w.answer(in.Ticket); a.Err != kafka.None {
			t.Fatalf("the group does not go over: %v %s", a.Err, a.Text)
		}
		if d, _ := w.machine.DescribeConsumer("g"); len(d.Members) != 2 {
			t.Errorf("told its ID: %v; %d members of two", told, len(d.Members))
		}
	}
}
