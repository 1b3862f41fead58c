package controller_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/quorum"
	"trialog/core/quorum/model"
)

// cluster is N brokers with a controller each, on one model quorum in which
// everything goes wrong that may.
type cluster struct {
	fail  func(format string, args ...any)
	now   kafka.Instant
	model *model.Model
	watch must.Watch
	rand  kafka.Rand
	nodes []*member
	ref   kafka.Ref

	images  map[uint64][]byte // what the image at an index was, wherever first seen
	holders map[kafka.ControllerEpoch]quorum.Applier
	topics  map[string]*topicStory
	blocks  []kafka.ProducerID
}

// member is one incarnation of a broker.
type member struct {
	id      kafka.BrokerID
	up      bool
	life    uint64
	state   *metadata.State
	machine *controller.Machine
	out     controller.Effects
	watch   must.Watch
	asked   map[kafka.Ref]controller.Body
	epoch   kafka.BrokerEpoch // as registered, 0 when it is not
	beatAt  kafka.Instant
	beating bool
}

// topicStory is what the askers know of one topic name, each asked for once.
type topicStory struct {
	created, deleted outcome
	id               kafka.TopicID
}

type outcome int

const (
	notAsked outcome = iota
	unknown
	acked
	refused // it has had, and will have, no effect
)

type fold struct{ state *metadata.State }

func (f fold) Apply(index uint64, e *quorum.Entry) { f.state.Apply(index, e) }
func (f fold) Snapshot(dst []byte) []byte          { return f.state.Snapshot(dst) }

func oddQuorum() model.Limits {
	ms := kafka.Millisecond
	return model.Limits{
		CommitMin: ms, CommitSpread: 5 * ms, ApplyMin: ms, ApplySpread: 5 * ms,
		ElectionMin: 20 * ms, ElectionSpread: 50 * ms, TellMin: ms, TellSpread: 5 * ms,
		ProposeTimeout: 100 * ms, LateSpread: 400 * ms, LongLag: 300 * ms, LongAbsence: 500 * ms,
		SnapshotEvery: 10, IdleEvery: 100 * ms,
		OddDrop: 16, OddTwice: 8, OddUnknown: 12, OddReorder: 8, OddGap: 3, OddLongLag: 20,
		OddMove: 30, OddIdleMove: 12, OddLongAbsence: 10, OddEarlyLeads: 3, OddLateTell: 4,
		OddFalseLeads: 4, OddOldSnapshot: 2,
	}
}

func newCluster(n int, seed uint64, fail func(string, ...any)) *cluster {
	c := &cluster{
		fail: fail, rand: kafka.NewRand(seed), images: map[uint64][]byte{},
		holders: map[kafka.ControllerEpoch]quorum.Applier{}, topics: map[string]*topicStory{},
	}
	c.model = model.New(model.Config{
		Nodes: n, Voters: n, Limits: oddQuorum(), Fold: fold{metadata.NewState()}, Watch: &c.watch,
		Choose: func(_ uint16, n uint64) uint64 { return c.rand.Uint64() % n },
	})
	for i := range n {
		c.nodes = append(c.nodes, &member{id: kafka.BrokerID(i)})
		c.start(i)
	}
	return c
}

func (c *cluster) start(i int) {
	old := c.nodes[i]
	b := &member{id: old.id, up: true, life: old.life + 1, state: metadata.NewState(), asked: map[kafka.Ref]controller.Body{}}
	limits := controller.DefaultLimits()
	limits.SessionTimeout, limits.TickEvery, limits.ReclaimAfter = kafka.Second, 100*kafka.Millisecond, 200*kafka.Millisecond
	b.machine = controller.New(controller.Config{
		Broker: b.id, Nonce: c.rand.Uint64() | 1, Seed: c.rand.Uint64(), Limits: limits,
		Features: []metadata.FeatureLevel{{Name: "metadata.version", Level: 30}},
	}, b.state.Image())
	b.watch.Fatal = true
	b.out.Watch = &b.watch
	c.nodes[i] = b
	c.model.Up(c.now, i)
}

func (c *cluster) stop(i int) {
	b := c.nodes[i]
	b.up = false
	for _, body := range b.asked { // unanswered for ever: nobody knows
		c.learn(body, controller.Result{Error: kafka.ErrRequestTimedOut})
	}
	c.model.Down(c.now, i)
}

func (c *cluster) step(b *member, in controller.Input) {
	b.machine.Step(kafka.Now{Mono: c.now}, in, &b.out)
	if err := b.machine.Invariants(); err != nil {
		c.fail("broker %d: %v", b.id, err)
	}
	for i := range b.out.Proposals {
		c.model.Propose(c.now, int(b.id), &b.out.Proposals[i])
	}
	for _, r := range b.out.Results {
		body, asked := b.asked[r.Ref]
		if !asked {
			c.fail("C6: command %d of broker %d is answered, and was not asked or is answered again", r.Ref, b.id)
		}
		delete(b.asked, r.Ref)
		c.learn(body, r)
	}
	b.out.Reset()
}

// ask gives a command to whatever broker, whether or not it is the controller.
func (c *cluster) ask(b *member, body controller.Body, patience kafka.Duration) {
	c.ref++
	b.asked[c.ref] = body
	cmd := &controller.Command{Ref: c.ref, Body: body}
	if patience > 0 {
		cmd.Deadline = c.now.Add(patience)
	}
	c.step(b, cmd)
}

// learn notes what an answer says.
func (c *cluster) learn(body controller.Body, r controller.Result) {
	whole := acked
	switch r.Error {
	case kafka.None:
	case kafka.ErrRequestTimedOut:
		whole = unknown
	default:
		whole = refused
	}
	switch body := body.(type) {
	case *controller.CreateTopics:
		s := c.topics[body.Topics[0].Name]
		s.created = whole
		if whole == acked {
			t := r.Body.(*controller.CreateTopicsResult).Topics[0]
			if s.id = t.ID; t.Error != kafka.None {
				s.created = refused
			}
		}
	case *controller.DeleteTopics:
		s := c.topics[body.Topics[0].Name]
		s.deleted = whole
		if whole == acked && r.Body.(*controller.DeleteTopicsResult).Topics[0].Error != kafka.None {
			s.deleted = refused
		}
	case *controller.AllocateProducerIDs:
		if whole == acked {
			start := r.Body.(*controller.AllocateProducerIDsResult).Start
			if slices.Contains(c.blocks, start) {
				c.fail("producer IDs from %d were handed out twice", start)
			}
			c.blocks = append(c.blocks, start)
		}
	case *controller.RegisterBroker:
		if b := c.nodes[body.Broker]; whole == acked && b.up && body.Incarnation == incarnation(b) {
			b.epoch = r.Body.(*controller.RegisterBrokerResult).Epoch
		}
	case *controller.Heartbeat:
		c.nodes[body.Broker].beating = false
	default:
		c.fail("no such command: %T", body)
	}
}

func incarnation(b *member) (i kafka.IncarnationID) {
	i[0], i[1], i[2] = byte(b.id)+1, byte(b.life>>8), byte(b.life)
	return i
}

// run lets time pass.
func (c *cluster) run(d kafka.Duration) {
	end := c.now.Add(d)
	for {
		for {
			d, ok := c.model.Next(c.now)
			if !ok {
				break
			}
			c.deliver(c.nodes[d.Node], d.Event)
		}
		next := end
		if at, ok := c.model.Deadline(); ok {
			next = min(next, at)
		}
		for _, b := range c.nodes {
			if !b.up {
				continue
			}
			if at, ok := b.machine.Deadline(); ok {
				next = min(next, at)
			}
			next = min(next, b.beatAt)
		}
		if next >= end {
			c.now = end
			return
		}
		c.now = max(c.now, next)
		for _, b := range c.nodes {
			if at, ok := b.machine.Deadline(); b.up && ok && at <= c.now {
				c.step(b, &controller.Tick{})
			}
			if b.up && b.beatAt <= c.now {
				b.beatAt = c.now.Add(200 * kafka.Millisecond)
				c.live(b)
			}
		}
	}
}

// live does what a broker does for its session: it asks whom its image says to
// be the controller.
func (c *cluster) live(b *member) {
	im := b.state.Image()
	to := im.Controller()
	if to == kafka.NoBroker || !c.nodes[to].up {
		return
	}
	if b.epoch == 0 {
		var dir kafka.DirectoryID
		dir[0] = byte(b.id) + 1
		c.ask(c.nodes[to], &controller.RegisterBroker{Broker: b.id, Incarnation: incarnation(b), Directory: dir,
			Previous: kafka.NoBrokerEpoch, Listeners: []metadata.Listener{{Name: "P"}}}, kafka.Second)
		return
	}
	c.ask(c.nodes[to], &controller.Heartbeat{Broker: b.id, Epoch: b.epoch, AppliedIndex: im.Index()}, kafka.Second)
}

func (c *cluster) deliver(b *member, e quorum.Event) {
	switch e := e.(type) {
	case *quorum.Leads:
		c.step(b, &controller.Leads{})
	case *quorum.LeadsNot:
		c.step(b, &controller.LeadsNot{})
	case *quorum.Unknown:
		c.step(b, &controller.Unknown{Ref: e.Ref})
	case *quorum.Members:
		c.step(b, &controller.Members{Members: e})
	case *quorum.SnapshotLoaded:
		if _, err := b.state.Load(e.State); err != nil {
			c.fail("snapshot at index %d: %v", e.Index, err)
		}
		c.sawImage(b)
		c.step(b, &controller.Loaded{Image: b.state.Image()})
	case *quorum.Committed:
		entry := e.Entry
		_, accepted := b.state.Apply(e.Index, &entry)
		c.sawImage(b)
		if accepted {
			c.sawHolder(b.state.Image().Applier())
		}
		c.step(b, &controller.Applied{Entry: &entry, Accepted: accepted, Image: b.state.Image()})
	}
}

// sawImage holds every replica to one image per index.
func (c *cluster) sawImage(b *member) {
	index := b.state.Index()
	got := b.state.Snapshot(nil)
	if first, seen := c.images[index]; seen && !bytes.Equal(first, got) {
		c.fail("MD1: broker %d has another image at index %d", b.id, index)
	}
	c.images[index] = got
}

// sawHolder holds every controller epoch to one holder, for good.
func (c *cluster) sawHolder(a quorum.Applier) {
	first, seen := c.holders[a.Epoch]
	if seen && (first.Holder != a.Holder || first.Nonce != a.Nonce) {
		c.fail("epoch %d counts entries of %d and of %d", a.Epoch, first.Holder, a.Holder)
	}
	c.holders[a.Epoch] = a
}

// settle heals everything and waits until somebody leads.
func (c *cluster) settle() *metadata.Image {
	for i := range c.nodes {
		c.model.Freeze(c.now, i, false)
		for j := range c.nodes {
			c.model.Link(c.now, i, j, true)
		}
		if !c.nodes[i].up {
			c.start(i)
		}
	}
	c.run(10 * kafka.Second)
	index := uint64(0)
	for _, b := range c.nodes {
		index = max(index, b.state.Index())
	}
	for _, b := range c.nodes {
		if b.state.Index() == index {
			return b.state.Image()
		}
	}
	return nil
}

// check compares what was answered with what is.
func (c *cluster) check(im *metadata.Image) {
	for name, s := range c.topics { //order: any failure will do
		t := im.TopicByName(name)
		switch {
		case s.created == refused && t != nil:
			c.fail("C5: topic %s was refused and exists", name)
		case s.created == acked && t == nil && (s.deleted == notAsked || s.deleted == refused):
			c.fail("topic %s was created, and is gone", name)
		case s.created == acked && t != nil && t.ID != s.id:
			c.fail("topic %s was created with ID %s and has %s", name, s.id, t.ID)
		case s.deleted == acked && t != nil:
			c.fail("topic %s was deleted, and exists", name)
		}
	}
	for _, start := range c.blocks {
		if start >= im.NextProducerID() {
			c.fail("producer IDs from %d were handed out, and the next is %d", start, im.NextProducerID())
		}
	}
}

// TestControllersOnAnUnreliableQuorum lets controllers crash, freeze and be cut
// off on a quorum that does everything it may.
func TestControllersOnAnUnreliableQuorum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.SampledFrom([]int{1, 3, 3, 5}).Draw(t, "brokers")
		c := newCluster(n, rapid.Uint64().Draw(t, "seed"), t.Fatalf)
		frozen := make([]bool, n)
		node := func(t *rapid.T) int { return rapid.IntRange(0, n-1).Draw(t, "node") }
		alive := func(t *rapid.T) *member {
			if i := node(t); c.nodes[i].up && !frozen[i] {
				return c.nodes[i]
			}
			return nil
		}
		patience := func(t *rapid.T) kafka.Duration {
			return kafka.Ms(rapid.SampledFrom([]int64{0, 50, 500}).Draw(t, "patience"))
		}
		c.run(kafka.Second)
		t.Repeat(map[string]func(*rapid.T){
			"stop": func(t *rapid.T) {
				if i := node(t); c.nodes[i].up {
					frozen[i] = false
					c.stop(i)
				}
			},
			"start": func(t *rapid.T) {
				if i := node(t); !c.nodes[i].up {
					c.start(i)
				}
			},
			"cut": func(t *rapid.T) {
				c.model.Link(c.now, node(t), node(t), rapid.Bool().Draw(t, "up"))
			},
			"create": func(t *rapid.T) {
				if b := alive(t); b != nil {
					name := fmt.Sprintf("t%d", len(c.topics))
					c.topics[name] = &topicStory{created: unknown}
					c.ask(b, &controller.CreateTopics{Topics: []controller.NewTopic{{Name: name, Partitions: 2, ReplicationFactor: 1}}}, patience(t))
				}
			},
			"delete": func(t *rapid.T) {
				name := fmt.Sprintf("t%d", rapid.IntRange(0, 30).Draw(t, "topic"))
				if s := c.topics[name]; s != nil && s.deleted == notAsked && s.created == acked {
					if b := alive(t); b != nil {
						s.deleted = unknown
						c.ask(b, &controller.DeleteTopics{Topics: []controller.TopicRef{{Name: name}}}, patience(t))
					}
				}
			},
			"producer IDs": func(t *rapid.T) {
				b := alive(t)
				if b != nil && b.epoch != 0 {
					c.ask(b, &controller.AllocateProducerIDs{Broker: b.id, Epoch: b.epoch}, patience(t))
				}
			},
			"run": func(t *rapid.T) {
				c.run(kafka.Ms(rapid.Int64Range(1, 800).Draw(t, "ms")))
			},
		})
		c.check(c.settle())
	})
}

// soonActive waits for an active controller: this quorum's leadership never
// stops moving.
func (c *cluster) soonActive() bool {
	for range 100 {
		for _, b := range c.nodes {
			if b.machine.Active() {
				return true
			}
		}
		c.run(100 * kafka.Millisecond)
	}
	return false
}

// TestProgress: on a busy quorum without lasting faults commands are carried
// out, and the rare states that matter are reached.
func TestProgress(t *testing.T) {
	var sum [must.ProbeCount]uint32
	done := 0
	for seed := range uint64(30) {
		c := newCluster(3, seed+1, t.Fatalf)
		rand := kafka.NewRand(seed)
		c.run(kafka.Second)
		for i := range 60 {
			for _, b := range c.nodes {
				if !b.up {
					continue
				}
				name := fmt.Sprintf("t%d-%d", i, b.id)
				c.topics[name] = &topicStory{created: unknown}
				c.ask(b, &controller.CreateTopics{Topics: []controller.NewTopic{{Name: name, Partitions: 1, ReplicationFactor: 1}}}, 2*kafka.Second)
			}
			if i%10 == 9 {
				victim := int(rand.Uint64() % 3)
				c.stop(victim)
				c.run(kafka.Ms(int64(rand.Uint64() % 2000)))
				c.start(victim)
			}
			c.run(kafka.Ms(int64(rand.Uint64() % 200)))
		}
		im := c.settle()
		c.check(im)
		for _, s := range c.topics {
			if s.created == acked {
				done++
			}
		}
		if !c.soonActive() {
			t.Errorf("seed %d: nobody becomes active after everything was healed", seed+1)
		}
		for p := range sum {
			sum[p] += c.watch.Probes[p]
			for _, b := range c.nodes {
				sum[p] += b.watch.Probes[p]
			}
		}
	}
	if done < 500 {
		t.Errorf("%d topics created over all seeds", done)
	}
	for _, p := range []must.Probe{
		must.ControllerProposedAgain, must.ControllerDeposed, must.ControllerResignedInFlight, must.BrokerFencedBySession,
		must.QuorumOldEpochCommitted, must.QuorumCommittedTwice, must.QuorumToldTwo, must.QuorumSnapshotReplayed,
	} {
		if sum[p] == 0 {
			t.Errorf("never reached: %v", p)
		}
	}
}
