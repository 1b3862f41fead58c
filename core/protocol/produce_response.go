package protocol

import "trialog/core/kafka"

// DecodeProduceResponse reads the body of a Produce response into dst, whose
// memory is reused.
func DecodeProduceResponse(dst *ProduceResponse, version int16, body []byte) kafka.ErrorCode {
	r := reader{b: body, flex: version >= produceFlexible}
	dst.ThrottleMs = 0
	dst.Partitions = dst.Partitions[:0]
	dst.Nodes = dst.Nodes[:0]
	minTopic := 2 + 4
	if r.flex {
		minTopic = 3
	}
	for range r.arrayLen(minTopic) {
		decodeProducedTopic(dst, version, &r)
		if r.bad {
			break
		}
	}
	dst.ThrottleMs = r.int32()
	for w := r.tags(); w.next(&r); {
		if w.tag == 0 && version >= produceHints {
			dst.Nodes = decodeNodes(dst.Nodes, &w.field)
		}
	}
	if r.bad || len(r.b) != 0 {
		return kafka.ErrInvalidRequest
	}
	return kafka.None
}

func decodeProducedTopic(dst *ProduceResponse, version int16, r *reader) {
	var topic string
	var id kafka.TopicID
	if version >= ProduceTopicIDs {
		id = r.topicID()
	} else {
		prev := ""
		if n := len(dst.Partitions); n < cap(dst.Partitions) {
			prev = dst.Partitions[:n+1][n].Topic
		}
		topic = r.string(prev)
	}
	for range r.arrayLen(4 + 2 + 8 + 8) {
		n := len(dst.Partitions)
		if n < cap(dst.Partitions) {
			dst.Partitions = dst.Partitions[:n+1]
		} else {
			dst.Partitions = append(dst.Partitions, ProducePartitionResponse{})
		}
		decodeProducedPartition(&dst.Partitions[n], version, r)
		dst.Partitions[n].Topic, dst.Partitions[n].TopicID = topic, id
		if r.bad {
			return
		}
	}
	r.skipTags()
}

func decodeProducedPartition(p *ProducePartitionResponse, version int16, r *reader) {
	p.Partition = kafka.PartitionIndex(r.int32())
	p.Err = kafka.ErrorCode(r.int16())
	p.BaseOffset = kafka.Offset(r.int64())
	p.LogAppendTime = kafka.TimestampMs(r.int64())
	p.LogStartOffset = kafka.NoOffset
	if version >= 5 {
		p.LogStartOffset = kafka.Offset(r.int64())
	}
	message, errors := "", []RecordError(nil)
	if version >= 8 {
		minRecord := 4 + 2
		if r.flex {
			minRecord = 4 + 1 + 1
		}
		for range r.arrayLen(minRecord) {
			e := RecordError{Index: r.int32()}
			e.Message, _ = r.nullableString("")
			r.skipTags()
			errors = append(errors, e)
		}
		message, _ = r.nullableString(p.ErrMessage)
	}
	p.ErrMessage, p.RecordErrors = message, errors
	p.CurrentLeader = LeaderHint{}
	for w := r.tags(); w.next(r); {
		if w.tag == 0 && version >= produceHints {
			p.CurrentLeader = decodeLeaderHint(&w.field)
		}
	}
}

// AppendProduceResponse appends the body of a Produce response.
func AppendProduceResponse(dst []byte, version int16, q *ProduceResponse) []byte {
	flex := version >= produceFlexible
	topics := 0
	for i := range q.Partitions {
		if i == 0 || !sameProducedTopic(version, &q.Partitions[i-1], &q.Partitions[i]) {
			topics++
		}
	}
	dst = appendArrayLen(dst, flex, topics)
	for i := 0; i < len(q.Partitions); {
		end := i + 1
		for end < len(q.Partitions) && sameProducedTopic(version, &q.Partitions[i], &q.Partitions[end]) {
			end++
		}
		if version >= ProduceTopicIDs {
			dst = append(dst, q.Partitions[i].TopicID[:]...)
		} else {
			dst = appendString(dst, flex, q.Partitions[i].Topic)
		}
		dst = appendArrayLen(dst, flex, end-i)
		for ; i < end; i++ {
			dst = appendProducedPartition(dst, version, flex, &q.Partitions[i])
		}
		dst = appendNoTags(dst, flex)
	}
	dst = appendInt32(dst, q.ThrottleMs)
	if flex {
		dst = appendNodesTag(dst, version >= produceHints, q.Nodes)
	}
	return dst
}

func appendProducedPartition(dst []byte, version int16, flex bool, p *ProducePartitionResponse) []byte {
	dst = appendInt32(dst, int32(p.Partition))
	dst = appendInt16(dst, int16(p.Err))
	dst = appendInt64(dst, int64(p.BaseOffset))
	dst = appendInt64(dst, int64(p.LogAppendTime))
	if version >= 5 {
		dst = appendInt64(dst, int64(p.LogStartOffset))
	}
	if version >= 8 {
		dst = appendArrayLen(dst, flex, len(p.RecordErrors))
		for i := range p.RecordErrors {
			e := &p.RecordErrors[i]
			dst = appendInt32(dst, e.Index)
			dst = appendNullableString(dst, flex, e.Message, e.Message != "")
			dst = appendNoTags(dst, flex)
		}
		dst = appendNullableString(dst, flex, p.ErrMessage, p.ErrMessage != "")
	}
	if !flex {
		return dst
	}
	if version < produceHints || !p.CurrentLeader.Set {
		return append(dst, 0)
	}
	return appendLeaderHint(append(dst, 1), 0, p.CurrentLeader)
}

func sameProducedTopic(version int16, a, b *ProducePartitionResponse) bool {
	if version >= ProduceTopicIDs {
		return a.TopicID == b.TopicID
	}
	return a.Topic == b.Topic
}
