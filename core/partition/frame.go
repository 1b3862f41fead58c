package partition

import (
	"encoding/binary"
	"hash/crc32"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// A frame is one entry of the journal: a header of fixed size with a CRC of its
// own, so that log and LSN are known when only the payload is damaged, and the
// payload with another CRC in the header. All numbers are big-endian.
const (
	frameMagic   = 0x544c4a46 // "TLJF"
	frameVersion = 1

	atMagic      = 0
	atVersion    = 4
	atKind       = 5
	atFlags      = 6
	atLSN        = 8
	atDurable    = 16
	atPrevLSN    = 24
	atPrevLog    = 32
	atLog        = 40
	atSegment    = 48
	atPos        = 56
	atBaseOffset = 64
	atTimestamp  = 72
	atEpoch      = 80
	atLength     = 84
	atPayloadCRC = 88
	atHeaderCRC  = 92

	frameHeaderSize = 96

	flagPointer = 1 // the payload is the header of a batch whose bytes stand, synced, in their segment
)

// Salt makes the frames of one data directory differ from everybody else's, so
// that record bytes which look like a frame are not taken for one.
type Salt uint32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SaltOf derives the salt from the directory's ID.
func SaltOf(d kafka.DirectoryID) Salt { return Salt(crc32.Checksum(d[:], castagnoli)) }

// FrameSize is the number of bytes of an append's frame. A pointer counts as if
// it held its batch, which recovery reads as well.
func FrameSize(a *disk.Append) int64 { return frameHeaderSize + int64(len(a.Bytes)) }

// appendFrame appends a's frame to dst and returns it with the stamped payload
// inside it, of which the frame of a pointer has the beginning only. stamp
// changes the payload's copy before its CRC is taken.
func appendFrame(dst []byte, a *disk.Append, salt Salt, stamp func([]byte, *disk.Append)) (frame, payload []byte) {
	start := len(dst)
	dst = append(dst, make([]byte, frameHeaderSize)...)
	dst = append(dst, a.Bytes...)
	h := dst[start:]
	payload = h[frameHeaderSize:]
	stamp(payload, a)
	framed := payload
	if a.Pointer {
		framed = payload[:batch.HeaderSize]
		h[atFlags] = flagPointer
	}
	binary.BigEndian.PutUint32(h[atMagic:], frameMagic)
	h[atVersion] = frameVersion
	h[atKind] = byte(a.Kind)
	binary.BigEndian.PutUint64(h[atLSN:], uint64(a.LSN))
	binary.BigEndian.PutUint64(h[atDurable:], uint64(a.Durable))
	binary.BigEndian.PutUint64(h[atPrevLSN:], uint64(a.PrevLSN))
	binary.BigEndian.PutUint64(h[atPrevLog:], uint64(a.PrevLog))
	binary.BigEndian.PutUint64(h[atLog:], uint64(a.Log))
	binary.BigEndian.PutUint64(h[atSegment:], uint64(a.Segment))
	binary.BigEndian.PutUint64(h[atPos:], uint64(a.Pos))
	binary.BigEndian.PutUint64(h[atBaseOffset:], uint64(a.BaseOffset))
	binary.BigEndian.PutUint64(h[atTimestamp:], uint64(a.Timestamp))
	binary.BigEndian.PutUint32(h[atEpoch:], uint32(a.LeaderEpoch))
	binary.BigEndian.PutUint32(h[atLength:], uint32(len(framed)))
	binary.BigEndian.PutUint32(h[atPayloadCRC:], crc32.Checksum(framed, castagnoli))
	binary.BigEndian.PutUint32(h[atHeaderCRC:], headerCRC(h, salt))
	return dst[:start+frameHeaderSize+len(framed)], payload
}

func headerCRC(h []byte, salt Salt) uint32 {
	return crc32.Update(uint32(salt), castagnoli, h[:atHeaderCRC])
}

// decodeHeader reads a frame's header into a, all but Bytes, and returns the
// payload's length. False: this is no frame's header.
func decodeHeader(h []byte, salt Salt, a *disk.Append) (length int, ok bool) {
	if len(h) < frameHeaderSize ||
		binary.BigEndian.Uint32(h[atMagic:]) != frameMagic ||
		h[atVersion] != frameVersion ||
		binary.BigEndian.Uint32(h[atHeaderCRC:]) != headerCRC(h, salt) {
		return 0, false
	}
	*a = disk.Append{
		Kind:        disk.EntryKind(h[atKind]),
		Pointer:     h[atFlags]&flagPointer != 0,
		LSN:         kafka.LSN(binary.BigEndian.Uint64(h[atLSN:])),
		Durable:     kafka.LSN(binary.BigEndian.Uint64(h[atDurable:])),
		PrevLSN:     kafka.LSN(binary.BigEndian.Uint64(h[atPrevLSN:])),
		PrevLog:     kafka.LogID(binary.BigEndian.Uint64(h[atPrevLog:])),
		Log:         kafka.LogID(binary.BigEndian.Uint64(h[atLog:])),
		Segment:     kafka.Offset(binary.BigEndian.Uint64(h[atSegment:])),
		Pos:         int64(binary.BigEndian.Uint64(h[atPos:])),
		BaseOffset:  kafka.Offset(binary.BigEndian.Uint64(h[atBaseOffset:])),
		Timestamp:   kafka.TimestampMs(binary.BigEndian.Uint64(h[atTimestamp:])),
		LeaderEpoch: kafka.LeaderEpoch(binary.BigEndian.Uint32(h[atEpoch:])),
	}
	length = int(binary.BigEndian.Uint32(h[atLength:]))
	return length, length <= 1<<31-1-frameHeaderSize && (!a.Pointer || length == batch.HeaderSize)
}

// intactPayload tells whether payload is the one that header h was written for.
func intactPayload(h, payload []byte) bool {
	return crc32.Checksum(payload, castagnoli) == binary.BigEndian.Uint32(h[atPayloadCRC:])
}
