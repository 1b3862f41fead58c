package batch

import (
	"encoding/binary"
	"hash/crc32"

	"trialog/core/kafka"
)

// Stamp sets in place what a leader assigns. It is for the copy that goes to
// disk only. A timestamp other than NoTimestamp becomes the log append time of
// all records, which changes the CRC; base offset and leader epoch stand
// outside it.
func (v View) Stamp(base kafka.Offset, epoch kafka.LeaderEpoch, logAppendTime kafka.TimestampMs) {
	binary.BigEndian.PutUint64(v[offBaseOffset:], uint64(base))
	binary.BigEndian.PutUint32(v[offLeaderEpoch:], uint32(epoch))
	if logAppendTime == kafka.NoTimestamp {
		return
	}
	v.setAttributes(v.Attributes() | attrLogAppendTime)
	v.setMaxTimestamp(logAppendTime)
	v.setCRC()
}

func (v View) setAttributes(a int16) { binary.BigEndian.PutUint16(v[offAttributes:], uint16(a)) }

func (v View) setMaxTimestamp(t kafka.TimestampMs) {
	binary.BigEndian.PutUint64(v[offMaxTimestamp:], uint64(t))
}

func (v View) setCRC() {
	binary.BigEndian.PutUint32(v[offCRC:], crc32.Checksum(v[offAttributes:v.Size()], castagnoli))
}
