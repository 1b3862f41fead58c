package batch

import (
	"encoding/binary"

	"trialog/core/kafka"
	"trialog/core/must"
)

// Producer is what an idempotent producer puts into a batch's header.
type Producer struct {
	ID            kafka.ProducerID
	Epoch         kafka.ProducerEpoch
	BaseSequence  kafka.Sequence
	Transactional bool
}

// plain is the Producer of a batch without idempotence.
var plain = Producer{ID: kafka.NoProducerID, Epoch: kafka.NoProducerEpoch, BaseSequence: kafka.NoSequence}

// Builder makes one batch after another in memory of its own, which Reset
// reuses. The zero value is ready after Reset.
type Builder struct {
	buf     []byte // header and plain records
	packed  []byte // header and compressed records
	scratch []byte // one record
	count   int32
	base    kafka.TimestampMs
	max     kafka.TimestampMs
}

// Reset begins a new batch.
func (b *Builder) Reset() {
	if cap(b.buf) < HeaderSize {
		b.buf = make([]byte, HeaderSize, 1024)
	}
	b.buf = b.buf[:HeaderSize]
	b.count = 0
}

// Append adds a record; a nil key or value is null.
func (b *Builder) Append(timestamp kafka.TimestampMs, key, value []byte, headers ...Header) {
	if b.count == 0 {
		b.base, b.max = timestamp, timestamp
	}
	b.max = max(b.max, timestamp)
	r := append(b.scratch[:0], 0)
	r = binary.AppendVarint(r, int64(timestamp-b.base))
	r = binary.AppendVarint(r, int64(b.count))
	r = appendBytes(r, key)
	r = appendBytes(r, value)
	r = binary.AppendVarint(r, int64(len(headers)))
	for i := range headers {
		r = appendBytes(r, headers[i].Key)
		r = appendBytes(r, headers[i].Value)
	}
	b.scratch = r
	b.buf = binary.AppendVarint(b.buf, int64(len(r)))
	b.buf = append(b.buf, r...)
	b.count++
}

func appendBytes(dst, b []byte) []byte {
	if b == nil {
		return binary.AppendVarint(dst, -1)
	}
	dst = binary.AppendVarint(dst, int64(len(b)))
	return append(dst, b...)
}

// Count is the number of records so far.
func (b *Builder) Count() int32 { return b.count }

// Size is the number of bytes of the batch so far, uncompressed.
func (b *Builder) Size() int { return len(b.buf) }

// Build finishes a batch without idempotence or compression. The bytes are the
// builder's and last until Reset.
func (b *Builder) Build() View { return b.finish(b.buf, plain, 0) }

// BuildFor finishes a batch of an idempotent producer.
func (b *Builder) BuildFor(p Producer) View { return b.finish(b.buf, p, 0) }

// BuildPacked finishes a batch with its records compressed.
func (b *Builder) BuildPacked(p Producer, id CodecID, codec Codec) (View, error) {
	must.True(id != Uncompressed, "a compressed batch names its codec")
	b.packed = append(b.packed[:0], b.buf[:HeaderSize]...)
	var err error
	if b.packed, err = codec.Compress(b.packed, b.buf[HeaderSize:]); err != nil {
		return nil, err
	}
	return b.finish(b.packed, p, int16(id)), nil
}

// Plain is the producer of batches without idempotence, for BuildPacked.
func Plain() Producer { return plain }

func (b *Builder) finish(buf []byte, p Producer, attributes int16) View {
	must.True(b.count > 0, "a batch holds a record")
	v := View(buf)
	if p.Transactional {
		attributes |= attrTransactional
	}
	v.header(attributes, b.count, b.base, b.max, p)
	return v
}

// header writes all of v's header, CRC last.
func (v View) header(attributes int16, count int32, base, largest kafka.TimestampMs, p Producer) {
	binary.BigEndian.PutUint64(v[offBaseOffset:], 0)
	binary.BigEndian.PutUint32(v[offLength:], uint32(len(v)-prefixSize))
	leaderEpoch := kafka.NoLeaderEpoch
	binary.BigEndian.PutUint32(v[offLeaderEpoch:], uint32(leaderEpoch))
	v[offMagic] = Magic
	v.setAttributes(attributes)
	binary.BigEndian.PutUint32(v[offLastOffsetDelta:], uint32(count-1))
	binary.BigEndian.PutUint64(v[offBaseTimestamp:], uint64(base))
	v.setMaxTimestamp(largest)
	binary.BigEndian.PutUint64(v[offProducerID:], uint64(p.ID))
	binary.BigEndian.PutUint16(v[offProducerEpoch:], uint16(p.Epoch))
	binary.BigEndian.PutUint32(v[offBaseSequence:], uint32(p.BaseSequence))
	binary.BigEndian.PutUint32(v[offCount:], uint32(count))
	v.setCRC()
}
