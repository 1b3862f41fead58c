package group

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// Where members subscribe to different topics, too, `uniform` makes sizes as alike
// as any assignment does, whatever was where before.
func TestUniformIsAsEvenAsCanBe(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var topics []topicKnown
		for i := range rapid.IntRange(1, 3).Draw(rt, "topics") {
			name := fmt.Sprint("t", i)
			topics = append(topics, topicKnown{name, topicID(name), rapid.Int32Range(1, 4).Draw(rt, "partitions")})
		}
		subjects := make([]*subject, rapid.IntRange(1, 4).Draw(rt, "members"))
		for i := range subjects {
			subjects[i] = &subject{id: fmt.Sprint("m", i)}
		}
		for round := range 3 { // subscriptions change, and what each had stays with it
			for _, s := range subjects {
				s.had, s.has, s.topics = SetOf(s.has), nil, nil
				for at := range topics {
					if rapid.Bool().Draw(rt, "reads") {
						s.topics = append(s.topics, at)
					}
				}
			}
			p := newProblem(topics, subjects)
			p.solve(assignorUniform)
			sum := 0
			for _, s := range subjects {
				sum += len(s.has) * len(s.has)
			}
			if least := p.leastSum(0, 0, make([]int, len(subjects))); sum > least {
				rt.Fatalf("round %d: the squares of sizes sum up to %d, and could to %d", round, sum, least)
			}
		}
	})
}

// leastSum tries every way to share out the partitions from the n-th of a topic on.
func (p *problem) leastSum(topic int, n int32, sizes []int) int {
	if topic == len(p.topics) {
		sum := 0
		for _, size := range sizes {
			sum += size * size
		}
		return sum
	}
	if n == p.topics[topic].partitions || len(p.readers[topic]) == 0 {
		return p.leastSum(topic+1, 0, sizes)
	}
	best := 1 << 30
	for _, s := range p.readers[topic] {
		sizes[s.place]++
		best = min(best, p.leastSum(topic, n+1, sizes))
		sizes[s.place]--
	}
	return best
}

// What has to move is what nobody had before, where there is such a partition.
func TestUniformKeepsWhatCanStay(t *testing.T) {
	topics := []topicKnown{{"t0", topicID("t0"), 4}, {"t1", topicID("t1"), 2}}
	a := &subject{id: "a", topics: []int{0, 1}}
	b := &subject{id: "b", topics: []int{0}}
	newProblem(topics, []*subject{a, b}).solve(assignorUniform)
	a.had, a.has, b.had, b.has = SetOf(a.has), nil, SetOf(b.has), nil
	if len(a.had) != 3 || len(b.had) != 3 {
		t.Fatalf("a had %v, b %v", a.had, b.had)
	}
	c := &subject{id: "c", topics: []int{0, 1}}
	newProblem(topics, []*subject{a, b, c}).solve(assignorUniform)
	for _, s := range []*subject{a, b} {
		if len(s.has) != 2 || !SetOf(s.has).within(s.had) {
			t.Errorf("%s had %v and has %v", s.id, s.had, s.has)
		}
	}
	if len(c.has) != 2 {
		t.Errorf("c has %v", c.has)
	}
}
