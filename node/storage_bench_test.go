package node_test

import (
	"bytes"
	"testing"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/node/journal"
	"trialog/node/osfs"
)

// storage drives the logs of a data directory without a node around them: it
// writes them as a node does, only faster.
type storage struct {
	b       *testing.B
	fs      disk.FS
	limits  partition.Limits
	config  partition.Config
	now     kafka.Now
	journal *partition.Journal
	writer  *partition.Writer
	logs    []*partition.Log
	waiting []disk.Append
}

// openStorage recovers a data directory. What is written goes through fs.
func openStorage(b *testing.B, dir string, wrap func(disk.FS) disk.FS) *storage {
	b.Helper()
	real := osfs.New(dir)
	s := &storage{b: b, fs: wrap(real), limits: partition.DefaultLimits(), config: partition.DefaultConfig(), now: kafka.Now{Mono: 1, Wall: 1}}
	result, err := partition.Recover(s.fs, &partition.RecoverArgs{
		Now: s.now, NodeID: 1, Directory: kafka.DirectoryID{1}, Limits: &s.limits, IndexIntervalBytes: s.config.IndexIntervalBytes,
	})
	if err != nil {
		b.Fatal(err)
	}
	r := result.(*partition.RecoverResult)
	s.journal, s.logs = r.Journal, r.Logs
	if s.writer, err = partition.NewWriter(s.fs, journal.New(real, partition.GenerationDir, 64<<20), r.Salt, s.journal.Generation(), &s.limits); err != nil {
		b.Fatal(err)
	}
	return s
}

// create makes a log that this broker leads.
func (s *storage) create() *partition.Log {
	var a disk.Append
	id := partition.Identity{Log: s.journal.NewLogID(), Partition: kafka.TopicPartition{Topic: kafka.TopicID{9}}, Mode: partition.Synced}
	l := partition.New(s.now, id, 0, &s.limits, &a)
	s.emit(a, l)
	if l.BecomeLeader(1, &a) {
		s.emit(a, l)
	}
	s.logs = append(s.logs, l)
	return l
}

func (s *storage) emit(a disk.Append, l *partition.Log) {
	s.journal.Number(&a, l)
	s.waiting = append(s.waiting, a)
}

// append adds a batch; flush writes what was added, makes it durable, and runs the
// jobs that are due.
func (s *storage) append(l *partition.Log, v batch.View) {
	var a disk.Append
	l.AppendAsLeader(s.now, l.LatestEpoch(), v, &s.config, &a)
	s.emit(a, l)
}

func (s *storage) flush() {
	s.b.Helper()
	if err := s.writer.Write(s.waiting); err != nil {
		s.b.Fatal(err)
	}
	s.waiting = s.waiting[:0]
	if err := s.writer.Sync(); err != nil {
		s.b.Fatal(err)
	}
	s.journal.Written(s.journal.LastRef())
	s.journal.Synced(s.journal.LastRef())
	for _, l := range s.logs {
		l.Written(l.Incarnation, l.LogEndOffset)
		l.Synced(l.Incarnation, l.LogEndOffset)
		l.HighWatermark = l.LogEndOffset
	}
	s.upkeep()
}

func (s *storage) upkeep() {
	s.b.Helper()
	for {
		jobs := s.journal.Due(s.now, nil)
		if len(jobs) == 0 {
			return
		}
		for _, j := range jobs {
			result, err := j.Run(s.fs, j.Args)
			if err != nil {
				s.b.Fatal(err)
			}
			s.journal.Done(s.now, result)
		}
	}
}

func (s *storage) close() {
	s.b.Helper()
	if err := s.writer.Close(); err != nil {
		s.b.Fatal(err)
	}
}

// sparseFS leaves holes where large writes have pages of zeros: what is read is the
// same, to the byte, and takes no room.
type sparseFS struct{ disk.FS }

type sparseFile struct{ disk.File }

const page = 4096

var zeroPage [page]byte

func (s sparseFS) Create(path string) (disk.File, error) { return sparse(s.FS.Create(path)) }
func (s sparseFS) Open(path string) (disk.File, error)   { return sparse(s.FS.Open(path)) }

func sparse(f disk.File, err error) (disk.File, error) {
	if err != nil {
		return nil, err
	}
	return sparseFile{f}, nil
}

// WriteAt writes all but the pages in the middle that are zero. The last page is
// written in any case, and makes the file as long as it is to be.
func (f sparseFile) WriteAt(p []byte, off int64) (int, error) {
	from := 0 // of what is not written yet
	for at := int(page - off%page); at+page < len(p); at += page {
		if !bytes.Equal(p[at:at+page], zeroPage[:]) {
			continue
		}
		if from < at {
			if n, err := f.File.WriteAt(p[from:at], off+int64(from)); err != nil {
				return from + n, err
			}
		}
		from = at + page
	}
	n, err := f.File.WriteAt(p[from:], off+int64(from))
	return from + n, err
}
