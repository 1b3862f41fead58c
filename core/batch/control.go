package batch

import (
	"encoding/binary"

	"trialog/core/kafka"
)

// MarkerType is what an end-transaction marker says.
type MarkerType int16

// The types of markers, as they stand in a control record's key.
const (
	Abort  MarkerType = 0
	Commit MarkerType = 1
)

// Marker ends a producer's transaction in one partition.
type Marker struct {
	Type             MarkerType
	CoordinatorEpoch kafka.CoordinatorEpoch
}

// AppendMarker appends a control batch that holds one marker (KIP-98). Base
// offset and leader epoch are for Stamp to set.
func AppendMarker(dst []byte, m Marker, id kafka.ProducerID, epoch kafka.ProducerEpoch, timestamp kafka.TimestampMs) []byte {
	var key [4]byte
	binary.BigEndian.PutUint16(key[2:], uint16(m.Type))
	var value [6]byte
	binary.BigEndian.PutUint32(value[2:], uint32(m.CoordinatorEpoch))
	var b Builder
	b.Reset()
	b.Append(timestamp, key[:], value[:])
	v := View(b.buf)
	v.header(attrControl|attrTransactional, 1, timestamp, timestamp,
		Producer{ID: id, Epoch: epoch, BaseSequence: kafka.NoSequence})
	return append(dst, v...)
}

// Marker reads the marker of a control batch. Control records of other types
// (leader changes of Kafka's own quorum) and malformed ones answer false.
func (v View) Marker() (Marker, bool) {
	if !v.Control() || v.Count() != 1 || v.Codec() != Uncompressed {
		return Marker{}, false
	}
	it := Iterate(v.Records(), 1)
	var r Record
	if !it.Next(&r) || len(r.Key) < 4 || len(r.Value) < 6 {
		return Marker{}, false
	}
	m := Marker{
		Type:             MarkerType(binary.BigEndian.Uint16(r.Key[2:])),
		CoordinatorEpoch: kafka.CoordinatorEpoch(binary.BigEndian.Uint32(r.Value[2:])),
	}
	return m, m.Type == Abort || m.Type == Commit
}
