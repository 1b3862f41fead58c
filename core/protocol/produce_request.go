package protocol

import "trialog/core/kafka"

// ProduceTopicIDs is the first version of Produce that names topics by ID. The
// versions spoken are 3 to 13.
const ProduceTopicIDs = 13

const (
	produceFlexible = 9
	produceHints    = 10 // at leaders (KIP-951)
)

// DecodeProduceRequest reads the body of a Produce request into dst, whose
// memory is reused. Record bytes alias body.
func DecodeProduceRequest(dst *ProduceRequest, version int16, body []byte) kafka.ErrorCode {
	r := reader{b: body, flex: version >= produceFlexible}
	dst.TransactionalID, dst.HasTransactionalID = r.nullableString(dst.TransactionalID)
	dst.Acks = r.int16()
	dst.TimeoutMs = r.int32()
	dst.Partitions = dst.Partitions[:0]
	minTopic := 2 + 4 // an empty name, an empty array
	if r.flex {
		minTopic = 3
	}
	for range r.arrayLen(minTopic) {
		decodeProduceTopic(dst, version, &r)
		if r.bad {
			break
		}
	}
	r.skipTags()
	if r.bad || len(r.b) != 0 {
		return kafka.ErrInvalidRequest
	}
	return kafka.None
}

func decodeProduceTopic(dst *ProduceRequest, version int16, r *reader) {
	var topic string
	var id kafka.TopicID
	if version >= ProduceTopicIDs {
		id = r.topicID()
	} else {
		topic = r.string(nextTopic(dst.Partitions))
	}
	minPartition := 4 + 4
	if r.flex {
		minPartition = 6
	}
	for range r.arrayLen(minPartition) {
		p := growProduce(dst)
		p.Topic, p.TopicID = topic, id
		p.Partition = kafka.PartitionIndex(r.int32())
		p.Records = r.nullableBytes()
		p.Checked = Checked{}
		r.skipTags()
		if r.bad {
			return
		}
	}
	r.skipTags()
}

// nextTopic is the name that stood in the slot which the next partition fills,
// when the request has been used before.
func nextTopic(ps []ProducePartition) string {
	if len(ps) < cap(ps) {
		return ps[:len(ps)+1][len(ps)].Topic
	}
	return ""
}

func growProduce(dst *ProduceRequest) *ProducePartition {
	n := len(dst.Partitions)
	if n < cap(dst.Partitions) {
		dst.Partitions = dst.Partitions[:n+1]
	} else {
		dst.Partitions = append(dst.Partitions, ProducePartition{})
	}
	return &dst.Partitions[n]
}

// AppendProduceRequest appends the body of a Produce request. Neighbours of
// one topic become one topic on the wire.
func AppendProduceRequest(dst []byte, version int16, q *ProduceRequest) []byte {
	flex := version >= produceFlexible
	dst = appendNullableString(dst, flex, q.TransactionalID, q.HasTransactionalID)
	dst = appendInt16(dst, q.Acks)
	dst = appendInt32(dst, q.TimeoutMs)
	topics := 0
	for i := range q.Partitions {
		if i == 0 || !sameProduceTopic(version, &q.Partitions[i-1], &q.Partitions[i]) {
			topics++
		}
	}
	dst = appendArrayLen(dst, flex, topics)
	for i := 0; i < len(q.Partitions); {
		end := i + 1
		for end < len(q.Partitions) && sameProduceTopic(version, &q.Partitions[i], &q.Partitions[end]) {
			end++
		}
		if version >= ProduceTopicIDs {
			dst = append(dst, q.Partitions[i].TopicID[:]...)
		} else {
			dst = appendString(dst, flex, q.Partitions[i].Topic)
		}
		dst = appendArrayLen(dst, flex, end-i)
		for ; i < end; i++ {
			p := &q.Partitions[i]
			dst = appendInt32(dst, int32(p.Partition))
			dst = appendNullableBytes(dst, flex, p.Records)
			dst = appendNoTags(dst, flex)
		}
		dst = appendNoTags(dst, flex)
	}
	return appendNoTags(dst, flex)
}

func sameProduceTopic(version int16, a, b *ProducePartition) bool {
	if version >= ProduceTopicIDs {
		return a.TopicID == b.TopicID
	}
	return a.Topic == b.Topic
}
