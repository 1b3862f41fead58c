package controller

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/quorum"
)

func create(name string) *CreateTopics {
	return &CreateTopics{Topics: []NewTopic{{Name: name, Partitions: 1, ReplicationFactor: 1}}}
}

func TestNotActive(t *testing.T) {
	b := newBench(t)
	b.step(&LeadsNot{})
	r, ok := b.ask(create("t"))
	if !ok || r.Error != kafka.ErrNotController {
		t.Fatalf("answered %v %v", ok, r.Error)
	}
	r, ok = b.ask(&Heartbeat{Broker: 1})
	if !ok || r.Error != kafka.ErrNotController {
		t.Fatalf("a heartbeat is answered %v %v", ok, r.Error)
	}
}

// TestAnswersWaitForTheCommit: C4, for successes and for refusals.
func TestAnswersWaitForTheCommit(t *testing.T) {
	b := newBench(t)
	b.up(1)
	b.held = true
	if r, ok := b.ask(create("t")); ok {
		t.Fatalf("answered before the commit: %+v", r)
	}
	if r, ok := b.ask(create("t")); ok {
		t.Fatalf("refused because of what is not committed: %+v", r)
	}
	b.ask(create("u"))
	if n := len(b.out.Proposals); n != 1 {
		t.Fatalf("C3: %d proposals in flight", n)
	}
	b.held = false
	b.carryOut()
	got := [3]kafka.ErrorCode{}
	for i := range got {
		r := b.done[b.ref-2+kafka.Ref(i)]
		got[i] = r.Body.(*CreateTopicsResult).Topics[0].Error
	}
	if got != [3]kafka.ErrorCode{kafka.None, kafka.ErrTopicAlreadyExists, kafka.None} {
		t.Fatalf("answered %v", got)
	}
	if last := b.log[len(b.log)-1]; last.Seq != b.log[len(b.log)-2].Seq+1 || len(last.Records) == 0 {
		t.Fatalf("what was decided meanwhile is not one next batch: %+v", last)
	}
}

// TestRefusalAloneIsABarrier: a refusal with nothing to wait for waits for an
// empty batch, so that a deposed controller cannot give it.
func TestRefusalAloneIsABarrier(t *testing.T) {
	b := newBench(t)
	b.up(1)
	b.held = true
	if r, ok := b.ask(create("..")); ok {
		t.Fatalf("refused without asking the quorum: %+v", r)
	}
	if p := b.out.Proposals; len(p) != 1 || len(p[0].Entry.Records) != 0 {
		t.Fatalf("proposes %+v", p)
	}
	// Meanwhile another claims: the refusal was not this controller's to give.
	b.commit(quorum.Entry{Proposer: 2, Nonce: 3, Epoch: 2})
	b.carryOut()
	if r := b.done[b.ref]; r.Error != kafka.ErrNotController {
		t.Fatalf("answered %+v", r)
	}
}

// TestUnknownIsProposedAgain: same entry, same sequence, after a pause.
func TestUnknownIsProposedAgain(t *testing.T) {
	b := newBench(t)
	b.up(1)
	b.held = true
	b.ask(create("t"))
	first := b.out.Proposals[0]
	b.out.Proposals = nil
	b.step(&Unknown{Ref: first.Ref})
	b.step(&Tick{})
	if len(b.out.Proposals) != 0 {
		t.Fatal("proposed again at once")
	}
	b.now.Mono = b.now.Mono.Add(kafka.Second / 10)
	b.step(&Tick{})
	if len(b.out.Proposals) != 1 || b.out.Proposals[0].Entry.Seq != first.Entry.Seq || b.out.Proposals[0].Ref == first.Ref {
		t.Fatalf("proposed %+v", b.out.Proposals)
	}
	// Both commit: the second does not count, and nothing is answered twice.
	b.commit(first.Entry)
	b.commit(first.Entry)
	b.out.Proposals = nil
	b.carryOut()
	if r := b.done[b.ref]; r.Error != kafka.None || b.image().TopicCount() != 1 {
		t.Fatalf("answered %+v", r)
	}
}

// TestResignation: what was proposed may still commit and is answered by what
// becomes of it; what was not is refused at once.
func TestResignation(t *testing.T) {
	for _, fate := range []string{"commits", "voided", "times out", "in a snapshot", "snapshot of a newer term"} {
		t.Run(fate, func(t *testing.T) {
			b := newBench(t)
			b.up(1)
			b.held = true
			b.ref++
			b.step(&Command{Ref: b.ref, Deadline: b.now.Mono.Add(kafka.Second), Body: create("t")})
			inFlight := b.out.Proposals[0].Entry
			b.out.Proposals = nil
			b.ask(create("u"))
			b.step(&LeadsNot{})
			if r := b.done[b.ref]; r.Error != kafka.ErrNotController {
				t.Fatalf("what was never proposed is answered %+v", r)
			}
			if r, answered := b.done[b.ref-1]; answered {
				t.Fatalf("what is in flight is answered %+v", r)
			}
			want := kafka.None
			switch fate {
			case "commits":
				b.commit(inFlight)
			case "voided":
				b.commit(quorum.Entry{Proposer: 2, Nonce: 9, Epoch: 2})
				b.commit(inFlight)
				want = kafka.ErrNotController
			case "times out":
				b.now.Mono = b.now.Mono.Add(kafka.Second)
				b.m.Step(b.now, &Tick{}, &b.out)
				want = kafka.ErrRequestTimedOut
			case "in a snapshot":
				b.load(inFlight)
			case "snapshot of a newer term":
				b.load(inFlight, quorum.Entry{Proposer: 2, Nonce: 9, Epoch: 2})
				want = kafka.ErrRequestTimedOut
			}
			b.carryOut()
			if r, ok := b.done[b.ref-1]; !ok || r.Error != want {
				t.Fatalf("answered %v %+v, want %v", ok, r, want)
			}
			if exists := b.image().TopicByName("t") != nil; exists == (fate == "voided" || fate == "times out") {
				t.Fatalf("the topic exists: %v", exists)
			}
		})
	}
}

// load applies entries behind the controller's back and hands it the snapshot.
func (b *bench) load(entries ...quorum.Entry) {
	b.t.Helper()
	for i := range entries {
		b.index++
		b.state.Apply(b.index, &entries[i])
	}
	b.m.Step(b.now, &Loaded{Image: b.state.Image()}, &b.out)
}

// TestZombieController is M18: a controller that was stopped past its term
// changes nothing, whatever it still decides.
func TestZombieController(t *testing.T) {
	state := metadata.NewState()
	old, heir := newBench(t), newBench(t, func(c *Config) { c.Broker, c.Nonce = 2, 8 })
	old.state, heir.state = state, metadata.NewState()
	old.held, heir.held = true, true
	old.m, heir.m = New(old.m.cfg, state.Image()), New(heir.m.cfg, heir.state.Image())
	for _, b := range []*bench{old, heir} {
		b.out.Proposals, b.out.Results = nil, nil
	}
	// Both follow one log, but the zombie hears of it only when it is let.
	var log []quorum.Entry
	heard := 0
	hear := func() {
		for ; heard < len(log); heard++ {
			old.commit(log[heard])
		}
		old.carryOut()
	}
	grow := func(b *bench) {
		for len(b.out.Proposals) > 0 {
			e := b.out.Proposals[0].Entry
			b.out.Proposals = append(b.out.Proposals[:0], b.out.Proposals[1:]...)
			log = append(log, e)
			heir.commit(e)
			heir.carryOut()
			if b == old {
				hear()
			}
		}
	}
	old.step(&Leads{})
	grow(old)
	if !old.m.Active() {
		t.Fatal("the first controller is not active")
	}
	heir.step(&Leads{}) // the first is stopped here
	grow(heir)
	before := heir.state.Snapshot(nil)
	old.ask(&RegisterBroker{Broker: 1, Incarnation: life(1), Directory: dir(1), Listeners: []metadata.Listener{{Name: "P"}}})
	if len(old.out.Proposals) == 0 {
		t.Fatal("the zombie does not even try")
	}
	zombie := old.out.Proposals[0].Entry
	log = append(log, zombie)
	heir.commit(zombie)
	heir.carryOut()
	if heir.state.Image().Broker(1) != nil || len(before) == 0 {
		t.Fatal("the zombie's decision counted")
	}
	if !heir.m.Active() {
		t.Fatal("the zombie's batch disturbed its heir")
	}
	hear()
	if r := old.done[old.ref]; r.Error != kafka.ErrNotController || old.m.Active() {
		t.Fatalf("the zombie answers %+v and is active: %v", r, old.m.Active())
	}
}

// TestRivals: two that are told they lead claim in turn, until one is told no.
func TestRivals(t *testing.T) {
	b := newBench(t)
	b.commit(quorum.Entry{Proposer: 2, Nonce: 9, Epoch: 2})
	b.carryOut()
	if b.m.Active() {
		t.Fatal("active after a newer claim")
	}
	at, ok := b.m.Deadline()
	if !ok {
		t.Fatal("it is told that it leads, and will not claim again")
	}
	b.now.Mono = at
	b.step(&Tick{})
	if !b.m.Active() || b.m.Epoch() != 3 {
		t.Fatalf("active %v in epoch %d", b.m.Active(), b.m.Epoch())
	}
	b.commit(quorum.Entry{Proposer: 2, Nonce: 9, Epoch: 4})
	b.step(&LeadsNot{})
	if _, ok := b.m.Deadline(); ok {
		t.Fatal("it will claim although it is told that it does not lead")
	}
}

func TestPendingIsBounded(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Limits.MaxPending = 3 })
	b.up(1)
	b.held = true
	for i := range 3 {
		if r, ok := b.ask(create(string(rune('a' + i)))); ok {
			t.Fatalf("answered %+v", r)
		}
	}
	r, ok := b.ask(create("z"))
	if !ok || r.Error != kafka.ErrThrottlingQuotaExceeded {
		t.Fatalf("the fourth is answered %v %v", ok, r.Error)
	}
	b.held = false
	b.carryOut()
	if b.image().TopicCount() != 3 {
		t.Fatalf("%d topics", b.image().TopicCount())
	}
}

func TestBatchIsBounded(t *testing.T) {
	b := newBench(t, func(c *Config) { c.Limits.MaxBatchRecords = 10 })
	b.up(1)
	r, _ := b.ask(&CreateTopics{Topics: []NewTopic{{Name: "t", Partitions: 20, ReplicationFactor: 1}}})
	wantCode(t, "too much for one batch", r.Error, kafka.ErrPolicyViolation, r.Message)
	if b.image().TopicCount() != 0 {
		t.Fatal("and yet the topic exists")
	}
}
