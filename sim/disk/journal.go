package disk

import (
	"encoding/binary"
	"errors"
	"strconv"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
)

// Journal appends frames in the binary format of tidwall/wal v1.2: a directory
// a generation, files named by the 20-digit index of their first entry, from 1,
// an entry being its length as a uvarint and its bytes. A file that has reached
// the segment size after an entry is synced and the next one is made.
//
// It implements core/partition's Sink. After an error it is finished.
type Journal struct {
	fs      disk.FS
	segment int64

	dir     string
	file    disk.File
	written int64  // bytes of the file that were written
	pending []byte // framed, not yet written
	next    uint64 // index of the next entry
	err     error
}

// Where things lie below the data directory.
const (
	JournalDir = "journal" // the generations
	LogsDir    = "logs"    // the segments
)

// NewJournal appends to files of about segmentBytes.
func NewJournal(fs disk.FS, segmentBytes int64) *Journal {
	return &Journal{fs: fs, segment: segmentBytes}
}

var (
	errFinished = errors.New("the journal has failed and is finished")
	errNotEmpty = errors.New("the journal generation holds something already")
)

// flushBytes is how much Append gathers before it writes without being asked.
const flushBytes = 1 << 20

// Open closes the present generation and begins an empty one, named by the
// first LSN that will stand in it.
func (j *Journal) Open(generation kafka.LSN) error {
	if j.file != nil {
		if err := j.Close(); err != nil {
			return err
		}
	}
	j.dir = partition.GenerationDir(generation)
	j.next = 1
	return j.keep(j.open())
}

func (j *Journal) open() error {
	if err := j.fs.MkdirAll(j.dir); err != nil {
		return err
	}
	if err := j.fs.SyncDir("."); err != nil {
		return err
	}
	if err := j.fs.SyncDir(JournalDir); err != nil {
		return err
	}
	if err := j.discardEmpty(); err != nil {
		return err
	}
	return j.create()
}

// discardEmpty removes the file of a generation that was opened by an earlier
// process and never got a frame.
func (j *Journal) discardEmpty() error {
	names, err := j.fs.ReadDir(j.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		path := j.dir + "/" + name
		file, err := j.fs.Open(path)
		if err != nil {
			return err
		}
		size, err := file.Size()
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
		if size > 0 {
			return errNotEmpty
		}
		if err := j.fs.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// create makes the file whose first entry is the next one, and its name durable.
func (j *Journal) create() error {
	file, err := j.fs.Create(j.dir + "/" + digits(j.next))
	if err != nil {
		return err
	}
	j.file, j.written = file, 0
	return j.fs.SyncDir(j.dir)
}

// Append adds one entry. It is in the page cache once Flush or Sync has returned.
func (j *Journal) Append(frame []byte) error {
	if j.err != nil || j.file == nil {
		return j.keep(errFinished)
	}
	j.pending = binary.AppendUvarint(j.pending, uint64(len(frame)))
	j.pending = append(j.pending, frame...)
	j.next++
	if j.written+int64(len(j.pending)) >= j.segment {
		return j.keep(j.roll())
	}
	if len(j.pending) >= flushBytes {
		return j.keep(j.flush())
	}
	return nil
}

func (j *Journal) roll() error {
	if err := j.flush(); err != nil {
		return err
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	if err := j.file.Close(); err != nil {
		return err
	}
	return j.create()
}

func (j *Journal) flush() error {
	if len(j.pending) == 0 {
		return nil
	}
	if _, err := j.file.WriteAt(j.pending, j.written); err != nil {
		return err
	}
	j.written += int64(len(j.pending))
	j.pending = j.pending[:0]
	return nil
}

// Flush writes what was appended to the page cache.
func (j *Journal) Flush() error {
	if j.err != nil || j.file == nil {
		return j.keep(errFinished)
	}
	return j.keep(j.flush())
}

// Sync makes everything appended so far durable, and the files after it: a crash
// in between leaves entries without the bytes that they point at.
func (j *Journal) Sync(files []disk.File) error {
	if err := j.Flush(); err != nil {
		return err
	}
	if err := j.keep(j.file.Sync()); err != nil {
		return err
	}
	for _, f := range files {
		if err := j.keep(f.Sync()); err != nil {
			return err
		}
	}
	return nil
}

// Close writes and syncs what is left and closes the generation.
func (j *Journal) Close() error {
	if err := j.Sync(nil); err != nil {
		return err
	}
	err := j.file.Close()
	j.file = nil
	return j.keep(err)
}

// keep remembers the first error: nothing may follow it.
func (j *Journal) keep(err error) error {
	if err != nil && j.err == nil {
		j.err = err
	}
	return err
}

// digits writes a number with 20 digits.
func digits(n uint64) string {
	const zeros = "00000000000000000000"
	s := strconv.FormatUint(n, 10)
	return zeros[:20-len(s)] + s
}
