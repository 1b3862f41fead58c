package group

import (
	"encoding/binary"
	"slices"

	"trialog/core/kafka"
)

// consumerKeys are the kinds of keys of the consumer protocol's records, in the
// order of RecordKind.
var consumerKeys = [...]int16{3, 4, 5, 6, 7, 8, 16}

// tagHash is the tagged field of ConsumerGroupMetadata that has GroupEpoch.Hash,
// tagClassic the one of ConsumerGroupMemberMetadata that has ConsumerMember.Classic.
const (
	tagHash    = 0
	tagClassic = 0
)

// consumerKind is the kind of record that a key's number stands for.
func consumerKind(key int16) RecordKind {
	for i, k := range consumerKeys {
		if k == key {
			return GroupEpochRecord + RecordKind(i)
		}
	}
	return UnknownRecord
}

// named tells whether the key has a name beside the group's.
func (k RecordKind) named() bool {
	switch k {
	case ConsumerMemberRecord, TargetRecord, CurrentRecord, RegexRecord:
		return true
	default:
		return false
	}
}

func appendConsumerKey(b []byte, r *Record) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(consumerKeys[r.Kind-GroupEpochRecord]))
	b = appendString(b, r.Group)
	if r.Kind.named() {
		b = appendString(b, r.Name)
	}
	return b
}

// appendConsumerValue appends a value. All are of version 0, which is flexible.
func appendConsumerValue(b []byte, value ConsumerValue) []byte {
	b = append(b, 0, 0)
	switch v := value.(type) {
	case *GroupEpoch:
		b = binary.BigEndian.AppendUint32(b, uint32(v.Epoch))
		if v.Hash == 0 {
			return append(b, 0)
		}
		b = append(b, 1, tagHash, 8)
		return binary.BigEndian.AppendUint64(b, uint64(v.Hash))
	case *TopicsSeen:
		b = append(b, 1)
	case *ConsumerMember:
		return appendConsumerMember(b, v)
	case *TargetEpoch:
		b = binary.BigEndian.AppendUint32(b, uint32(v.Epoch))
	case *Target:
		b = appendPartitions(b, v.Partitions, nil)
	case *Current:
		b = binary.BigEndian.AppendUint32(b, uint32(v.Epoch))
		b = binary.BigEndian.AppendUint32(b, uint32(v.Previous))
		b = append(b, byte(v.State))
		b = appendPartitions(b, v.Assigned, v.AssignedSince)
		b = appendPartitions(b, v.Revoking, v.RevokingSince)
	case *ResolvedRegex:
		b = appendCompacts(b, v.Topics)
		b = binary.BigEndian.AppendUint64(b, uint64(v.Version))
		b = binary.BigEndian.AppendUint64(b, uint64(v.At))
	}
	return append(b, 0)
}

func appendConsumerMember(b []byte, v *ConsumerMember) []byte {
	b = appendCompactNullable(b, v.InstanceID)
	b = appendCompactNullable(b, v.Rack)
	b = appendCompact(b, v.Client.ID)
	b = appendCompact(b, v.Client.Host)
	b = appendCompacts(b, v.Topics)
	b = appendCompactNullable(b, v.Regex)
	b = binary.BigEndian.AppendUint32(b, uint32(v.RebalanceTimeoutMs))
	b = appendCompactNullable(b, v.Assignor)
	if v.Classic == nil {
		return append(b, 0)
	}
	c := []byte{1} // it is there
	c = binary.BigEndian.AppendUint32(c, uint32(v.Classic.SessionTimeoutMs))
	c = binary.AppendUvarint(c, uint64(len(v.Classic.Protocols))+1)
	for i := range v.Classic.Protocols {
		p := &v.Classic.Protocols[i]
		c = appendCompact(c, p.Name)
		c = binary.AppendUvarint(c, uint64(len(p.Metadata))+1)
		c = append(append(c, p.Metadata...), 0)
	}
	c = append(c, 0)
	b = append(b, 1, tagClassic)
	b = binary.AppendUvarint(b, uint64(len(c)))
	return append(b, c...)
}

func appendCompact(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s))+1)
	return append(b, s...)
}

// appendCompactNullable appends a string, or null for an empty one.
func appendCompactNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, 0)
	}
	return appendCompact(b, s)
}

func appendCompacts(b []byte, all []string) []byte {
	b = binary.AppendUvarint(b, uint64(len(all))+1)
	for _, s := range all {
		b = appendCompact(b, s)
	}
	return b
}

// consumer reads the value of a record of the consumer protocol.
func (r *reader) consumer(kind RecordKind, version int16) ConsumerValue {
	if version != 0 {
		r.bad = true
		return nil
	}
	r.flexible = true
	var value ConsumerValue
	switch kind {
	case GroupEpochRecord:
		return r.groupEpoch()
	case TopicsSeenRecord:
		r.b = nil
		return &TopicsSeen{}
	case ConsumerMemberRecord:
		return r.consumerMember()
	case TargetEpochRecord:
		value = &TargetEpoch{Epoch: r.int32()}
	case TargetRecord:
		value = &Target{Partitions: r.partitions()}
	case CurrentRecord:
		c := &Current{Epoch: r.int32(), Previous: r.int32(), State: r.memberState()}
		c.Assigned, c.AssignedSince = r.partitionsSince(max(c.Epoch, 0))
		c.Revoking, c.RevokingSince = r.partitionsSince(max(c.Epoch, 0))
		value = c
	case RegexRecord:
		value = &ResolvedRegex{Topics: r.strings(), Version: r.int64(), At: kafka.TimestampMs(r.int64())}
	case UnknownRecord, OffsetRecord, ClassicRecord:
	}
	r.tags(nil)
	return value
}

func (r *reader) groupEpoch() *GroupEpoch {
	v := &GroupEpoch{Epoch: r.int32()}
	r.tags(func(tag uint64, b []byte) {
		if tag == tagHash && len(b) == 8 {
			v.Hash = int64(binary.BigEndian.Uint64(b))
		}
	})
	return v
}

func (r *reader) consumerMember() *ConsumerMember {
	v := &ConsumerMember{
		InstanceID: r.string(), Rack: r.string(), Client: Client{ID: r.string(), Host: r.string()},
		Topics: r.strings(), Regex: r.string(), RebalanceTimeoutMs: r.int32(), Assignor: r.string(),
	}
	bad := false
	r.tags(func(tag uint64, b []byte) {
		if tag == tagClassic && len(b) > 0 && b[0] == 1 {
			c := reader{b: b[1:], flexible: true}
			v.Classic = c.classicSpeaker()
			bad = bad || c.bad
		}
	})
	r.bad = r.bad || bad
	return v
}

func (r *reader) classicSpeaker() *ClassicSpeaker {
	s := &ClassicSpeaker{SessionTimeoutMs: r.int32()}
	for n := r.count(); n > 0 && !r.bad; n-- {
		s.Protocols = append(s.Protocols, Protocol{Name: r.string(), Metadata: r.bytes()})
		r.tags(nil)
	}
	r.tags(nil)
	r.bad = r.bad || len(s.Protocols) == 0
	return s
}

func (r *reader) memberState() MemberState {
	if b := r.span(1); b != nil {
		return MemberState(b[0])
	}
	return 0
}

// strings reads an array of strings and sorts it.
func (r *reader) strings() []string {
	var all []string
	for n := r.count(); n > 0 && !r.bad; n-- {
		all = append(all, r.string())
	}
	slices.Sort(all)
	return slices.Compact(all)
}
