package batch

import (
	"encoding/binary"
	"hash/crc32"

	"trialog/core/kafka"
)

// The layout of a batch of magic 2, in bytes from its start.
const (
	offBaseOffset      = 0
	offLength          = 8
	offLeaderEpoch     = 12
	offMagic           = 16
	offCRC             = 17
	offAttributes      = 21
	offLastOffsetDelta = 23
	offBaseTimestamp   = 27
	offMaxTimestamp    = 35
	offProducerID      = 43
	offProducerEpoch   = 51
	offBaseSequence    = 53
	offCount           = 57

	// HeaderSize is the length of a batch's header; the records follow.
	HeaderSize = 61
	// prefixSize is what the length field does not count.
	prefixSize = 12
	// Magic is the only format that is accepted.
	Magic = 2
)

// Bits of the attributes.
const (
	attrCodec         = 0x07
	attrLogAppendTime = 0x08
	attrTransactional = 0x10
	attrControl       = 0x20
	attrDeleteHorizon = 0x40
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// View reads one batch in place. The accessors need HeaderSize bytes; whether
// the bytes are a whole batch is Whole's to say, whether they are intact is
// Intact's.
type View []byte

// Whole tells whether v begins with a complete batch of magic 2.
func (v View) Whole() bool {
	if len(v) < HeaderSize {
		return false
	}
	n := v.Size()
	return n >= HeaderSize && n <= len(v) && v.Magic() == Magic
}

// Size is the number of bytes that the whole batch takes, header included; it
// needs the first 12 bytes and is not to be trusted before Whole.
func (v View) Size() int {
	return prefixSize + int(int32(binary.BigEndian.Uint32(v[offLength:])))
}

// BaseOffset is the offset of the first record.
func (v View) BaseOffset() kafka.Offset {
	return kafka.Offset(binary.BigEndian.Uint64(v[offBaseOffset:]))
}

// LastOffset is the offset of the last record, inclusive.
func (v View) LastOffset() kafka.Offset {
	return v.BaseOffset() + kafka.Offset(v.LastOffsetDelta())
}

// NextOffset is what follows the batch: the last offset plus one.
func (v View) NextOffset() kafka.Offset { return v.LastOffset() + 1 }

// LeaderEpoch is stamped by the leader and stands outside the CRC.
func (v View) LeaderEpoch() kafka.LeaderEpoch {
	return kafka.LeaderEpoch(binary.BigEndian.Uint32(v[offLeaderEpoch:]))
}

// Magic is the format's version.
func (v View) Magic() int8 { return int8(v[offMagic]) }

// CRC is the stored CRC-32C over everything from the attributes on.
func (v View) CRC() uint32 { return binary.BigEndian.Uint32(v[offCRC:]) }

// Intact recomputes the CRC of a whole batch.
func (v View) Intact() bool {
	return crc32.Checksum(v[offAttributes:v.Size()], castagnoli) == v.CRC()
}

// Attributes holds codec, timestamp type, transactional, control and delete-horizon bits.
func (v View) Attributes() int16 { return int16(binary.BigEndian.Uint16(v[offAttributes:])) }

// Codec names the compression of the records.
func (v View) Codec() CodecID { return CodecID(v.Attributes() & attrCodec) }

// LogAppendTime tells that MaxTimestamp is the broker's for every record.
func (v View) LogAppendTime() bool { return v.Attributes()&attrLogAppendTime != 0 }

// Transactional tells that the batch belongs to a transaction.
func (v View) Transactional() bool { return v.Attributes()&attrTransactional != 0 }

// Control tells that the batch holds a marker instead of an application's records.
func (v View) Control() bool { return v.Attributes()&attrControl != 0 }

// DeleteHorizon is from when on the batch's tombstones may go (KIP-534),
// NoTimestamp while no cleaner has met one in it. It stands where the records'
// timestamps count from.
func (v View) DeleteHorizon() kafka.TimestampMs {
	if v.Attributes()&attrDeleteHorizon == 0 {
		return kafka.NoTimestamp
	}
	return v.BaseTimestamp()
}

// LastOffsetDelta is the last record's offset relative to BaseOffset.
func (v View) LastOffsetDelta() int32 {
	return int32(binary.BigEndian.Uint32(v[offLastOffsetDelta:]))
}

// BaseTimestamp is what the records' timestamp deltas count from.
func (v View) BaseTimestamp() kafka.TimestampMs {
	return kafka.TimestampMs(binary.BigEndian.Uint64(v[offBaseTimestamp:]))
}

// MaxTimestamp is the largest timestamp of the records.
func (v View) MaxTimestamp() kafka.TimestampMs {
	return kafka.TimestampMs(binary.BigEndian.Uint64(v[offMaxTimestamp:]))
}

// ProducerID is NoProducerID without idempotence.
func (v View) ProducerID() kafka.ProducerID {
	return kafka.ProducerID(binary.BigEndian.Uint64(v[offProducerID:]))
}

// ProducerEpoch is the producer's incarnation.
func (v View) ProducerEpoch() kafka.ProducerEpoch {
	return kafka.ProducerEpoch(binary.BigEndian.Uint16(v[offProducerEpoch:]))
}

// BaseSequence is the first record's sequence number.
func (v View) BaseSequence() kafka.Sequence {
	return kafka.Sequence(binary.BigEndian.Uint32(v[offBaseSequence:]))
}

// LastSequence is the last record's sequence number; it wraps to 0 past the
// largest int32.
func (v View) LastSequence() kafka.Sequence {
	base := v.BaseSequence()
	if base < 0 {
		return base
	}
	return NextSequence(base, v.LastOffsetDelta())
}

// NextSequence adds to a sequence number as Kafka does: past the largest int32 comes 0.
func NextSequence(s kafka.Sequence, n int32) kafka.Sequence {
	return kafka.Sequence((int64(s) + int64(n)) & 0x7fffffff)
}

// Count is the number of records.
func (v View) Count() int32 { return int32(binary.BigEndian.Uint32(v[offCount:])) }

// Dense tells that no cleaner has taken a record out of the batch.
func (v View) Dense() bool { return v.Count() == v.LastOffsetDelta()+1 }

// Records are the bytes behind the header, compressed as Codec says.
func (v View) Records() []byte { return v[HeaderSize:v.Size()] }
