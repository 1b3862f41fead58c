package group

import (
	"cmp"
	"slices"

	"trialog/core/kafka"
)

// The server's assignors, by Kafka's names.
const (
	assignorUniform = "uniform"
	assignorRange   = "range"
)

// subject is a member as assignors see it.
type subject struct {
	id, instance string
	topics       []int      // it reads these, by their place in the problem; rising
	had          Partitions // it shall have so far
	has          []kafka.TopicPartition
}

// problem is what an assignor solves: every partition of the topics goes to one
// of those who read its topic.
type problem struct {
	topics   []topicKnown // sorted by name
	subjects []*subject   // sorted by ID
	readers  [][]*subject // by topic, in the order of subjects
}

// topicKnown is a topic that is there.
type topicKnown struct {
	name       string
	id         kafka.TopicID
	partitions int32
}

func newProblem(topics []topicKnown, subjects []*subject) *problem {
	p := &problem{topics: topics, subjects: subjects, readers: make([][]*subject, len(topics))}
	for _, s := range subjects {
		for _, t := range s.topics {
			p.readers[t] = append(p.readers[t], s)
		}
	}
	return p
}

// solve fills in what every subject has.
func (p *problem) solve(assignor string) {
	if assignor == assignorRange {
		p.assignRanges()
		return
	}
	p.assignUniformly()
}

// assignRanges gives the readers of a topic contiguous ranges of it, in the order
// of their instance IDs, or of their member IDs: of topics with as many partitions
// that the same members read, everybody gets the same numbers.
func (p *problem) assignRanges() {
	for t := range p.topics {
		readers := slices.Clone(p.readers[t])
		if len(readers) == 0 {
			continue
		}
		slices.SortStableFunc(readers, func(a, b *subject) int {
			switch {
			case a.instance != "" && b.instance != "":
				return cmp.Or(cmp.Compare(a.instance, b.instance), cmp.Compare(a.id, b.id))
			case a.instance != "":
				return -1
			case b.instance != "":
				return 1
			}
			return cmp.Compare(a.id, b.id)
		})
		each, more := int(p.topics[t].partitions)/len(readers), int(p.topics[t].partitions)%len(readers)
		next := 0
		for i, s := range readers {
			n := each
			if i < more {
				n++
			}
			for range n {
				s.has = append(s.has, kafka.TopicPartition{Topic: p.topics[t].id, Partition: kafka.PartitionIndex(next)})
				next++
			}
		}
	}
}

// assignUniformly gives everybody as many partitions as can be, within one where
// all read the same, and leaves as much as it can where it was.
func (p *problem) assignUniformly() {
	owner := p.keep()
	for t := range p.topics {
		for n := range p.topics[t].partitions {
			tp := kafka.TopicPartition{Topic: p.topics[t].id, Partition: kafka.PartitionIndex(n)}
			if owner[tp] == nil && len(p.readers[t]) > 0 {
				s := least(p.readers[t])
				s.has = append(s.has, tp)
				owner[tp] = s
			}
		}
	}
	p.even(owner)
}

// keep leaves partitions where they were, if whoever was to have them still reads
// the topic.
func (p *problem) keep() map[kafka.TopicPartition]*subject {
	place := make(map[kafka.TopicID]int, len(p.topics))
	for t := range p.topics {
		place[p.topics[t].id] = t
	}
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

// even moves partitions to readers that have at least two fewer, until there are
// none. Every move makes the sum of the squares smaller, so it ends.
func (p *problem) even(owner map[kafka.TopicPartition]*subject) {
	for moved := true; moved; {
		moved = false
		for t := range p.topics {
			if len(p.readers[t]) < 2 {
				continue
			}
			for n := range p.topics[t].partitions {
				tp := kafka.TopicPartition{Topic: p.topics[t].id, Partition: kafka.PartitionIndex(n)}
				from, to := owner[tp], least(p.readers[t])
				if len(from.has) < len(to.has)+2 {
					continue
				}
				i := slices.Index(from.has, tp)
				from.has = slices.Delete(from.has, i, i+1)
				to.has = append(to.has, tp)
				owner[tp] = to
				moved = true
			}
		}
	}
}
