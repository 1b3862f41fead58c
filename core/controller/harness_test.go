package controller

import (
	"fmt"
	"testing"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/quorum"
)

// bench is one controller on a quorum that commits at once, unless held.
type bench struct {
	t     testing.TB
	m     *Machine
	state *metadata.State
	now   kafka.Now
	out   Effects
	watch must.Watch
	index uint64
	ref   kafka.Ref
	held  bool
	log   []quorum.Entry
	done  map[kafka.Ref]Result
}

func newBench(t testing.TB, change ...func(*Config)) *bench {
	t.Helper()
	cfg := Config{Broker: 1, Nonce: 7, Seed: 42, Limits: DefaultLimits(), Features: []metadata.FeatureLevel{{Name: "metadata.version", Level: 30}}}
	for _, c := range change {
		c(&cfg)
	}
	b := &bench{t: t, state: metadata.NewState(), done: map[kafka.Ref]Result{}}
	b.watch.Fatal = true
	b.out.Watch = &b.watch
	b.m = New(cfg, b.state.Image())
	b.now.Mono = 1
	b.step(&Leads{})
	return b
}

// step feeds one input and everything that comes of it.
func (b *bench) step(in Input) {
	b.t.Helper()
	b.m.Step(b.now, in, &b.out)
	b.carryOut()
}

func (b *bench) carryOut() {
	b.t.Helper()
	for {
		if err := b.m.Invariants(); err != nil {
			b.t.Fatal(err)
		}
		for _, r := range b.out.Results {
			if _, twice := b.done[r.Ref]; twice {
				b.t.Fatalf("C6: command %d answered twice", r.Ref)
			}
			b.done[r.Ref] = r
		}
		b.out.Results = b.out.Results[:0]
		if b.held || len(b.out.Proposals) == 0 {
			return
		}
		e := b.out.Proposals[0].Entry
		b.out.Proposals = append(b.out.Proposals[:0], b.out.Proposals[1:]...)
		b.commit(e)
	}
}

// commit delivers an entry to the controller.
func (b *bench) commit(e quorum.Entry) {
	b.t.Helper()
	b.index += 2
	b.log = append(b.log, e)
	_, accepted := b.state.Apply(b.index, &e)
	b.m.Step(b.now, &Applied{Entry: &e, Accepted: accepted, Image: b.state.Image()}, &b.out)
}

// ask gives a command and returns its answer, if there is one yet.
func (b *bench) ask(body Body) (Result, bool) {
	b.t.Helper()
	b.ref++
	b.step(&Command{Ref: b.ref, Body: body})
	r, ok := b.done[b.ref]
	return r, ok
}

// must gives a command that has to succeed as a whole.
func (b *bench) must(body Body) ResultBody {
	b.t.Helper()
	r, ok := b.ask(body)
	if !ok || r.Error != kafka.None {
		b.t.Fatalf("%T: answered %v, %v %s", body, ok, r.Error, r.Message)
	}
	return r.Body
}

func (b *bench) image() *metadata.Image { return b.state.Image() }

func dir(n int) (d kafka.DirectoryID)          { d[0] = byte(n); return d }
func life(n int) (i kafka.IncarnationID)       { i[15] = byte(n); return i }
func ids(n ...kafka.BrokerID) []kafka.BrokerID { return n }
func text(s string) *string                    { return &s }

// register registers a broker's next life and returns its epoch.
func (b *bench) register(id kafka.BrokerID, incarnation, directory int, previous kafka.BrokerEpoch) kafka.BrokerEpoch {
	b.t.Helper()
	r := b.must(&RegisterBroker{
		Broker: id, Incarnation: life(incarnation), Directory: dir(directory), Previous: previous,
		Listeners: []metadata.Listener{{Name: "PLAINTEXT", Host: "h", Port: 9092}},
	}).(*RegisterBrokerResult)
	return r.Epoch
}

// beat sends a heartbeat of a broker that has applied everything.
func (b *bench) beat(id kafka.BrokerID) *HeartbeatResult {
	b.t.Helper()
	return b.must(&Heartbeat{Broker: id, Epoch: b.image().Broker(id).Epoch, AppliedIndex: b.image().Index()}).(*HeartbeatResult)
}

// up registers and unfences brokers, each on the directory of its number.
func (b *bench) up(brokers ...kafka.BrokerID) {
	b.t.Helper()
	for _, id := range brokers {
		b.register(id, 100+int(id), int(id), kafka.NoBrokerEpoch)
		b.beat(id)
		if b.image().Broker(id).Fenced {
			b.t.Fatalf("broker %d is still fenced", id)
		}
	}
}

// create creates a topic by hand and returns it.
func (b *bench) create(name string, replicas []kafka.BrokerID, configs ...NewConfig) *metadata.TopicImage {
	b.t.Helper()
	r := b.must(&CreateTopics{Topics: []NewTopic{{
		Name: name, Partitions: -1, ReplicationFactor: -1,
		Assignments: []Assignment{{Partition: 0, Replicas: replicas}}, Configs: configs,
	}}}).(*CreateTopicsResult).Topics[0]
	if r.Error != kafka.None {
		b.t.Fatalf("create %s: %v %s", name, r.Error, r.Message)
	}
	return b.image().Topic(r.ID)
}

// shape writes a partition down: leader@epoch ISR ELR last.
func (b *bench) shape(name string) string {
	p := b.image().TopicByName(name).Partitions.At(0)
	s := fmt.Sprintf("%d@%d isr%v elr%v last%v", p.Leader, p.LeaderEpoch, p.ISR, p.ELR, p.LastKnownELR)
	if p.Recovery == metadata.Recovering {
		s += " recovering"
	}
	return s
}

func (b *bench) wantShape(name, want string) {
	b.t.Helper()
	if got := b.shape(name); got != want {
		b.t.Fatalf("%s is %s, want %s", name, got, want)
	}
}

// silence lets brokers miss their sessions while the others go on.
func (b *bench) silence(alive ...kafka.BrokerID) {
	b.t.Helper()
	for range 40 {
		b.now.Mono = b.now.Mono.Add(250 * kafka.Millisecond)
		b.step(&Tick{})
		for _, id := range alive {
			b.beat(id)
		}
	}
}

func wantCode(t *testing.T, what string, got, want kafka.ErrorCode, message string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: answered %v (%s), want %v", what, got, message, want)
	}
}
