package group

import (
	"encoding/binary"

	"trialog/core/kafka"
)

// The embedded protocol of consumers: what classic members of the protocol type
// "consumer" say in their metadata, and how they are told what they have.

// subscription is the metadata of a classic consumer. Later versions add to what
// earlier ones have.
type subscription struct {
	version int16
	topics  []string
	owned   []namedPartition // from version 1 on: of cooperative members
	rack    string           // from version 3 on
}

// namedPartition is a partition by its topic's name.
type namedPartition struct {
	topic     string
	partition kafka.PartitionIndex
}

// embeddedNewest is the newest version that assignments are written in.
const embeddedNewest = 3

// readSubscription reads a consumer's metadata. False: it is something else.
func readSubscription(metadata []byte) (subscription, bool) {
	r := reader{b: metadata}
	s := subscription{version: r.int16()}
	if s.version < 0 {
		return s, false
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		s.topics = append(s.topics, r.string())
	}
	topics := !r.bad
	r.bytes() // user data
	if s.version >= 1 && len(r.b) > 0 {
		s.owned = r.named()
	}
	if s.version >= 3 && len(r.b) > 0 {
		r.int32() // the generation that it was last in
		s.rack = r.string()
	}
	return s, topics && !r.bad
}

// subscribedTopics reads the topics of a consumer's metadata, whose first
// version begins every later one. False: it is something else.
func subscribedTopics(metadata []byte) ([]string, bool) {
	r := reader{b: metadata}
	if r.int16() < 0 {
		return nil, false
	}
	n := r.count()
	var topics []string
	for ; n > 0 && !r.bad; n-- {
		topics = append(topics, r.string())
	}
	return topics, !r.bad
}

// readAssignment reads what a classic consumer has been given; nothing reads as
// nothing. False: it is something else.
func readAssignment(b []byte) ([]namedPartition, bool) {
	if len(b) == 0 {
		return nil, true
	}
	r := reader{b: b}
	if r.int16() < 0 {
		return nil, false
	}
	all := r.named()
	return all, !r.bad
}

// named reads partitions, topic by topic.
func (r *reader) named() []namedPartition {
	var all []namedPartition
	for n := r.count(); n > 0 && !r.bad; n-- {
		topic := r.string()
		for k := r.count(); k > 0 && !r.bad; k-- {
			all = append(all, namedPartition{topic, kafka.PartitionIndex(r.int32())})
		}
	}
	return all
}

// appendAssignment appends what a classic consumer is told that it has. Topics
// that are gone are left out.
func appendAssignment(b []byte, version int16, ps Partitions, known Topics) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(min(max(version, 0), embeddedNewest)))
	at, topics := len(b), uint32(0)
	b = binary.BigEndian.AppendUint32(b, 0)
	ps.EachTopic(func(topic kafka.TopicID, some Partitions) {
		name, there := "", false
		if known != nil {
			name, there = known.Name(topic)
		}
		if !there {
			return
		}
		topics++
		b = appendString(b, name)
		b = binary.BigEndian.AppendUint32(b, uint32(len(some)))
		for _, tp := range some {
			b = binary.BigEndian.AppendUint32(b, uint32(tp.Partition))
		}
	})
	binary.BigEndian.PutUint32(b[at:], topics)
	return binary.BigEndian.AppendUint32(b, 0xffff_ffff) // no user data
}

// identified finds the partitions that are there by their topics' IDs.
func identified(all []namedPartition, known Topics) []kafka.TopicPartition {
	var out []kafka.TopicPartition
	for _, p := range all {
		if id, n, there := known.Find(p.topic); there && p.partition >= 0 && p.partition < kafka.PartitionIndex(n) {
			out = append(out, kafka.TopicPartition{Topic: id, Partition: p.partition})
		}
	}
	return out
}
