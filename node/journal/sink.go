package journal

import (
	"errors"
	"fmt"
	"os"
	"path"

	"github.com/tidwall/wal"
	"golang.org/x/sync/errgroup"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/node/osfs"
)

// flushBytes is how much Append gathers before it writes without being asked.
const flushBytes = 1 << 20

// Sink writes frames to one generation at a time. It is used by one goroutine.
type Sink struct {
	fs          *osfs.FS
	dirOf       func(kafka.LSN) string // a generation's directory
	segmentSize int

	log     *wal.Log
	dir     string    // the open generation's directory, as a path of core/disk
	tail    disk.File // our own descriptor of the library's last file
	batch   wal.Batch
	pending int    // framed bytes in batch
	next    uint64 // index of the next entry
	filled  int    // framed bytes in the last file, batch included
	rolled  bool   // the batch makes the library begin a new file
	first   uint64 // index that names the last file once the batch is written
	at      int64  // bytes in the last file, without the batch
	failed  error
}

// New returns a sink with no generation open. The directory of a generation is
// dirOf(first LSN), relative to fs; segmentSize is the size in bytes at which
// the library begins a new file.
func New(fs *osfs.FS, dirOf func(kafka.LSN) string, segmentSize int) *Sink {
	return &Sink{fs: fs, dirOf: dirOf, segmentSize: segmentSize}
}

// Open begins a generation, after the one before has been made durable and
// closed. Files are never appended to after a restart: a generation that was
// opened by an earlier process and got nothing is begun again, one that holds
// anything is an error.
func (s *Sink) Open(generation kafka.LSN) error {
	if s.failed == nil {
		s.failed = s.open(generation)
	}
	return s.failed
}

func (s *Sink) open(generation kafka.LSN) error {
	if err := s.closeGeneration(); err != nil {
		return err
	}
	dir := s.dirOf(generation)
	if err := s.makeDir(dir); err != nil {
		return err
	}
	if err := s.clear(dir); err != nil {
		return err
	}
	s.dir, s.next, s.first, s.filled, s.at = dir, 1, 1, 0, 0
	if err := s.begin(); err != nil {
		return err
	}
	return s.adoptTail()
}

// begin makes the library open the generation as it is on the disk.
func (s *Sink) begin() error {
	for {
		log, err := wal.Open(s.fs.Path(s.dir), &wal.Options{
			NoSync:           true,
			SegmentSize:      s.segmentSize,
			SegmentCacheSize: 1,
			DirPerms:         0o750,
			FilePerms:        0o640,
		})
		if err == nil {
			s.log = log
			return nil
		}
		if !s.fs.Again(err) {
			return err
		}
	}
}

// makeDir makes a directory and its name durable, parents included.
func (s *Sink) makeDir(dir string) error {
	if err := s.fs.MkdirAll(dir); err != nil {
		return err
	}
	for dir != "." {
		dir = path.Dir(dir)
		if err := s.fs.SyncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// clear removes the empty files of a generation that never got a frame.
func (s *Sink) clear(dir string) error {
	names, err := s.fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		file := path.Join(dir, name)
		info, err := os.Stat(s.fs.Path(file))
		if err != nil {
			return err
		}
		if info.IsDir() || info.Size() > 0 {
			return fmt.Errorf("journal generation %s holds %s", dir, name)
		}
		if err := s.fs.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

// adoptTail makes the name of the library's last file durable and opens it for syncing.
func (s *Sink) adoptTail() error {
	if err := s.fs.SyncDir(s.dir); err != nil {
		return err
	}
	if s.tail != nil {
		if err := s.tail.Close(); err != nil {
			return err
		}
	}
	var err error
	s.tail, err = s.fs.Open(s.path(s.first))
	return err
}

// path is where the file lies that an entry names.
func (s *Sink) path(index uint64) string { return fmt.Sprintf("%s/%020d", s.dir, index) }

// Append adds a frame. It is durable after Sync; the bytes may be reused at once.
func (s *Sink) Append(frame []byte) error {
	switch {
	case s.failed != nil:
		return s.failed
	case s.log == nil:
		return errors.New("journal: no generation is open")
	}
	s.batch.Write(s.next, frame)
	s.next++
	framed := framedLen(len(frame))
	s.pending += framed
	s.filled += framed
	if s.filled >= s.segmentSize { // the library's own rule
		s.filled, s.rolled, s.first = 0, true, s.next
	}
	if s.rolled || s.pending >= flushBytes { // a batch stands in one file
		s.failed = s.flush()
	}
	return s.failed
}

// flush gives the gathered frames to the library, which writes them through to the kernel.
func (s *Sink) flush() error {
	if s.pending == 0 {
		return nil
	}
	if err := s.log.WriteBatch(&s.batch); err != nil {
		if err := s.writeAgain(err); err != nil {
			return err
		}
	}
	s.pending, s.at = 0, int64(s.filled)
	if s.rolled {
		s.rolled = false
		return s.adoptTail()
	}
	return nil
}

// Sync makes every appended frame durable, and the files, a few at once. Files
// of the journal before its last were synced by the library when it left them.
func (s *Sink) Sync(files []disk.File) error {
	if s.failed == nil && s.log != nil {
		if s.failed = s.flush(); s.failed == nil {
			s.failed = s.syncWith(files)
		}
	}
	return s.failed
}

// together is how many files are synced at once.
const together = 8

// syncWith returns the first error.
func (s *Sink) syncWith(files []disk.File) error {
	if len(files) == 0 {
		return s.tail.Sync()
	}
	var all errgroup.Group
	all.SetLimit(together)
	all.Go(s.tail.Sync)
	for _, f := range files {
		all.Go(f.Sync)
	}
	return all.Wait()
}

// Close ends the sink. What was not synced may be lost.
func (s *Sink) Close() error {
	if s.failed == nil {
		s.failed = s.closeGeneration()
	}
	if s.failed != nil {
		return s.failed
	}
	s.failed = os.ErrClosed
	return nil
}

func (s *Sink) closeGeneration() error {
	if s.log == nil {
		return nil
	}
	if err := s.flush(); err != nil {
		return err
	}
	if err := s.log.Close(); err != nil { // syncs the last file
		return err
	}
	s.log = nil
	err := s.tail.Close()
	s.tail = nil
	return err
}

// framedLen is the size of an entry in the library's binary format: a uvarint
// of the length and the bytes.
func framedLen(n int) int {
	size := n + 1
	for l := n; l >= 0x80; l >>= 7 {
		size++
	}
	return size
}
