package group

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"trialog/core/kafka"
)

// crew is a group of actors whose answers get lost, whose coordinator fails over
// and whose topics change.
type crew struct {
	w      *world
	shelf  *shelf
	actors []*actor
	gone   int
}

// Nobody ever has what another member of the group has, whatever is lost; and in
// quiet everybody gets a fair share of everything.
func TestConsumersNeverShareAPartition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := &crew{w: newWorld(t), shelf: newShelf("t", "u")}
		for range rapid.IntRange(5, 60).Draw(rt, "steps") {
			c.act(rt)
			c.check(rt)
		}
		c.settle(rt)
	})
}

func (c *crew) pick(rt *rapid.T) *actor {
	if len(c.actors) == 0 {
		return c.join(rt)
	}
	return c.actors[rapid.IntRange(0, len(c.actors)-1).Draw(rt, "who")]
}

func (c *crew) join(rt *rapid.T) *actor {
	c.gone++
	a := newActor(c.w, c.shelf, fmt.Sprint("m", c.gone), rapid.SampledFrom([][]string{{"t"}, {"u"}, {"t", "u"}}).Draw(rt, "topics")...)
	if rapid.Bool().Draw(rt, "expression") {
		a.topics, a.regex = nil, "[tuv]"
	}
	a.assignor = rapid.SampledFrom([]string{"", "uniform", "range"}).Draw(rt, "assignor")
	c.actors = append(c.actors, a)
	return a
}

func (c *crew) drop(a *actor) {
	c.actors = slices.DeleteFunc(c.actors, func(o *actor) bool { return o == a })
}

func (c *crew) act(rt *rapid.T) {
	switch what := rapid.IntRange(0, 15).Draw(rt, "what"); what {
	case 0:
		c.join(rt).beat()
	case 1:
		a := c.pick(rt)
		a.leave(epochLeave)
		c.drop(a)
	case 2: // it dies
		c.drop(c.pick(rt))
	case 3: // the answer is lost
		a := c.pick(rt)
		c.w.step(a.say())
		a.full = true
	case 4:
		c.w.restart()
	case 5:
		c.shelf.set(rapid.SampledFrom([]string{"t", "u", "v"}).Draw(rt, "topic"), rapid.Int32Range(0, 7).Draw(rt, "partitions"))
	case 6:
		c.w.pass(kafka.Duration(rapid.IntRange(1, 20).Draw(rt, "seconds")) * kafka.Second)
	case 7:
		c.w.refuse = kafka.ErrNotEnoughReplicas
		c.pick(rt).beat()
		c.w.refuse = kafka.None
	case 8:
		a := c.pick(rt)
		a.topics, a.full = rapid.SampledFrom([][]string{{"t"}, {"u"}}).Draw(rt, "topics"), true
		a.beat()
	default:
		c.pick(rt).beat()
	}
}

// check compares what those have whom the coordinator still counts as members.
func (c *crew) check(rt *rapid.T) {
	k := c.w.machine.consumerOf("g")
	has := make(map[kafka.TopicPartition]string)
	for _, a := range c.actors {
		p := k.member(a.id)
		if p == nil {
			continue
		}
		for _, tp := range a.owned {
			if other := has[tp]; other != "" {
				rt.Fatalf("%s and %s both have partition %d of %q", other, a.id, tp.Partition, tp.Topic[:1])
			}
			has[tp] = a.id
		}
	}
}

func (c *crew) settle(rt *rapid.T) {
	if len(c.actors) == 0 {
		return
	}
	for range 16 { // the dead time out
		c.w.pass(4 * kafka.Second)
		rounds(1, c.actors...)
		c.check(rt)
	}
	rounds(4, c.actors...)
	d, _ := c.w.machine.DescribeConsumer("g")
	if d.State != "Stable" || len(d.Members) != len(c.actors) {
		rt.Fatalf("in quiet: %+v", d)
	}
	for _, topic := range []string{"t", "u", "v"} {
		for n := range c.shelf.partitions[topic] {
			tp := kafka.TopicPartition{Topic: topicID(topic), Partition: kafka.PartitionIndex(n)}
			reads := func(a *actor) bool {
				return slices.Contains(a.topics, topic) || a.regex != ""
			}
			if slices.ContainsFunc(c.actors, reads) && !slices.ContainsFunc(c.actors, func(a *actor) bool { return a.owned.Has(tp) && reads(a) }) {
				rt.Fatalf("nobody has partition %d of %s: %+v", n, topic, d)
			}
		}
	}
}

// An assignor gives every partition to one who reads its topic; uniformly, nobody
// has two more than somebody who could have one of them; and who asks again gets
// the same.
func TestAssignors(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var topics []topicKnown
		for i := range rapid.IntRange(1, 4).Draw(rt, "topics") {
			name := fmt.Sprint("t", i)
			topics = append(topics, topicKnown{name, topicID(name), rapid.Int32Range(1, 9).Draw(rt, "partitions")})
		}
		var subjects []*subject
		for i := range rapid.IntRange(1, 7).Draw(rt, "members") {
			s := &subject{id: fmt.Sprint("m", i)}
			for at := range topics {
				if rapid.IntRange(0, 3).Draw(rt, "reads") > 0 {
					s.topics = append(s.topics, at)
				}
			}
			subjects = append(subjects, s)
		}
		assignor := rapid.SampledFrom([]string{"uniform", "range"}).Draw(rt, "assignor")
		solve := func() {
			p := newProblem(topics, subjects)
			p.solve(assignor)
			checkAssigned(rt, p, assignor)
			for _, s := range subjects {
				s.had, s.has = SetOf(s.has), nil
			}
		}
		solve()
		var was []Partitions
		for _, s := range subjects {
			was = append(was, s.had)
		}
		solve()
		for i, s := range subjects {
			if !slices.Equal(was[i], s.had) {
				rt.Fatalf("%s had %v and has %v", s.id, was[i], s.had)
			}
		}
		gone := rapid.IntRange(0, len(subjects)-1).Draw(rt, "gone")
		subjects = slices.Delete(subjects, gone, gone+1)
		solve()
	})
}

func checkAssigned(rt *rapid.T, p *problem, assignor string) {
	for at, topic := range p.topics {
		for n := range topic.partitions {
			tp := kafka.TopicPartition{Topic: topic.id, Partition: kafka.PartitionIndex(n)}
			owners := 0
			for _, s := range p.subjects {
				if !slices.Contains(s.has, tp) {
					continue
				}
				owners++
				if !slices.Contains(s.topics, at) {
					rt.Fatalf("%s does not read %s", s.id, topic.name)
				}
				for _, o := range p.readers[at] {
					if assignor == assignorUniform && len(s.has) >= len(o.has)+2 {
						rt.Fatalf("%s has %d, and %s only %d", s.id, len(s.has), o.id, len(o.has))
					}
				}
			}
			if owners != min(1, len(p.readers[at])) {
				rt.Fatalf("partition %d of %s has %d owners", n, topic.name, owners)
			}
		}
	}
}

// What is written is read again as it was.
func TestConsumerRecordsSurvive(t *testing.T) {
	set := SetOf([]kafka.TopicPartition{{Topic: topicID("t"), Partition: 2}, {Topic: topicID("t"), Partition: 0}, {Topic: topicID("u"), Partition: 1}})
	for kind, v := range map[RecordKind]ConsumerValue{
		GroupEpochRecord: &GroupEpoch{Epoch: 7, Hash: -3}, TopicsSeenRecord: &TopicsSeen{}, TargetEpochRecord: &TargetEpoch{Epoch: 6},
		ConsumerMemberRecord: &ConsumerMember{InstanceID: "i", Rack: "r", Client: Client{"c", "/h"}, Topics: []string{"a", "b"}, Regex: "x.*", RebalanceTimeoutMs: 9, Assignor: "range"},
		TargetRecord:         &Target{Partitions: set}, RegexRecord: &ResolvedRegex{Topics: []string{"a"}, Version: 5, At: 6},
		CurrentRecord: &Current{Epoch: 5, Previous: 4, State: MemberUnrevoked, Assigned: set[:1], Revoking: set[1:], AssignedSince: []int32{4}, RevokingSince: []int32{3, 2}},
	} {
		r := Record{Kind: kind, Group: "g", Consumer: v}
		if kind.named() {
			r.Name = "m"
		}
		key := appendKey(nil, &r)
		value, _ := appendValue(nil, &r)
		back, err := decode(key, value)
		if err != nil || fmt.Sprintf("%+v", back.Consumer) != fmt.Sprintf("%+v", v) || back.Name != r.Name || back.Kind != kind {
			t.Errorf("%d: %v %+v", kind, err, back.Consumer)
		}
		if gone, err := decode(key, nil); err != nil || gone.Consumer != nil || gone.Kind != kind {
			t.Errorf("%d: a tombstone: %v", kind, err)
		}
		for n := range len(value) {
			if n < len(value)-1 && kind != TopicsSeenRecord {
				if _, err := decode(key, value[:n:n]); err == nil && n > 0 {
					t.Errorf("%d: %d bytes of %d are taken for a record", kind, n, len(value))
				}
			}
		}
	}
}
