package group

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"trialog/core/kafka"
)

// Partitions is a set of partitions: sorted by topic ID and number, without
// duplicates. It is not changed once it has been made.
type Partitions []kafka.TopicPartition

func comparePartitions(a, b kafka.TopicPartition) int {
	if c := bytes.Compare(a.Topic[:], b.Topic[:]); c != 0 {
		return c
	}
	return cmp.Compare(a.Partition, b.Partition)
}

// SetOf makes a set of partitions in any order. It sorts what it is given.
func SetOf(all []kafka.TopicPartition) Partitions {
	slices.SortFunc(all, comparePartitions) //order: equal ones are the same
	return slices.Compact(all)
}

// Has tells whether a partition is in the set.
func (ps Partitions) Has(tp kafka.TopicPartition) bool {
	_, found := slices.BinarySearchFunc(ps, tp, comparePartitions)
	return found
}

// within tells whether every partition is in another set.
func (ps Partitions) within(other Partitions) bool {
	return !slices.ContainsFunc(ps, func(tp kafka.TopicPartition) bool { return !other.Has(tp) })
}

// touches tells whether the sets have a partition in common.
func (ps Partitions) touches(other Partitions) bool {
	return slices.ContainsFunc(ps, other.Has)
}

// where keeps the partitions for which keep is true.
func (ps Partitions) where(keep func(kafka.TopicPartition) bool) Partitions {
	var out Partitions
	for _, tp := range ps {
		if keep(tp) {
			out = append(out, tp)
		}
	}
	return out
}

// with is the union of two sets.
func (ps Partitions) with(other Partitions) Partitions {
	if len(other) == 0 {
		return ps
	}
	return SetOf(append(slices.Clone(ps), other...))
}

// EachTopic shows the partitions topic by topic.
func (ps Partitions) EachTopic(visit func(topic kafka.TopicID, some Partitions)) {
	for len(ps) > 0 {
		n := 1
		for n < len(ps) && ps[n].Topic == ps[0].Topic {
			n++
		}
		visit(ps[0].Topic, ps[:n])
		ps = ps[n:]
	}
}

// appendPartitions appends a set as the records have it: an array of topics, each
// with the numbers of its partitions.
func appendPartitions(b []byte, ps Partitions) []byte {
	topics := 0
	ps.EachTopic(func(kafka.TopicID, Partitions) { topics++ })
	b = binary.AppendUvarint(b, uint64(topics)+1)
	ps.EachTopic(func(topic kafka.TopicID, some Partitions) {
		b = append(b, topic[:]...)
		b = binary.AppendUvarint(b, uint64(len(some))+1)
		for _, tp := range some {
			b = binary.BigEndian.AppendUint32(b, uint32(tp.Partition))
		}
		b = append(b, 0)
	})
	return b
}

func (r *reader) partitions() Partitions {
	var all []kafka.TopicPartition
	for n := r.count(); n > 0 && !r.bad; n-- {
		var tp kafka.TopicPartition
		copy(tp.Topic[:], r.span(len(tp.Topic)))
		for k := r.count(); k > 0 && !r.bad; k-- {
			tp.Partition = kafka.PartitionIndex(r.int32())
			all = append(all, tp)
		}
		r.tags(nil)
	}
	return SetOf(all)
}
