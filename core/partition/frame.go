package partition

import (
	"hash/crc32"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// Salt makes the frames of one data directory differ from everybody else's, so
// that record bytes which look like a frame are not taken for one.
type Salt uint32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// SaltOf derives the salt from the directory's ID.
func SaltOf(d kafka.DirectoryID) Salt { return Salt(crc32.Checksum(d[:], castagnoli)) }

const frameHeaderSize = 96

// FrameSize is the number of bytes of an append's frame.
func FrameSize(a *disk.Append) int64 { return frameHeaderSize + int64(len(a.Bytes)) }
