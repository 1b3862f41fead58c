package damagetest

import (
	"encoding/binary"
	"errors"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
)

// Appender is the plainest sink: every frame goes to the file at once. Its
// format is tidwall/wal's, in one file a generation.
type Appender struct {
	FS disk.FS

	file disk.File
	size int64
	buf  []byte
}

// Open implements partition.Sink.
func (a *Appender) Open(generation kafka.LSN) error {
	dir := partition.GenerationDir(generation)
	if err := a.FS.MkdirAll(dir); err != nil {
		return err
	}
	var err error
	a.size = 0
	a.file, err = a.FS.Create(dir + "/00000000000000000001")
	return err
}

// Append implements partition.Sink.
func (a *Appender) Append(frame []byte) error {
	a.buf = append(binary.AppendUvarint(a.buf[:0], uint64(len(frame))), frame...)
	_, err := a.file.WriteAt(a.buf, a.size)
	a.size += int64(len(a.buf))
	return err
}

// Sync implements partition.Sink.
func (a *Appender) Sync(files []disk.File) error {
	err := a.file.Sync()
	for _, f := range files {
		err = errors.Join(err, f.Sync())
	}
	return err
}

// Close implements partition.Sink.
func (a *Appender) Close() error { return a.file.Close() }
