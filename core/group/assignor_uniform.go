package group

import (
	"cmp"
	"maps"
	"slices"

	"trialog/core/kafka"
)

// assignUniformly gives everybody as many partitions as can be, within one where
// all read the same, and leaves as much as it can where it was.
func (p *problem) assignUniformly() {
	owner := p.keep()
	kept := maps.Clone(owner)
	for _, t := range p.narrowest() {
		for n := range p.topics[t].partitions {
			tp := kafka.TopicPartition{Topic: p.topics[t].id, Partition: kafka.PartitionIndex(n)}
			if owner[tp] == nil && len(p.readers[t]) > 0 {
				s := least(p.readers[t])
				s.has = append(s.has, tp)
				owner[tp] = s
			}
		}
	}
	p.even(owner, kept)
}

// narrowest are the topics, those with the most partitions for each reader first,
// of equals those with the fewest readers: whoever can be given little else is
// given that before the rest is spread around him.
func (p *problem) narrowest() []int {
	order := make([]int, len(p.topics))
	for t := range order {
		order[t] = t
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(
			cmp.Compare(int(p.topics[b].partitions)*len(p.readers[a]), int(p.topics[a].partitions)*len(p.readers[b])),
			cmp.Compare(len(p.readers[a]), len(p.readers[b])),
			cmp.Compare(a, b),
		)
	})
	return order
}

// keep leaves partitions where they were, if whoever was to have them still reads
// the topic.
func (p *problem) keep() map[kafka.TopicPartition]*subject {
	place := p.places()
	owner := make(map[kafka.TopicPartition]*subject)
	for _, s := range p.subjects {
		for _, tp := range s.had {
			t, there := place[tp.Topic]
			if !there || tp.Partition >= kafka.PartitionIndex(p.topics[t].partitions) || owner[tp] != nil {
				continue
			}
			if _, reads := slices.BinarySearch(s.topics, t); reads {
				s.has = append(s.has, tp)
				owner[tp] = s
			}
		}
	}
	return owner
}

// least is the reader with the fewest partitions, the first of them.
func least(readers []*subject) *subject {
	best := readers[0]
	for _, s := range readers[1:] {
		if len(s.has) < len(best.has) {
			best = s
		}
	}
	return best
}

// even moves partitions until no move or chain of moves makes sizes more alike:
// first such partitions as nobody had before, then any, then along chains of
// members. Every move makes the sum of the squares of sizes smaller, so it ends,
// and where no chain is left that sum is as small as can be (Harvey and others,
// Semi-matchings for bipartite graphs and load balancing, 2003).
func (p *problem) even(owner, kept map[kafka.TopicPartition]*subject) {
	place := p.places()
	for p.level(owner, kept) || p.level(owner, nil) || p.shift(place, owner, kept) {
	}
	p.giveBack(place, owner, kept)
}

func (p *problem) places() map[kafka.TopicID]int {
	place := make(map[kafka.TopicID]int, len(p.topics))
	for t := range p.topics {
		place[p.topics[t].id] = t
	}
	return place
}

// level is one round of even that leaves alone what is kept where it is.
func (p *problem) level(owner, kept map[kafka.TopicPartition]*subject) bool {
	moved := false
	for t := range p.topics {
		if len(p.readers[t]) < 2 {
			continue
		}
		for n := range p.topics[t].partitions {
			tp := kafka.TopicPartition{Topic: p.topics[t].id, Partition: kafka.PartitionIndex(n)}
			from := owner[tp]
			if kept[tp] == from {
				continue
			}
			to := least(p.readers[t])
			if len(from.has) < len(to.has)+2 {
				continue
			}
			move(owner, tp, to)
			moved = true
		}
	}
	return moved
}

// move gives a partition that somebody has to somebody else.
func move(owner map[kafka.TopicPartition]*subject, tp kafka.TopicPartition, to *subject) {
	from := owner[tp]
	i := slices.Index(from.has, tp)
	from.has = slices.Delete(from.has, i, i+1)
	to.has = append(to.has, tp)
	owner[tp] = to
}

// link says from whom, and of which topic, a member could be given something.
type link struct {
	from  *subject
	topic int
}

// shift looks for a chain of members of whom each can give the next one something,
// the first of whom has at least two more than the last, and moves one partition
// along each of its links. Where all read the same there is none that level has
// not seen. Whatever has been reached from a larger member leads to nobody small
// enough for a smaller one, so that each member and topic is looked at once.
func (p *problem) shift(place map[kafka.TopicID]int, owner, kept map[kafka.TopicPartition]*subject) bool {
	if p.alike() {
		return false
	}
	order := slices.Clone(p.subjects)
	slices.SortStableFunc(order, func(a, b *subject) int {
		return cmp.Or(cmp.Compare(len(b.has), len(a.has)), cmp.Compare(a.place, b.place))
	})
	reached, seen := make([]bool, len(p.subjects)), make([]bool, len(p.topics))
	links := make([]link, len(p.subjects))
	for _, first := range order {
		if reached[first.place] {
			continue
		}
		reached[first.place] = true
		for queue := []*subject{first}; len(queue) > 0; queue = queue[1:] {
			s := queue[0]
			if len(s.has)+2 <= len(first.has) {
				p.along(links, s, place, owner, kept)
				return true
			}
			for _, tp := range s.has {
				t := place[tp.Topic]
				if seen[t] {
					continue
				}
				seen[t] = true
				for _, r := range p.readers[t] {
					if !reached[r.place] {
						reached[r.place], links[r.place] = true, link{s, t}
						queue = append(queue, r)
					}
				}
			}
		}
	}
	return false
}

// alike tells whether everybody reads the same.
func (p *problem) alike() bool {
	for _, readers := range p.readers {
		if len(readers) != len(p.subjects) {
			return false
		}
	}
	return true
}

// along moves a partition over each link of the chain that ends with a member, one
// that nobody had before where there is such a one.
func (p *problem) along(links []link, last *subject, place map[kafka.TopicID]int, owner, kept map[kafka.TopicPartition]*subject) {
	for to := last; links[to.place].from != nil; to = links[to.place].from {
		l := links[to.place]
		var best kafka.TopicPartition
		found := false
		for _, tp := range l.from.has {
			if place[tp.Topic] == l.topic && (!found || kept[best] == l.from && kept[tp] != l.from) {
				best, found = tp, true
			}
		}
		move(owner, best, to)
	}
}

// giveBack returns partitions to who had them where sizes allow: to somebody who
// has less than who has it now, or against another one. What is kept where it was
// becomes more with each, so it ends.
func (p *problem) giveBack(place map[kafka.TopicID]int, owner, kept map[kafka.TopicPartition]*subject) {
	for changed := true; changed; {
		changed = false
		for t := range p.topics {
			for n := range p.topics[t].partitions {
				tp := kafka.TopicPartition{Topic: p.topics[t].id, Partition: kafka.PartitionIndex(n)}
				before, now := kept[tp], owner[tp]
				if before == nil || before == now {
					continue
				}
				if len(before.has) >= len(now.has) {
					other, found := before.spare(now, place, kept)
					if !found {
						continue
					}
					move(owner, other, now)
				}
				move(owner, tp, before)
				changed = true
			}
		}
	}
}

// spare is a partition that a member did not have before and that another one reads.
func (s *subject) spare(reader *subject, place map[kafka.TopicID]int, kept map[kafka.TopicPartition]*subject) (kafka.TopicPartition, bool) {
	for _, tp := range s.has {
		if _, reads := slices.BinarySearch(reader.topics, place[tp.Topic]); reads && kept[tp] != s {
			return tp, true
		}
	}
	return kafka.TopicPartition{}, false
}
