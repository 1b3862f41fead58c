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
	place        int // among the subjects
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
	for i, s := range subjects {
		s.place = i
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
