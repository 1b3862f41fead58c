package group

import (
	"fmt"
	"slices"
	"testing"

	"trialog/core/kafka"
)

// shelf is the topics of a cluster.
type shelf struct {
	partitions map[string]int32
	version    uint64
}

func newShelf(topics ...string) *shelf {
	s := &shelf{partitions: make(map[string]int32)}
	for _, t := range topics {
		s.set(t, 6)
	}
	return s
}

// set gives a topic so many partitions; 0 deletes it.
func (s *shelf) set(topic string, partitions int32) {
	s.version++
	if s.partitions[topic] = partitions; partitions == 0 {
		delete(s.partitions, topic)
	}
}

func topicID(name string) (id kafka.TopicID) {
	copy(id[:], name)
	return id
}

func (s *shelf) Find(name string) (kafka.TopicID, int32, bool) {
	n, there := s.partitions[name]
	return topicID(name), n, there
}

func (s *shelf) Name(id kafka.TopicID) (string, bool) {
	for name := range s.partitions {
		if topicID(name) == id {
			return name, true
		}
	}
	return "", false
}

func (s *shelf) Each(visit func(string) bool) {
	names := make([]string, 0, len(s.partitions))
	for name := range s.partitions {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if !visit(name) {
			return
		}
	}
}

func (s *shelf) Version() uint64 { return s.version }

// actor is a member of the consumer protocol as its client has it.
type actor struct {
	w        *world
	shelf    *shelf
	id       string
	instance string
	topics   []string
	regex    string
	assignor string
	epoch    int32
	owned    Partitions
	full     bool // it says everything, as it does not know what was heard
}

func newActor(w *world, s *shelf, id string, topics ...string) *actor {
	return &actor{w: w, shelf: s, id: id, topics: topics}
}

// say makes the next heartbeat.
func (a *actor) say() *ConsumerHeartbeat {
	in := &ConsumerHeartbeat{
		Ticket: a.w.ticket(), Member: Member{Group: "g", ID: a.id, InstanceID: a.instance}, Client: Client{"c", "/h"},
		Epoch: a.epoch, RebalanceTimeoutMs: -1, Known: a.shelf, NamesItself: true,
		Owned: a.owned, HasOwned: true,
	}
	if a.epoch == 0 || a.full {
		in.RebalanceTimeoutMs, in.Topics, in.HasTopics = 30_000, a.topics, true
		in.Regex, in.HasRegex, in.Assignor = a.regex, a.regex != "", a.assignor
	}
	return in
}

// hear takes an answer up.
func (a *actor) hear(answer *Answer) {
	switch answer.Err {
	case kafka.None:
	case kafka.ErrFencedMemberEpoch, kafka.ErrUnknownMemberID, kafka.ErrGroupIDNotFound:
		a.epoch, a.owned = 0, nil
		return
	default:
		a.full = true
		return
	}
	a.full = false
	a.epoch = answer.Beaten.Epoch
	if answer.Beaten.HasAssigned {
		a.owned = answer.Beaten.Assigned
	}
}

// beat sends a heartbeat and hears the answer.
func (a *actor) beat() Answer {
	a.w.tb.Helper()
	in := a.say()
	a.w.step(in)
	answer := a.w.answer(in.Ticket)
	a.hear(&answer)
	return answer
}

func (a *actor) leave(epoch int32) Answer {
	in := a.say()
	in.Epoch = epoch
	a.w.step(in)
	a.epoch, a.owned = 0, nil
	return a.w.answer(in.Ticket)
}

// rounds has everybody beat so many times.
func rounds(n int, all ...*actor) {
	for range n {
		for _, a := range all {
			a.beat()
		}
	}
}

func sizes(all ...*actor) (n []int) {
	for _, a := range all {
		n = append(n, len(a.owned))
	}
	return n
}

func TestMembersShareWithoutABarrier(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	a, b, c := newActor(w, s, "a", "t"), newActor(w, s, "b", "t"), newActor(w, s, "c", "t")
	if answer := a.beat(); answer.Beaten.Epoch != 2 || len(a.owned) != 6 || answer.Beaten.IntervalMs != 5000 {
		t.Fatalf("%+v", answer)
	}
	if b.beat(); b.epoch != 3 || len(b.owned) != 0 {
		t.Fatalf("what another has is given away: %d %v", b.epoch, b.owned)
	}
	if a.beat(); a.epoch != 2 || len(a.owned) != 3 {
		t.Fatalf("%d %v", a.epoch, a.owned)
	}
	if d, _ := w.machine.DescribeConsumer("g"); d.State != "Reconciling" {
		t.Errorf("%+v", d)
	}
	if b.beat(); len(b.owned) != 0 {
		t.Fatal("what is to be revoked is given away before it is")
	}
	a.beat()
	if b.beat(); a.epoch != 3 || len(b.owned) != 3 {
		t.Fatalf("%d %v", a.epoch, b.owned)
	}
	rounds(1, c)
	rounds(3, a, b, c)
	if n := sizes(a, b, c); !slices.Equal(n, []int{2, 2, 2}) {
		t.Fatal(n)
	}
	s.set("t", 9)
	rounds(3, a, b, c)
	if n := sizes(a, b, c); !slices.Equal(n, []int{3, 3, 3}) {
		t.Fatal(n)
	}
	b.leave(epochLeave)
	rounds(3, a, c)
	if d, _ := w.machine.DescribeConsumer("g"); d.State != "Stable" || len(d.Members) != 2 || !slices.Equal(sizes(a, c), []int{5, 4}) {
		t.Fatalf("%+v", d)
	}
}

// A coordinator that takes over knows the members, their epochs and what they have.
func TestConsumersOutliveTheirCoordinator(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	a, b := newActor(w, s, "a", "t"), newActor(w, s, "b", "t")
	rounds(4, a, b)
	epoch, owned := a.epoch, a.owned
	w.restart()
	if answer := a.beat(); answer.Err != kafka.None || a.epoch != epoch || !slices.Equal(a.owned, owned) {
		t.Fatalf("%+v", answer)
	}
	for range 11 {
		w.pass(4 * kafka.Second)
		a.beat()
	}
	w.pass(2 * kafka.Second)
	if a.beat(); len(a.owned) != 6 {
		t.Fatalf("a member that is silent keeps what it has: %v", a.owned)
	}
	if answer := b.beat(); answer.Err != kafka.ErrUnknownMemberID {
		t.Fatal(answer.Err)
	}
}

// Whoever has not seen the answer that raised its epoch says the old one again,
// and is answered again; anybody else in it is fenced.
func TestLostAnswers(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	a, b := newActor(w, s, "a", "t"), newActor(w, s, "b", "t")
	a.beat()
	b.beat()
	a.beat() // is to give up three
	w.step(a.say())
	a.full = true
	if answer := a.beat(); answer.Err != kafka.None || a.epoch != 3 || len(a.owned) != 3 {
		t.Fatalf("%+v", answer)
	}
	b.beat()
	zombie := *b
	zombie.epoch = 1
	if answer := zombie.beat(); answer.Err != kafka.ErrFencedMemberEpoch {
		t.Fatal(answer.Err)
	}
	ahead := *b
	ahead.epoch = 9
	if answer := ahead.beat(); answer.Err != kafka.ErrFencedMemberEpoch {
		t.Fatal(answer.Err)
	}
	b.epoch, b.owned = 0, nil
	if answer := b.beat(); answer.Err != kafka.None || len(b.owned) != 3 {
		t.Fatalf("a member joins again: %+v", answer)
	}
}

// A member that keeps what it is to give up is put out after its rebalance timeout.
func TestRevocationTimesOut(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	a, b := newActor(w, s, "a", "t"), newActor(w, s, "b", "t")
	a.beat()
	b.beat()
	had := a.owned
	a.beat()
	for range 7 {
		w.pass(4 * kafka.Second)
		in := a.say()
		in.Owned = had
		w.step(in)
		if b.beat(); len(b.owned) > 0 {
			t.Fatal("given away before it was given up")
		}
	}
	w.pass(3 * kafka.Second)
	if b.beat(); len(b.owned) != 6 {
		t.Fatalf("%v", b.owned)
	}
	if answer := a.beat(); answer.Err != kafka.ErrUnknownMemberID {
		t.Fatal(answer.Err)
	}
}

func TestStaticConsumers(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	a, b := newActor(w, s, "a", "t"), newActor(w, s, "b", "t")
	a.instance, b.instance = "ia", "ib"
	rounds(4, a, b)
	epoch, owned := a.epoch, a.owned
	again := newActor(w, s, "a2", "t")
	again.instance = "ia"
	if answer := again.beat(); answer.Err != kafka.ErrUnreleasedInstanceID {
		t.Fatal(answer.Err)
	}
	if answer := a.leave(epochLeaveStatic); answer.Err != kafka.None || answer.Beaten.Epoch != epochLeaveStatic {
		t.Fatalf("%+v", answer)
	}
	w.restart()
	again.epoch = 0
	if answer := again.beat(); answer.Err != kafka.None || again.epoch != epoch || !slices.Equal(again.owned, owned) {
		t.Fatalf("%+v", answer)
	}
	a.epoch = epoch
	if answer := a.beat(); answer.Err != kafka.ErrFencedInstanceID {
		t.Fatal(answer.Err)
	}
	again.leave(epochLeaveStatic)
	for range 12 {
		w.pass(4 * kafka.Second)
		b.beat()
	}
	if rounds(2, b); len(b.owned) != 6 {
		t.Fatalf("whoever does not come back keeps its place: %v", b.owned)
	}
}

func TestCommitsNameTheEpoch(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	a, b := newActor(w, s, "a", "t"), newActor(w, s, "b", "t")
	rounds(4, a, b)
	commit := func(id string, epoch int32, version int16) kafka.ErrorCode {
		in := &Commit{Ticket: w.ticket(), Member: Member{Group: "g", ID: id}, Generation: epoch, Version: version}
		in.Offsets = []Committing{{Topic: "t", Partition: 3, Offset: Offset{Offset: 7, ExpiresAt: kafka.NoTimestamp}}}
		w.step(in)
		said := w.answer(in.Ticket)
		if len(said.Codes) > 0 {
			return said.Codes[0]
		}
		return said.Err
	}
	for _, c := range []struct {
		id      string
		epoch   int32
		version int16
		want    kafka.ErrorCode
	}{
		{"a", a.epoch, 9, kafka.None}, {"a", a.epoch - 1, 9, kafka.ErrStaleMemberEpoch}, {"a", a.epoch + 1, 9, kafka.ErrStaleMemberEpoch},
		{"x", a.epoch, 9, kafka.ErrUnknownMemberID}, {"", -1, 9, kafka.ErrUnknownMemberID}, {"a", a.epoch, 8, kafka.ErrUnsupportedVersion},
	} {
		if code := commit(c.id, c.epoch, c.version); code != c.want {
			t.Errorf("%+v: %v", c, code)
		}
	}
	if code := w.machine.MayFetch("g", "a", a.epoch-1); code != kafka.ErrStaleMemberEpoch {
		t.Error(code)
	}
	a.leave(epochLeave)
	b.leave(epochLeave)
	if code := commit("", -1, 9); code != kafka.None {
		t.Errorf("nobody is in the group: %v", code)
	}
	w.pass(50 * kafka.Second)
	if w.committed() != 7 {
		t.Error("an offset is gone before its time")
	}
	w.pass(40 * kafka.Second)
	if _, there := w.machine.DescribeConsumer("g"); there || w.committed() != kafka.NoOffset {
		t.Error("an empty group stays for ever")
	}
}

// An empty group goes from one protocol to the other and keeps its offsets.
func TestGroupsConvert(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	ids, generation := w.settle(1)
	w.commit(ids[0], generation, 42)
	a := newActor(w, s, "a", "t")
	w.config.ConsumerUpgrades = false
	w.machine.Configure(&w.config)
	if answer := a.beat(); answer.Err != kafka.ErrGroupIDNotFound {
		t.Fatal(answer.Err)
	}
	in := &Leave{Ticket: w.ticket(), Group: "g", Members: []Leaver{{ID: ids[0]}}}
	w.step(in)
	if answer := a.beat(); answer.Err != kafka.None || w.committed() != 42 || len(a.owned) != 6 {
		t.Fatalf("%+v", answer)
	}
	if _, there := w.machine.Describe("g"); there {
		t.Error("it is of both protocols")
	}
	stranger := &Join{Ticket: w.ticket(), Member: Member{Group: "g"}, SessionTimeoutMs: 10_000, ProtocolType: "connect", Protocols: []Protocol{{Name: "p"}}}
	if w.step(stranger); w.answer(stranger.Ticket).Err != kafka.ErrInconsistentGroupProtocol {
		t.Error("a member of another protocol type comes")
	}
	w.restart()
	a.leave(epochLeave)
	epoch := w.machine.written.groups["g"].consumer.epoch.Epoch
	if _, next := w.settle(1); next <= epoch || epoch <= generation {
		t.Errorf("generation %d, then epoch %d, then generation %d", generation, epoch, next)
	}
	if d, _ := w.machine.Describe("g"); d.State != "Stable" || w.committed() != 42 {
		t.Errorf("%+v", d)
	}
}

func TestExpressionsFindTopics(t *testing.T) {
	w, s := newWorld(t), newShelf("orders-1", "orders-2", "stock")
	a := newActor(w, s, "a")
	a.regex = "orders-.*"
	if a.beat(); len(a.owned) != 12 {
		t.Fatalf("%v", a.owned)
	}
	s.set("orders-3", 2)
	if a.beat(); len(a.owned) != 14 {
		t.Fatalf("%v", a.owned)
	}
	w.restart()
	s.set("orders-1", 0)
	rounds(2, a)
	if len(a.owned) != 8 {
		t.Fatalf("%v", a.owned)
	}
	b := newActor(w, s, "b")
	b.regex = "(orders"
	if answer := b.beat(); answer.Err != kafka.ErrInvalidRegularExpression {
		t.Fatal(answer.Err)
	}
	a.leave(epochLeave)
	if k := w.machine.consumerOf("g"); len(k.regexes) > 0 {
		t.Error("nobody subscribes and the log still has it")
	}
}

func TestHeartbeatsThatAreRefused(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	w.config.ConsumerMaxSize = 1
	w.machine.Configure(&w.config)
	newActor(w, s, "a", "t").beat()
	for name, c := range map[string]struct {
		change func(*ConsumerHeartbeat)
		want   kafka.ErrorCode
	}{
		"full":         {func(*ConsumerHeartbeat) {}, kafka.ErrGroupMaxSizeReached},
		"nameless":     {func(in *ConsumerHeartbeat) { in.ID = "" }, kafka.ErrInvalidRequest},
		"epoch":        {func(in *ConsumerHeartbeat) { in.Epoch = -3 }, kafka.ErrInvalidRequest},
		"no instance":  {func(in *ConsumerHeartbeat) { in.Epoch = -2 }, kafka.ErrInvalidRequest},
		"no timeout":   {func(in *ConsumerHeartbeat) { in.RebalanceTimeoutMs = -1 }, kafka.ErrInvalidRequest},
		"no topics":    {func(in *ConsumerHeartbeat) { in.HasTopics = false }, kafka.ErrInvalidRequest},
		"owns":         {func(in *ConsumerHeartbeat) { in.Owned = Partitions{{}} }, kafka.ErrInvalidRequest},
		"assignor":     {func(in *ConsumerHeartbeat) { in.Assignor = "magic" }, kafka.ErrUnsupportedAssignor},
		"no group":     {func(in *ConsumerHeartbeat) { in.Group, in.Epoch = "h", 1 }, kafka.ErrGroupIDNotFound},
		"not a member": {func(in *ConsumerHeartbeat) { in.Epoch = 1 }, kafka.ErrUnknownMemberID},
		"has not been": {func(in *ConsumerHeartbeat) { in.Epoch = -1 }, kafka.ErrUnknownMemberID},
	} {
		in := newActor(w, s, "b", "t").say()
		c.change(in)
		w.step(in)
		if answer := w.answer(in.Ticket); answer.Err != c.want {
			t.Errorf("%s: %v %s", name, answer.Err, answer.Text)
		}
	}
}

// What a member does all the time costs no memory.
func TestConsumerHeartbeatAllocatesNothing(t *testing.T) {
	w, s := newWorld(t), newShelf("t")
	a := newActor(w, s, "a", "t")
	rounds(2, a)
	in := a.say()
	in.Owned, in.HasOwned = nil, false
	if n := testing.AllocsPerRun(100, func() {
		w.machine.Step(w.now, in, &w.out)
		w.out.Reset()
	}); n > 0 {
		t.Errorf("%v allocations per heartbeat", n)
	}
}

// BenchmarkConsumerJoin measures a join to a group of so many, with the targets
// that it makes.
func BenchmarkConsumerJoin(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, s := newWorld(b), newShelf("t")
			w.quick, w.config.ConsumerMaxSize = true, 1<<20
			w.machine.Configure(&w.config)
			s.set("t", int32(2*n))
			for i := range n {
				newActor(w, s, fmt.Sprint("m", i), "t").beat()
			}
			for b.Loop() {
				a := newActor(w, s, "x", "t")
				a.beat()
				a.leave(epochLeave)
				clear(w.answers)
			}
		})
	}
}
