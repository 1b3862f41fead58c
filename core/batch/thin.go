package batch

import (
	"encoding/binary"

	"trialog/core/kafka"
)

// Thinner rewrites batches without some of their records. What is left keeps its
// offsets, and the batch the range of offsets and sequences that it had, its
// producer, leader epoch and codec.
//
//	t.Begin(v, horizon)
//	for it.Next(&r) { if … { t.Keep(&it, &r) } }
//	thinned, err := t.Finish(codecs)
//
// Its memory is used again.
type Thinner struct {
	from    View
	horizon kafka.TimestampMs
	largest kafka.TimestampMs
	count   int32
	buf     []byte // header and plain records
	packed  []byte // header and compressed records
}

// Begin begins with a batch. A horizon other than NoTimestamp is set, unless the
// batch has one.
func (t *Thinner) Begin(v View, horizon kafka.TimestampMs) {
	if v.DeleteHorizon() != kafka.NoTimestamp {
		horizon = kafka.NoTimestamp
	}
	t.from, t.horizon, t.largest, t.count = v, horizon, kafka.NoTimestamp, 0
	t.buf = append(t.buf[:0], v[:HeaderSize]...)
}

// Keep takes over the record that an iteration over the batch has just parsed.
func (t *Thinner) Keep(it *Records, r *Record) {
	timestamp := t.from.BaseTimestamp() + kafka.TimestampMs(r.TimestampDelta)
	t.largest = max(t.largest, timestamp)
	t.count++
	if t.horizon == kafka.NoTimestamp {
		t.buf = append(t.buf, it.raw...)
		return
	}
	body := parser{b: it.raw}
	body.varint()
	attributes := body.b[0]
	body.skip(1)
	body.varint()
	var delta [binary.MaxVarintLen64]byte
	n := binary.PutVarint(delta[:], int64(timestamp-t.horizon))
	t.buf = binary.AppendVarint(t.buf, int64(1+n+len(body.b)))
	t.buf = append(t.buf, attributes)
	t.buf = append(t.buf, delta[:n]...)
	t.buf = append(t.buf, body.b...)
}

// Finish returns the batch, which lasts until Begin. One without records tells
// that its producer has been as far as its sequence, and that the log has been
// as far as its last offset.
func (t *Thinner) Finish(codecs *Codecs) (View, error) {
	v, id := View(t.buf), t.from.Codec()
	attributes := t.from.Attributes()
	switch {
	case t.count == 0:
		attributes &^= attrCodec
	case id != Uncompressed:
		if codecs == nil || codecs[id] == nil {
			return nil, ErrCodec
		}
		t.packed = append(t.packed[:0], t.buf[:HeaderSize]...)
		packed, err := codecs[id].Compress(t.packed, t.buf[HeaderSize:])
		if err != nil {
			return nil, err
		}
		t.packed, v = packed, packed
	}
	if t.horizon != kafka.NoTimestamp {
		attributes |= attrDeleteHorizon
		binary.BigEndian.PutUint64(v[offBaseTimestamp:], uint64(t.horizon))
	}
	if t.count > 0 && !t.from.LogAppendTime() {
		v.setMaxTimestamp(t.largest)
	}
	binary.BigEndian.PutUint32(v[offLength:], uint32(len(v)-prefixSize))
	binary.BigEndian.PutUint32(v[offCount:], uint32(t.count))
	v.setAttributes(attributes)
	v.setCRC()
	return v, nil
}
