package group

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/kafka"
)

// speaker is a classic consumer as its client has it.
type speaker struct {
	w          *world
	shelf      *shelf
	id         string
	instance   string
	topics     []string
	eager      bool // gives everything up before it joins
	generation int32
	protocol   string
	owned      Partitions
	stable     bool
	waits      Ticket // for this; 0: for nothing
	syncs      bool   // for a Sync
	leads      []JoinedMember
}

func newSpeaker(w *world, s *shelf, topics ...string) *speaker {
	return &speaker{w: w, shelf: s, topics: topics, generation: noGeneration}
}

func (a *speaker) name() string {
	if a.eager {
		return "eager"
	}
	return "cooperative"
}

// metadata is the subscription, of version 1.
func (a *speaker) metadata() []byte {
	b := []byte{0, 1, 0, 0, 0, byte(len(a.topics))}
	for _, t := range a.topics {
		b = appendString(b, t)
	}
	b = append(b, 0xff, 0xff, 0xff, 0xff)
	var owned Partitions
	if !a.eager {
		owned = a.owned
	}
	list := appendAssignment(nil, 1, owned, a.shelf)
	return append(b, list[2:len(list)-4]...)
}

func (a *speaker) who() Member { return Member{Group: "g", ID: a.id, InstanceID: a.instance} }

// join asks for the next generation.
func (a *speaker) join() {
	if a.eager {
		a.owned = nil
	}
	a.stable, a.syncs, a.waits = false, false, a.w.ticket()
	a.w.step(&Join{
		Ticket: a.waits, Member: a.who(), Client: Client{"c", "/h"}, SessionTimeoutMs: 10_000, RebalanceTimeoutMs: 20_000,
		ProtocolType: "consumer", Protocols: []Protocol{{Name: a.name(), Metadata: a.metadata()}}, RequireMemberID: true, Known: a.shelf,
	})
}

func (a *speaker) sync() {
	in := &Sync{Ticket: a.w.ticket(), Member: a.who(), Generation: a.generation, ProtocolType: "consumer", Protocol: a.protocol, Known: a.shelf}
	a.waits, a.syncs = in.Ticket, true
	given := a.divide()
	for i, one := range a.leads {
		in.Assignments = append(in.Assignments, Assignment{Member: one.ID, Bytes: appendAssignment(nil, 1, given[i], a.shelf)})
	}
	a.leads = nil
	a.w.step(in)
}

// divide leaves what members have where it is, and deals out the rest.
func (a *speaker) divide() []Partitions {
	out := make([][]kafka.TopicPartition, len(a.leads))
	taken := make(map[kafka.TopicPartition]bool)
	wants := make([][]string, len(a.leads))
	for i, one := range a.leads {
		s, _ := readSubscription(one.Metadata)
		wants[i] = s.topics
		for _, tp := range identified(s.owned, a.shelf) {
			// What its owner does not want any more waits for the next generation.
			if name, _ := a.shelf.Name(tp.Topic); !taken[tp] && slices.Contains(s.topics, name) {
				out[i] = append(out[i], tp)
			}
			taken[tp] = true
		}
	}
	a.shelf.Each(func(topic string) bool {
		for n := range a.shelf.partitions[topic] {
			tp := kafka.TopicPartition{Topic: topicID(topic), Partition: kafka.PartitionIndex(n)}
			best := -1
			for i := range a.leads {
				if slices.Contains(wants[i], topic) && (best < 0 || len(out[i]) < len(out[best])) {
					best = i
				}
			}
			if best >= 0 && !taken[tp] {
				out[best] = append(out[best], tp)
			}
		}
		return true
	})
	sets := make([]Partitions, len(out))
	for i := range out {
		sets[i] = SetOf(out[i])
	}
	return sets
}

// goOn does the next thing: hears an answer, or says that it is there.
func (a *speaker) goOn() {
	if a.waits == 0 {
		a.beatOrJoin()
		return
	}
	answer, there := a.w.answers[a.waits]
	if !there {
		return
	}
	delete(a.w.answers, a.waits)
	a.waits = 0
	switch {
	case answer.Err == kafka.ErrMemberIDRequired:
		a.id = answer.Joined.Member
		a.join()
	case answer.Err != kafka.None:
		a.refused(answer.Err)
	case a.syncs:
		a.take(answer.Synced.Assignment)
	default:
		a.id, a.generation, a.protocol = answer.Joined.Member, answer.Joined.Generation, answer.Joined.Protocol
		if answer.Joined.Leader == a.id {
			a.leads = answer.Joined.Members
		}
		a.sync()
	}
}

func (a *speaker) beatOrJoin() {
	if !a.stable {
		a.join()
		return
	}
	t := a.w.ticket()
	a.w.step(&Heartbeat{Ticket: t, Member: a.who(), Generation: a.generation, Known: a.shelf})
	if answer, there := a.w.answers[t]; there && answer.Err != kafka.None {
		a.refused(answer.Err)
	}
}

func (a *speaker) refused(code kafka.ErrorCode) {
	a.stable = false
	switch code {
	case kafka.ErrUnknownMemberID:
		a.id, a.owned, a.generation = "", nil, noGeneration
	case kafka.ErrIllegalGeneration:
		a.owned, a.generation = nil, noGeneration
	default:
		if a.eager {
			a.owned = nil
		}
	}
}

// take takes over what it is given, and joins again if it gives something up.
func (a *speaker) take(b []byte) {
	named, ok := readAssignment(b)
	if !ok {
		a.w.tb.Fatalf("an assignment that is none: %x", b)
	}
	given := SetOf(identified(named, a.shelf))
	a.stable = a.owned.within(given)
	a.owned = given
}

// mixture is a group whose members speak either protocol.
type mixture struct {
	crew
	speakers []*speaker
	eager    bool
}

// Nobody ever has what another member of the group has, whichever protocol they
// speak and whatever the group was before; and in quiet everything is somebody's.
func TestProtocolsMix(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		x := &mixture{crew: crew{w: newWorld(t), shelf: newShelf("t", "u")}, eager: rapid.Bool().Draw(rt, "eager")}
		x.w.machine.Configure(&x.w.config)
		for range rapid.IntRange(10, 120).Draw(rt, "steps") {
			x.act(rt)
			x.check(rt)
		}
		x.settle(rt)
	})
}

func (x *mixture) act(rt *rapid.T) {
	switch rapid.IntRange(0, 11).Draw(rt, "who") {
	case 0:
		if len(x.speakers) < 4 {
			a := newSpeaker(x.w, x.shelf, rapid.SampledFrom([][]string{{"t"}, {"t", "u"}}).Draw(rt, "topics")...)
			a.eager = x.eager
			x.speakers = append(x.speakers, a)
			a.join()
		}
	case 1:
		if len(x.speakers) > 0 { // it dies, or goes
			i := rapid.IntRange(0, len(x.speakers)-1).Draw(rt, "gone")
			if a := x.speakers[i]; rapid.Bool().Draw(rt, "leaves") {
				x.w.step(&Leave{Ticket: x.w.ticket(), Group: "g", Members: []Leaver{{ID: a.id}}})
			}
			x.speakers = slices.Delete(x.speakers, i, i+1)
		}
	case 2, 3:
		lives := x.w.lives
		x.crew.act(rt)
		for _, a := range x.speakers {
			if lives != x.w.lives && a.waits != 0 { // nobody will answer
				a.waits, a.stable = 0, false
			}
		}
	case 4:
		if len(x.actors) > 0 {
			a := x.pick(rt)
			a.leave(epochLeave)
			x.drop(a)
		}
	case 5:
		if len(x.speakers) > 0 { // what it waits for is lost
			a := x.speakers[rapid.IntRange(0, len(x.speakers)-1).Draw(rt, "lost")]
			a.waits, a.stable = 0, false
		}
	default:
		if len(x.speakers) > 0 {
			x.speakers[rapid.IntRange(0, len(x.speakers)-1).Draw(rt, "speaker")].goOn()
		}
	}
}

// member tells whether the coordinator counts somebody as a member.
func (x *mixture) member(id string) bool {
	if c := x.w.machine.consumerOf("g"); c != nil {
		return c.member(id) != nil
	}
	g := x.w.machine.groups["g"]
	return g != nil && g.byID[id] != nil
}

func (x *mixture) check(rt *rapid.T) {
	has := make(map[kafka.TopicPartition]string)
	take := func(id string, owned Partitions) {
		if !x.member(id) {
			return
		}
		for _, tp := range owned {
			if other := has[tp]; other != "" && other != id {
				rt.Fatalf("%s and %s both have partition %d of %q", other, id, tp.Partition, tp.Topic[:1])
			}
			has[tp] = id
		}
	}
	for _, a := range x.actors {
		take(a.id, a.owned)
	}
	for _, a := range x.speakers {
		take(a.id, a.owned)
	}
}

func (x *mixture) settle(rt *rapid.T) {
	for range 40 {
		for range 4 {
			x.w.pass(kafka.Second)
			rounds(1, x.actors...)
			x.check(rt)
			for _, a := range x.speakers {
				a.goOn()
				x.check(rt)
			}
		}
	}
	has := make(map[kafka.TopicPartition]bool)
	reads := make(map[string]bool)
	for _, a := range x.actors {
		for _, tp := range a.owned {
			has[tp] = true
		}
		for _, name := range a.topics {
			reads[name] = true
		}
	}
	for _, a := range x.speakers {
		for _, tp := range a.owned {
			has[tp] = true
		}
		for _, name := range a.topics {
			reads[name] = true
		}
	}
	for topic := range reads {
		for n := range x.shelf.partitions[topic] {
			if tp := (kafka.TopicPartition{Topic: topicID(topic), Partition: kafka.PartitionIndex(n)}); !has[tp] {
				rt.Fatalf("in quiet nobody has partition %d of %s: %s", n, topic, x.describe())
			}
		}
	}
	if consumer := x.w.machine.consumerOf("g"); (consumer == nil || consumer.size() == 0) && len(x.actors) > 0 || consumer != nil && consumer.size() > 0 && len(x.actors) == 0 {
		rt.Fatalf("in quiet the group is of the wrong protocol: %s", x.describe())
	}
}

func (x *mixture) describe() string {
	s := ""
	if d, there := x.w.machine.DescribeConsumer("g"); there {
		s = fmt.Sprintf("%+v", d)
	} else {
		d, _ := x.w.machine.Describe("g")
		s = fmt.Sprintf("%+v", d)
	}
	for _, a := range x.speakers {
		s += fmt.Sprintf("\n%+v", a.id)
		s += fmt.Sprintf(" generation %d has %d waits %d stable %v", a.generation, len(a.owned), a.waits, a.stable)
	}
	for _, a := range x.actors {
		s += fmt.Sprintf("\n%s epoch %d has %d", a.id, a.epoch, len(a.owned))
	}
	return s
}
