package group

import (
	"fmt"
	"slices"
	"testing"

	"trialog/core/batch"
	"trialog/core/coordinator"
	"trialog/core/kafka"
	"trialog/core/must"
)

// world is a machine with a log under it that may refuse appends, and that lets
// them count when it is told to.
type world struct {
	tb      testing.TB
	machine *Machine
	config  Config
	now     kafka.Now
	out     Effects
	watch   must.Watch
	log     []batch.View
	ends    []kafka.Offset
	end     kafka.Offset
	hw      kafka.Offset
	held    bool            // what is appended does not count by itself
	refuse  kafka.ErrorCode // appends are refused with it
	answers map[Ticket]Answer
	next    Ticket
	lives   uint64
	quick   bool // invariants are not checked after every Step
}

func testConfig() Config {
	return Config{
		InitialRebalanceDelay: 3 * kafka.Second, MinSessionTimeoutMs: 1000, MaxSessionTimeoutMs: 60_000, MaxSize: 100,
		CommitTimeout: 5 * kafka.Second, RetentionCheck: 10 * kafka.Second, RetentionMs: 60_000,
		ConsumerAssignors: []string{"uniform", "range"}, ConsumerHeartbeatIntervalMs: 5000, ConsumerMaxSize: 100, ConsumerSessionTimeoutMs: 45_000,
		ConsumerUpgrades: true, ConsumerDowngrades: true,
	}
}

func newWorld(tb testing.TB) *world {
	w := &world{tb: tb, config: testConfig(), now: kafka.Now{Mono: 1, Wall: 1_700_000_000_000}, answers: make(map[Ticket]Answer)}
	w.restart()
	return w
}

// restart builds a machine from what counts in the log; what does not is cut off.
func (w *world) restart() {
	w.lives++
	w.machine = New(&w.config, w.lives)
	w.out.Watch = &w.watch
	w.log = w.log[:slices.IndexFunc(append(slices.Clone(w.ends), w.hw+1), func(e kafka.Offset) bool { return e > w.hw })]
	w.ends = w.ends[:len(w.log)]
	w.end = w.hw
	p := coordinator.Replay{End: w.hw}
	for _, v := range w.log {
		if err := p.Feed(v, nil, 0, func(r *coordinator.Record) {
			if err := w.machine.Replay(r); err != nil {
				w.tb.Fatal(err)
			}
		}); err != nil {
			w.tb.Fatal(err)
		}
	}
	w.step(&Loaded{})
}

// step gives the machine an input and does what it asks for.
func (w *world) step(in Input) {
	w.tb.Helper()
	w.machine.Step(w.now, in, &w.out)
	for i := 0; i < len(w.out.Appends); i++ {
		if w.refuse != kafka.None {
			w.machine.Step(w.now, &Refused{Err: w.refuse}, &w.out)
			continue
		}
		v := stamped(w.out.Appends[i].Batch, w.end)
		w.end = v.NextOffset()
		w.log, w.ends = append(w.log, v), append(w.ends, w.end)
		w.machine.Step(w.now, &Appended{End: w.end}, &w.out)
	}
	w.collect()
	if !w.held {
		w.count()
	}
	if _, over := in.(*Closed); over || w.quick {
		return
	}
	if err := w.machine.Invariants(); err != nil {
		w.tb.Fatal(err)
	}
}

// count lets everything count that has been appended.
func (w *world) count() {
	w.tb.Helper()
	for w.hw < w.end {
		w.hw = w.end
		w.machine.Step(w.now, &Committed{HighWatermark: w.hw}, &w.out)
		for i := range w.out.Appends {
			v := stamped(w.out.Appends[i].Batch, w.end)
			w.end = v.NextOffset()
			w.log, w.ends = append(w.log, v), append(w.ends, w.end)
			w.machine.Step(w.now, &Appended{End: w.end}, &w.out)
		}
		w.collect()
	}
}

func stamped(v batch.View, base kafka.Offset) batch.View {
	out := append(batch.View(nil), v...)
	for i := range 8 {
		out[i] = byte(base >> (56 - 8*i))
	}
	return out
}

func (w *world) collect() {
	w.tb.Helper()
	for _, a := range w.out.Answers {
		if _, twice := w.answers[a.Ticket]; twice {
			w.tb.Fatalf("request %d is answered twice", a.Ticket)
		}
		w.answers[a.Ticket] = a
	}
	w.out.Reset()
}

// pass lets time go by, deadline by deadline.
func (w *world) pass(d kafka.Duration) {
	w.tb.Helper()
	for until := w.now.Mono.Add(d); ; {
		at, _ := w.machine.Deadline()
		if at = max(at, w.now.Mono); at > until {
			w.tick(until)
			return
		}
		w.tick(at)
		w.step(&Tick{})
	}
}

func (w *world) tick(at kafka.Instant) {
	w.now.Wall += kafka.TimestampMs(at.Sub(w.now.Mono) / kafka.Millisecond)
	w.now.Mono = at
}

func (w *world) ticket() Ticket { w.next++; return w.next }

// answer is what a request has been answered with.
func (w *world) answer(t Ticket) Answer {
	w.tb.Helper()
	a, there := w.answers[t]
	if !there {
		w.tb.Fatalf("request %d waits", t)
	}
	return a
}

func (w *world) join(id, instance string) Ticket {
	return w.joinSaying(id, instance, []byte{0, 1, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 0})
}

func (w *world) joinSaying(id, instance string, metadata []byte) Ticket {
	t := w.ticket()
	w.step(&Join{
		Ticket: t, Member: Member{Group: "g", ID: id, InstanceID: instance}, Client: Client{"c", "/h"},
		SessionTimeoutMs: 10_000, RebalanceTimeoutMs: 20_000, ProtocolType: "consumer", MaySkip: true,
		Protocols: []Protocol{{Name: "range", Metadata: metadata}},
	})
	return t
}

func (w *world) sync(id string, generation int32, all ...string) Ticket {
	in := &Sync{Ticket: w.ticket(), Member: Member{Group: "g", ID: id}, Generation: generation}
	for _, m := range all {
		in.Assignments = append(in.Assignments, Assignment{Member: m, Bytes: []byte("for " + m)})
	}
	w.step(in)
	return in.Ticket
}

func (w *world) beat(id string, generation int32) kafka.ErrorCode {
	t := w.ticket()
	w.step(&Heartbeat{Ticket: t, Member: Member{Group: "g", ID: id}, Generation: generation})
	return w.answer(t).Err
}

func (w *world) commit(id string, generation int32, offset kafka.Offset) Ticket {
	in := &Commit{Ticket: w.ticket(), Member: Member{Group: "g", ID: id}, Generation: generation, Version: 8}
	in.Offsets = []Committing{{Topic: "t", Partition: 3, Offset: Offset{Offset: offset, LeaderEpoch: 1, ExpiresAt: kafka.NoTimestamp, TopicID: kafka.TopicID{1}}}}
	w.step(in)
	return in.Ticket
}

func (w *world) committed() kafka.Offset {
	if o, there := w.machine.Committed("g", "t", 3); there {
		return o.Offset
	}
	return kafka.NoOffset
}

// settle has n members join and sync; it returns them, the leader first.
func (w *world) settle(n int) (ids []string, generation int32) {
	w.tb.Helper()
	var joins []Ticket
	for range n {
		joins = append(joins, w.join("", ""))
	}
	w.pass(10 * kafka.Second)
	for _, t := range joins {
		a := w.answer(t)
		if a.Err != kafka.None {
			w.tb.Fatal(a.Err)
		}
		ids, generation = append(ids, a.Joined.Member), a.Joined.Generation
	}
	leader := w.answer(joins[0]).Joined.Leader
	i := slices.Index(ids, leader)
	ids[0], ids[i] = ids[i], ids[0]
	for _, id := range ids[1:] {
		w.sync(id, generation)
	}
	w.sync(leader, generation, ids...)
	return ids, generation
}

func TestMembersShareAnAssignment(t *testing.T) {
	w := newWorld(t)
	ids, generation := w.settle(3)
	if generation != 1 {
		t.Errorf("the first generation is %d", generation)
	}
	for _, id := range ids {
		if s := w.answer(w.sync(id, generation)); s.Err != kafka.None || string(s.Synced.Assignment) != "for "+id {
			t.Errorf("%s: %v %q", id, s.Err, s.Synced.Assignment)
		}
		if code := w.beat(id, generation); code != kafka.None {
			t.Errorf("a heartbeat: %v", code)
		}
		if code := w.beat(id, generation-1); code != kafka.ErrIllegalGeneration {
			t.Errorf("a heartbeat of the last generation: %v", code)
		}
	}
	d, _ := w.machine.Describe("g")
	if d.State != "Stable" || d.Protocol != "range" || len(d.Members) != 3 {
		t.Errorf("%+v", d)
	}
}

// A coordinator that takes over finds the group as it was written, and whoever
// has not heard of the change goes on.
func TestGroupOutlivesItsCoordinator(t *testing.T) {
	w := newWorld(t)
	ids, generation := w.settle(3)
	w.commit(ids[1], generation, 42)
	w.restart()
	if w.committed() != 42 {
		t.Errorf("offset %d", w.committed())
	}
	for _, id := range ids {
		if code := w.beat(id, generation); code != kafka.None {
			t.Errorf("a heartbeat: %v", code)
		}
		if s := w.answer(w.sync(id, generation)); string(s.Synced.Assignment) != "for "+id {
			t.Errorf("%s: %q", id, s.Synced.Assignment)
		}
	}
	w.pass(11 * kafka.Second)
	if d, _ := w.machine.Describe("g"); d.State != "Empty" {
		t.Errorf("members that are silent stay: %+v", d)
	}
}

// What does not count is not told to anybody.
func TestAnswersWaitForTheLog(t *testing.T) {
	w := newWorld(t)
	ids, generation := w.settle(2)
	w.held = true
	c := w.commit(ids[0], generation, 7)
	if _, there := w.answers[c]; there || w.committed() != kafka.NoOffset {
		t.Error("a commit is answered, or shown, before it counts")
	}
	w.count()
	if w.answer(c).Err != kafka.None || w.committed() != 7 {
		t.Error("a commit that counts is not shown")
	}
	c = w.commit(ids[0], generation, 8)
	w.pass(5 * kafka.Second)
	if code := w.answer(c).Err; code != kafka.ErrCoordinatorNotAvailable || w.committed() != 7 {
		t.Errorf("a commit that does not count in time: %v", code)
	}
	c = w.commit(ids[0], generation, 9)
	w.step(&Closed{Err: kafka.ErrNotCoordinator})
	if code := w.answer(c).Err; code != kafka.ErrNotCoordinator {
		t.Errorf("a commit whose coordinator is gone: %v", code)
	}
	w.restart()
	if w.committed() != 7 {
		t.Errorf("after a failover: offset %d", w.committed())
	}
}

// An append that is refused changes nothing; one that takes too long has the
// members join anew.
func TestRefusedAppends(t *testing.T) {
	w := newWorld(t)
	ids, generation := w.settle(2)
	w.refuse = kafka.ErrNotEnoughReplicas
	if code := w.answer(w.commit(ids[0], generation, 7)).Err; code != kafka.ErrCoordinatorNotAvailable || w.committed() != kafka.NoOffset {
		t.Errorf("%v", code)
	}
	j0, j1 := w.join(ids[0], ""), w.join(ids[1], "")
	g := w.answer(j0).Joined.Generation
	w.answer(j1)
	if code := w.answer(w.sync(ids[0], g, ids...)).Err; code != kafka.ErrCoordinatorNotAvailable {
		t.Errorf("%v", code)
	}
	if d, _ := w.machine.Describe("g"); d.State != "PreparingRebalance" {
		t.Errorf("%+v", d)
	}
}

// Somebody whom the group has given up cannot commit over those who came after.
func TestZombiesAreRefused(t *testing.T) {
	w := newWorld(t)
	ids, generation := w.settle(2)
	for range 12 {
		w.pass(kafka.Second)
		w.beat(ids[0], generation)
	}
	j := w.join(ids[0], "")
	if a := w.answer(j); a.Joined.Generation != generation+1 || len(a.Joined.Members) != 1 {
		t.Fatalf("%+v", a)
	}
	if code := w.answer(w.commit(ids[1], generation, 99)).Err; code != kafka.ErrUnknownMemberID {
		t.Errorf("a member that is out: %v", code)
	}
	if code := w.answer(w.commit(ids[0], generation, 99)).Err; code != kafka.ErrIllegalGeneration {
		t.Errorf("a member of the last generation: %v", code)
	}
	if code := w.answer(w.commit(ids[0], generation+1, 99)).Err; code != kafka.ErrRebalanceInProgress {
		t.Errorf("a member without an assignment: %v", code)
	}
	if code := w.answer(w.commit("", -1, 99)).Err; code != kafka.ErrUnknownMemberID {
		t.Errorf("an administrator while the group is at work: %v", code)
	}
	if w.committed() != kafka.NoOffset {
		t.Errorf("offset %d", w.committed())
	}
}

// A static member comes back under another ID; nothing is rebalanced, and what
// it was before is fenced.
func TestStaticMembersReturn(t *testing.T) {
	w := newWorld(t)
	j := w.join("", "one")
	w.pass(4 * kafka.Second)
	old := w.answer(j).Joined
	w.sync(old.Member, old.Generation, old.Member)
	a := w.answer(w.join("", "one"))
	if a.Err != kafka.None || a.Joined.Generation != old.Generation || a.Joined.Member == old.Member || !a.Joined.SkipAssignment {
		t.Fatalf("%+v", a)
	}
	h := w.ticket()
	w.step(&Heartbeat{Ticket: h, Member: Member{Group: "g", ID: old.Member, InstanceID: "one"}, Generation: old.Generation})
	if code := w.answer(h).Err; code != kafka.ErrFencedInstanceID {
		t.Errorf("its predecessor: %v", code)
	}
	w.restart()
	if code := w.beat(a.Joined.Member, old.Generation); code != kafka.None {
		t.Errorf("after a failover: %v", code)
	}
}

// A cooperative member that is to give something up joins anew when it has. One that
// dies before leaves a partition that nobody has, of which its successor knows nothing.
func TestStaticMemberOwesAJoin(t *testing.T) {
	partition := func(index byte) []byte { return []byte{0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, index} }
	for given, rebalances := range map[byte]bool{4: false, 5: true} {
		w := newWorld(t)
		j := w.joinSaying("", "one", append([]byte{0, 1, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 0}, partition(4)...))
		w.pass(4 * kafka.Second)
		old := w.answer(j).Joined
		w.step(&Sync{Ticket: w.ticket(), Member: Member{Group: "g", ID: old.Member}, Generation: old.Generation, Assignments: []Assignment{
			{Member: old.Member, Bytes: append([]byte{0, 1}, partition(given)...)},
		}})
		a := w.answer(w.join("", "one"))
		if a.Err != kafka.None || (a.Joined.Generation != old.Generation) != rebalances {
			t.Errorf("who had 4 and was given %d: %+v after generation %d", given, a.Joined, old.Generation)
		}
	}
}

// Offsets age from when their group becomes empty, whatever the clock did while
// it was not, and those of no group from their commit.
func TestOffsetsExpire(t *testing.T) {
	w := newWorld(t)
	ids, generation := w.settle(1)
	w.commit(ids[0], generation, 5)
	for range 90 {
		w.pass(kafka.Second)
		w.beat(ids[0], generation)
	}
	if w.committed() != 5 {
		t.Fatal("an offset of a group at work has expired")
	}
	w.step(&Leave{Ticket: w.ticket(), Group: "g", Members: []Leaver{{ID: ids[0]}}})
	w.pass(59 * kafka.Second)
	if w.committed() != 5 {
		t.Fatal("an offset has expired before its time")
	}
	w.restart()
	w.pass(21 * kafka.Second)
	if w.committed() != kafka.NoOffset {
		t.Error("an offset outlives its time")
	}
	if _, there := w.machine.Describe("g"); there {
		t.Error("a group of nothing is kept")
	}
	w.commit("", -1, 6)
	w.pass(59 * kafka.Second)
	if w.committed() != 6 {
		t.Error("an offset of no group has expired before its time")
	}
	w.pass(21 * kafka.Second)
	if w.committed() != kafka.NoOffset || len(w.machine.groups) != 0 {
		t.Error("an offset of no group outlives its time")
	}
}

// However many groups there are, no Step looks at all of them.
func TestNoStepLooksAtAllGroups(t *testing.T) {
	w := newWorld(t)
	w.quick = true
	const groups = 20_000
	for i := range groups {
		c := &Commit{Ticket: w.ticket(), Member: Member{Group: fmt.Sprint("g", i)}, Generation: -1}
		c.Offsets = []Committing{{Topic: "t", Offset: Offset{Offset: 5, ExpiresAt: kafka.NoTimestamp, TopicID: kafka.TopicID{1}}}}
		w.step(c)
	}
	w.restart()
	count := func() (n int) {
		_, _, n = w.machine.Count()
		return n
	}
	w.step(&TopicGone{Topic: "t", ID: kafka.TopicID{1}})
	for left := groups; left > 0; {
		at, _ := w.machine.Deadline()
		w.now.Mono = max(w.now.Mono, at)
		w.step(&Tick{})
		if now := count(); now == left || left-now > sweepOffsets {
			t.Fatalf("of %d, %d are left after one Tick", left, now)
		} else {
			left = now
		}
	}
	for range 2 * groups / sweepOffsets * 2 {
		w.pass(w.config.RetentionCheck)
	}
	if n := len(w.machine.sweep.ring) - w.machine.sweep.first; n > 0 || len(w.machine.groups) > 0 {
		t.Errorf("%d groups are still in the ring, %d are known", n, len(w.machine.groups))
	}
}

func TestOffsetsGoWithTheirTopic(t *testing.T) {
	w := newWorld(t)
	w.commit("", -1, 6)
	w.step(&TopicGone{Topic: "t", ID: kafka.TopicID{2}})
	w.pass(kafka.Second)
	if w.committed() != 6 {
		t.Error("another topic of that name took its offsets along")
	}
	w.step(&TopicGone{Topic: "t", ID: kafka.TopicID{1}})
	w.pass(kafka.Second)
	if w.committed() != kafka.NoOffset {
		t.Error("an offset outlives its topic")
	}
}

// Whatever happens in whatever order, every request is answered once or waits,
// the invariants hold, and what counts is what replay of the log makes of it.
func TestAnyOrderOfEvents(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { anyOrder(t, seed) })
	}
}

func anyOrder(t *testing.T, seed uint64) {
	w := newWorld(t)
	rand := kafka.NewRand(seed)
	draw := func(n int) int { return int(rand.Uint64() % uint64(n)) }
	ids := []string{"", "stranger"}
	generation := int32(0)
	pick := func() string { return ids[draw(len(ids))] }
	for range 300 {
		w.held = draw(3) == 0
		w.refuse = kafka.None
		if draw(12) == 0 {
			w.refuse = kafka.ErrNotEnoughReplicas
		}
		switch draw(12) {
		case 0, 1, 2:
			w.join(pick(), []string{"", "", "i", "j"}[draw(4)])
		case 3, 4:
			id := pick()
			w.sync(id, generation, ids...)
		case 5:
			w.beat(pick(), generation)
		case 6, 7:
			w.commit(pick(), generation-int32(draw(3)), kafka.Offset(draw(1000)))
		case 8:
			w.step(&Leave{Ticket: w.ticket(), Group: "g", Members: []Leaver{{ID: pick()}}})
		case 9:
			w.pass(kafka.Duration(draw(8000)) * kafka.Millisecond)
		case 10:
			switch draw(4) {
			case 0:
				w.step(&Delete{Ticket: w.ticket(), Group: "g"})
			case 1:
				w.step(&DeleteOffsets{Ticket: w.ticket(), Group: "g", Partitions: []TopicPartition{{"t", 3}}})
			case 2:
				w.step(&TopicGone{Topic: "t", ID: kafka.TopicID{1}})
			case 3:
				w.commit("", -1, kafka.Offset(draw(1000)))
			}
		case 11:
			if draw(5) == 0 {
				w.step(&Closed{Err: kafka.ErrNotCoordinator})
				w.restart()
			}
		}
		if g := w.machine.groups["g"]; g != nil {
			generation = g.generation
			for _, one := range g.members {
				if !slices.Contains(ids, one.id) {
					ids = append(ids, one.id)
				}
			}
		}
		w.replayed()
	}
}

// replayed compares what counts with what another machine makes of the log.
func (w *world) replayed() {
	w.tb.Helper()
	other := New(&w.config, 7)
	p := coordinator.Replay{End: w.hw}
	for _, v := range w.log {
		if err := p.Feed(v, nil, 0, func(r *coordinator.Record) { _ = other.Replay(r) }); err != nil {
			w.tb.Fatal(err)
		}
	}
	if name, same := w.machine.SameCommitted(other); !same {
		w.tb.Fatalf("of %q replay makes something else", name)
	}
}

// Nobody is told what is committed by a coordinator that does not know whether
// it still is one: a question waits for a record that is written after it.
func TestQuestionsWaitForTheLog(t *testing.T) {
	w := newWorld(t)
	w.held = true
	ask := func() Ticket {
		t := w.ticket()
		w.step(&Confirm{Ticket: t})
		return t
	}
	first, second := ask(), ask()
	if len(w.answers) != 0 {
		t.Fatal("a question is answered at once")
	}
	w.hw = w.end
	w.step(&Committed{HighWatermark: w.hw})
	if w.answer(first).Err != kafka.None || len(w.answers) != 1 {
		t.Fatal("a question is answered by a record that was written before it came")
	}
	w.count()
	if w.answer(second).Err != kafka.None {
		t.Fatal("a question is not answered")
	}
	third := ask()
	w.step(&Closed{Err: kafka.ErrNotCoordinator})
	if w.answer(third).Err != kafka.ErrNotCoordinator {
		t.Fatal("a coordinator that is gone answers")
	}
	w.restart()
	if w.machine.List(func(g *Listed) { t.Errorf("%+v", g) }); len(w.machine.groups) != 0 {
		t.Error("the records are taken for groups")
	}
}
