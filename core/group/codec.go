package group

import (
	"encoding/binary"
	"errors"

	"trialog/core/kafka"
)

// Kafka's formats of __consumer_offsets: a key begins with its kind, a value
// with its version.
const (
	keyOffsetOld int16 = 0 // OffsetCommitKey
	keyOffset    int16 = 1
	keyClassic   int16 = 2 // GroupMetadataKey

	offsetValueExpiry  int16 = 1 // with an explicit expiry; read, not written
	offsetValueNewest  int16 = 4 // flexible; names the topic by ID in tag 0
	classicValueNewest int16 = 3 // with group.instance.id
	classicFlexible    int16 = 4
	tagTopicID               = 0
	// tagExpiresAt is ours. Kafka writes an offset with an explicit expiry in version
	// 1, which has no room for the topic's ID.
	tagExpiresAt = 10_000
)

// errRecord says that a record is not in a format that Kafka has written.
var errRecord = errors.New("malformed record of __consumer_offsets")

// appendKey appends the key of a record.
func appendKey(b []byte, r *Record) []byte {
	if r.Kind.consumers() {
		return appendConsumerKey(b, r)
	}
	if r.Kind == ClassicRecord {
		b = binary.BigEndian.AppendUint16(b, uint16(keyClassic))
		return appendString(b, r.Group)
	}
	b = binary.BigEndian.AppendUint16(b, uint16(keyOffset))
	b = appendString(b, r.Group)
	b = appendString(b, r.Topic)
	return binary.BigEndian.AppendUint32(b, uint32(r.Partition))
}

// appendValue appends the value of a record; a tombstone appends nothing and is
// told by false.
func appendValue(b []byte, r *Record) ([]byte, bool) {
	switch {
	case r.Kind == ClassicRecord && r.Classic != nil:
		return appendClassic(b, r.Classic), true
	case r.Kind == OffsetRecord && r.HasValue:
		return appendOffset(b, &r.Offset), true
	case r.Consumer != nil:
		return appendConsumerValue(b, r.Consumer), true
	}
	return b, false
}

func appendOffset(b []byte, o *Offset) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(offsetValueNewest))
	b = binary.BigEndian.AppendUint64(b, uint64(o.Offset))
	b = binary.BigEndian.AppendUint32(b, uint32(o.LeaderEpoch))
	b = binary.AppendUvarint(b, uint64(len(o.Metadata))+1)
	b = append(b, o.Metadata...)
	b = binary.BigEndian.AppendUint64(b, uint64(o.CommittedAt))
	tags := len(b)
	b = append(b, 0)
	if o.TopicID != (kafka.TopicID{}) {
		b[tags]++
		b = append(b, tagTopicID, byte(len(o.TopicID)))
		b = append(b, o.TopicID[:]...)
	}
	if o.ExpiresAt != kafka.NoTimestamp {
		b[tags]++
		b = append(binary.AppendUvarint(b, tagExpiresAt), 8)
		b = binary.BigEndian.AppendUint64(b, uint64(o.ExpiresAt))
	}
	return b
}

func appendClassic(b []byte, c *ClassicValue) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(classicValueNewest))
	b = appendString(b, c.ProtocolType)
	b = binary.BigEndian.AppendUint32(b, uint32(c.Generation))
	b = appendNullable(b, c.Protocol)
	b = appendNullable(b, c.Leader)
	b = binary.BigEndian.AppendUint64(b, uint64(c.StateAt))
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.Members)))
	for i := range c.Members {
		m := &c.Members[i]
		b = appendString(b, m.ID)
		b = appendNullable(b, m.InstanceID)
		b = appendString(b, m.ClientID)
		b = appendString(b, m.ClientHost)
		b = binary.BigEndian.AppendUint32(b, uint32(m.RebalanceTimeoutMs))
		b = binary.BigEndian.AppendUint32(b, uint32(m.SessionTimeoutMs))
		b = appendBytes(b, m.Subscription)
		b = appendBytes(b, m.Assignment)
	}
	return b
}

// decode reads a record; value nil: a tombstone. What it returns shares nothing
// with key and value.
func decode(key, value []byte) (Record, error) {
	k := reader{b: key}
	var r Record
	switch key := k.int16(); key {
	case keyOffsetOld, keyOffset:
		r.Kind = OffsetRecord
		r.Group, r.Topic, r.Partition = k.string(), k.string(), kafka.PartitionIndex(k.int32())
	case keyClassic:
		r.Kind = ClassicRecord
		r.Group = k.string()
	default:
		if r.Kind = consumerKind(key); r.Kind == UnknownRecord {
			return Record{}, nil
		}
		r.Group = k.string()
		if r.Kind.named() {
			r.Name = k.string()
		}
	}
	if k.bad || len(k.b) != 0 {
		return Record{}, errRecord
	}
	if value == nil {
		return r, nil
	}
	v := reader{b: value}
	version := v.int16()
	switch r.Kind {
	case OffsetRecord:
		r.HasValue, r.Offset = true, v.offset(version)
	case ClassicRecord:
		r.Classic = v.classic(version)
	default:
		r.Consumer = v.consumer(r.Kind, version)
	}
	if v.bad || len(v.b) != 0 {
		return Record{}, errRecord
	}
	return r, nil
}

func (r *reader) offset(version int16) Offset {
	if version < 0 || version > offsetValueNewest {
		r.bad = true
		return Offset{}
	}
	r.flexible = version >= offsetValueNewest
	o := Offset{Offset: kafka.Offset(r.int64()), LeaderEpoch: kafka.NoLeaderEpoch, ExpiresAt: kafka.NoTimestamp}
	if version >= 3 {
		o.LeaderEpoch = kafka.LeaderEpoch(r.int32())
	}
	o.Metadata = r.string()
	o.CommittedAt = kafka.TimestampMs(r.int64())
	if version == offsetValueExpiry {
		o.ExpiresAt = kafka.TimestampMs(r.int64())
	}
	r.tags(func(tag uint64, b []byte) {
		switch {
		case tag == tagTopicID && len(b) == len(o.TopicID):
			copy(o.TopicID[:], b)
		case tag == tagExpiresAt && len(b) == 8:
			o.ExpiresAt = kafka.TimestampMs(binary.BigEndian.Uint64(b))
		}
	})
	return o
}

func (r *reader) classic(version int16) *ClassicValue {
	if version < 0 || version > classicFlexible {
		r.bad = true
		return nil
	}
	r.flexible = version >= classicFlexible
	c := &ClassicValue{
		ProtocolType: r.string(), Generation: r.int32(), Protocol: r.string(), Leader: r.string(), StateAt: kafka.NoTimestamp,
	}
	if version >= 2 {
		c.StateAt = kafka.TimestampMs(r.int64())
	}
	for n := r.count(); n > 0 && !r.bad; n-- {
		m := ClassicMember{ID: r.string()}
		if version >= 3 {
			m.InstanceID = r.string()
		}
		m.ClientID, m.ClientHost = r.string(), r.string()
		if version >= 1 {
			m.RebalanceTimeoutMs = r.int32()
		}
		m.SessionTimeoutMs = r.int32()
		if version == 0 {
			m.RebalanceTimeoutMs = m.SessionTimeoutMs
		}
		m.Subscription, m.Assignment = r.bytes(), r.bytes()
		r.tags(nil)
		c.Members = append(c.Members, m)
	}
	r.tags(nil)
	return c
}
