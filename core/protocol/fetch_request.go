package protocol

import "trialog/core/kafka"

// FetchTopicIDs is the first version of Fetch that names topics by ID.
const FetchTopicIDs = 13

// Fetch speaks versions 4 to 18: 7 has sessions, 9 the leader epoch, 11 the
// rack, 12 is flexible and has the last fetched epoch, 15 moves the replica
// into a tagged field, 16 hints at leaders.
const (
	fetchSessions  = 7
	fetchEpoch     = 9
	fetchRack      = 11
	fetchFlexible  = 12
	fetchReplica   = 15
	fetchHints     = 16
	tagReplica     = 1
	tagDurableEnd  = 10_000 // ours; Kafka's own tags of this struct are 0 and 1
	minFetchTopic  = 2 + 4
	minFetchTopicF = 3
)

// DecodeFetchRequest reads the body of a Fetch request into dst, whose memory
// is reused.
func DecodeFetchRequest(dst *FetchRequest, version int16, body []byte) kafka.ErrorCode {
	r := reader{b: body, flex: version >= fetchFlexible}
	partitions, forgotten, rack := dst.Partitions[:0], dst.Forgotten[:0], dst.RackID
	*dst = FetchRequest{ReplicaID: kafka.NoBroker, ReplicaEpoch: kafka.NoBrokerEpoch, SessionEpoch: -1, Partitions: partitions, Forgotten: forgotten}
	if version < fetchReplica {
		dst.ReplicaID = kafka.BrokerID(r.int32())
	}
	dst.MaxWaitMs = r.int32()
	dst.MinBytes = r.int32()
	dst.MaxBytes = r.int32()
	dst.ReadCommitted = r.int8() == 1
	if version >= fetchSessions {
		dst.SessionID = r.int32()
		dst.SessionEpoch = r.int32()
	}
	minTopic := minFetchTopic
	if r.flex {
		minTopic = minFetchTopicF
	}
	for range r.arrayLen(minTopic) {
		decodeFetchTopic(dst, version, &r)
		if r.bad {
			break
		}
	}
	if version >= fetchSessions {
		for range r.arrayLen(minTopic) {
			decodeForgotten(dst, version, &r)
			if r.bad {
				break
			}
		}
	}
	if version >= fetchRack {
		dst.RackID = r.string(rack)
	}
	for w := r.tags(); w.next(&r); {
		if w.tag == tagReplica && version >= fetchReplica {
			dst.ReplicaID = kafka.BrokerID(w.field.int32())
			dst.ReplicaEpoch = kafka.BrokerEpoch(w.field.int64())
			w.field.skipTags()
		}
	}
	if r.bad || len(r.b) != 0 {
		return kafka.ErrInvalidRequest
	}
	return kafka.None
}

func decodeFetchTopic(dst *FetchRequest, version int16, r *reader) {
	var topic string
	var id kafka.TopicID
	if version >= FetchTopicIDs {
		id = r.topicID()
	} else {
		prev := ""
		if n := len(dst.Partitions); n < cap(dst.Partitions) {
			prev = dst.Partitions[:n+1][n].Topic
		}
		topic = r.string(prev)
	}
	for range r.arrayLen(4 + 8 + 4) {
		n := len(dst.Partitions)
		if n < cap(dst.Partitions) {
			dst.Partitions = dst.Partitions[:n+1]
		} else {
			dst.Partitions = append(dst.Partitions, FetchPartition{})
		}
		p := &dst.Partitions[n]
		p.Topic, p.TopicID = topic, id
		decodeFetchPartition(p, version, r)
		if r.bad {
			return
		}
	}
	r.skipTags()
}

func decodeFetchPartition(p *FetchPartition, version int16, r *reader) {
	p.Partition = kafka.PartitionIndex(r.int32())
	p.CurrentLeaderEpoch = kafka.NoLeaderEpoch
	if version >= fetchEpoch {
		p.CurrentLeaderEpoch = kafka.LeaderEpoch(r.int32())
	}
	p.FetchOffset = kafka.Offset(r.int64())
	p.LastFetchedEpoch = kafka.NoLeaderEpoch
	if version >= fetchFlexible {
		p.LastFetchedEpoch = kafka.LeaderEpoch(r.int32())
	}
	p.LogStartOffset = kafka.NoOffset
	if version >= 5 {
		p.LogStartOffset = kafka.Offset(r.int64())
	}
	p.PartitionMaxBytes = r.int32()
	p.DurableEndOffset = kafka.NoOffset
	for w := r.tags(); w.next(r); {
		if w.tag == tagDurableEnd {
			p.DurableEndOffset = kafka.Offset(w.field.int64())
		}
	}
}

func decodeForgotten(dst *FetchRequest, version int16, r *reader) {
	var f ForgottenPartition
	if version >= FetchTopicIDs {
		f.TopicID = r.topicID()
	} else {
		f.Topic = r.string("")
	}
	for range r.arrayLen(4) {
		f.Partition = kafka.PartitionIndex(r.int32())
		dst.Forgotten = append(dst.Forgotten, f)
	}
	r.skipTags()
}

// AppendFetchRequest appends the body of a Fetch request. Neighbours of one
// topic become one topic on the wire.
func AppendFetchRequest(dst []byte, version int16, q *FetchRequest) []byte {
	flex := version >= fetchFlexible
	if version < fetchReplica {
		dst = appendInt32(dst, int32(q.ReplicaID))
	}
	dst = appendInt32(dst, q.MaxWaitMs)
	dst = appendInt32(dst, q.MinBytes)
	dst = appendInt32(dst, q.MaxBytes)
	if q.ReadCommitted {
		dst = append(dst, 1)
	} else {
		dst = append(dst, 0)
	}
	if version >= fetchSessions {
		dst = appendInt32(dst, q.SessionID)
		dst = appendInt32(dst, q.SessionEpoch)
	}
	dst = appendFetchTopics(dst, version, flex, q.Partitions)
	if version >= fetchSessions {
		dst = appendForgotten(dst, version, flex, q.Forgotten)
	}
	if version >= fetchRack {
		dst = appendString(dst, flex, q.RackID)
	}
	if !flex {
		return dst
	}
	if version < fetchReplica || q.ReplicaID == kafka.NoBroker && q.ReplicaEpoch == kafka.NoBrokerEpoch {
		return append(dst, 0)
	}
	dst = append(dst, 1, tagReplica, 4+8+1)
	dst = appendInt32(dst, int32(q.ReplicaID))
	dst = appendInt64(dst, int64(q.ReplicaEpoch))
	return append(dst, 0)
}

func appendFetchTopics(dst []byte, version int16, flex bool, ps []FetchPartition) []byte {
	topics := 0
	for i := range ps {
		if i == 0 || !sameFetchTopic(version, &ps[i-1], &ps[i]) {
			topics++
		}
	}
	dst = appendArrayLen(dst, flex, topics)
	for i := 0; i < len(ps); {
		end := i + 1
		for end < len(ps) && sameFetchTopic(version, &ps[i], &ps[end]) {
			end++
		}
		if version >= FetchTopicIDs {
			dst = append(dst, ps[i].TopicID[:]...)
		} else {
			dst = appendString(dst, flex, ps[i].Topic)
		}
		dst = appendArrayLen(dst, flex, end-i)
		for ; i < end; i++ {
			dst = appendFetchPartition(dst, version, flex, &ps[i])
		}
		dst = appendNoTags(dst, flex)
	}
	return dst
}

func appendFetchPartition(dst []byte, version int16, flex bool, p *FetchPartition) []byte {
	dst = appendInt32(dst, int32(p.Partition))
	if version >= fetchEpoch {
		dst = appendInt32(dst, int32(p.CurrentLeaderEpoch))
	}
	dst = appendInt64(dst, int64(p.FetchOffset))
	if version >= fetchFlexible {
		dst = appendInt32(dst, int32(p.LastFetchedEpoch))
	}
	if version >= 5 {
		dst = appendInt64(dst, int64(p.LogStartOffset))
	}
	dst = appendInt32(dst, p.PartitionMaxBytes)
	if !flex {
		return dst
	}
	if p.DurableEndOffset == kafka.NoOffset {
		return append(dst, 0)
	}
	dst = append(dst, 1)
	dst = appendUvarint(dst, tagDurableEnd)
	dst = append(dst, 8)
	return appendInt64(dst, int64(p.DurableEndOffset))
}

func appendForgotten(dst []byte, version int16, flex bool, fs []ForgottenPartition) []byte {
	same := func(a, b *ForgottenPartition) bool {
		if version >= FetchTopicIDs {
			return a.TopicID == b.TopicID
		}
		return a.Topic == b.Topic
	}
	topics := 0
	for i := range fs {
		if i == 0 || !same(&fs[i-1], &fs[i]) {
			topics++
		}
	}
	dst = appendArrayLen(dst, flex, topics)
	for i := 0; i < len(fs); {
		end := i + 1
		for end < len(fs) && same(&fs[i], &fs[end]) {
			end++
		}
		if version >= FetchTopicIDs {
			dst = append(dst, fs[i].TopicID[:]...)
		} else {
			dst = appendString(dst, flex, fs[i].Topic)
		}
		dst = appendArrayLen(dst, flex, end-i)
		for ; i < end; i++ {
			dst = appendInt32(dst, int32(fs[i].Partition))
		}
		dst = appendNoTags(dst, flex)
	}
	return dst
}

func sameFetchTopic(version int16, a, b *FetchPartition) bool {
	if version >= FetchTopicIDs {
		return a.TopicID == b.TopicID
	}
	return a.Topic == b.Topic
}
