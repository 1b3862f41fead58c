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
	_, found := ps.find(tp)
	return found
}

func (ps Partitions) find(tp kafka.TopicPartition) (int, bool) {
	return slices.BinarySearchFunc(ps, tp, comparePartitions)
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

// tagSince is the tagged field beside a topic's partitions that says since which
// epoch the member has had each of them (KIP-1251).
const tagSince = 0

// appendPartitions appends a set as the records have it: an array of topics, each
// with the numbers of its partitions and, where since is not empty, the epoch of each.
func appendPartitions(b []byte, ps Partitions, since []int32) []byte {
	topics := 0
	ps.EachTopic(func(kafka.TopicID, Partitions) { topics++ })
	b = binary.AppendUvarint(b, uint64(topics)+1)
	ps.EachTopic(func(topic kafka.TopicID, some Partitions) {
		b = append(b, topic[:]...)
		b = binary.AppendUvarint(b, uint64(len(some))+1)
		for _, tp := range some {
			b = binary.BigEndian.AppendUint32(b, uint32(tp.Partition))
		}
		if len(since) == 0 {
			b = append(b, 0)
			return
		}
		var field [binary.MaxVarintLen64]byte
		count := binary.AppendUvarint(field[:0], uint64(len(some))+1)
		b = append(b, 1, tagSince)
		b = binary.AppendUvarint(b, uint64(len(count)+4*len(some)))
		b = append(b, count...)
		for _, epoch := range since[:len(some)] {
			b = binary.BigEndian.AppendUint32(b, uint32(epoch))
		}
		since = since[len(some):]
	})
	return b
}

func (r *reader) partitions() Partitions {
	all, _ := r.partitionsSince(0)
	return all
}

// partitionsSince reads a set with the epochs of its partitions; epoch is of those
// of which the record does not say it, as Kafka before 4.3 wrote it.
func (r *reader) partitionsSince(epoch int32) (Partitions, []int32) {
	type held struct {
		kafka.TopicPartition
		since int32
	}
	var list []held
	for n := r.count(); n > 0 && !r.bad; n-- {
		one := held{since: epoch}
		copy(one.Topic[:], r.span(len(one.Topic)))
		first := len(list)
		for k := r.count(); k > 0 && !r.bad; k-- {
			one.Partition = kafka.PartitionIndex(r.int32())
			list = append(list, one)
		}
		bad := false
		r.tags(func(tag uint64, b []byte) {
			if tag != tagSince {
				return
			}
			f := reader{b: b, flexible: true}
			n := f.count()
			if bad = n != len(list)-first && n > 0; bad {
				return
			}
			for i := range n {
				list[first+i].since = f.int32()
			}
			bad = f.bad
		})
		r.bad = r.bad || bad
	}
	if len(list) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(list, func(a, b held) int { return comparePartitions(a.TopicPartition, b.TopicPartition) })
	list = slices.CompactFunc(list, func(a, b held) bool { return a.TopicPartition == b.TopicPartition })
	all, since := make(Partitions, len(list)), make([]int32, len(list))
	for i := range list {
		all[i], since[i] = list[i].TopicPartition, list[i].since
	}
	return all, since
}
