package broker_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
)

func (w *world) write() {
	if len(w.appends) == 0 {
		return
	}
	if err := w.writer.Write(w.appends); err != nil {
		w.give(&broker.Failed{Err: err})
		return
	}
	w.written = w.appends[len(w.appends)-1].Ref
	w.appends = w.appends[:0]
	w.tell("disk    written up to %d", w.written)
	w.give(&broker.Written{Ref: w.written})
}

func (w *world) sync() {
	if w.synced == w.written {
		return
	}
	if err := w.writer.Sync(); err != nil {
		w.give(&broker.Failed{Err: err})
		return
	}
	w.synced = w.written
	w.tell("disk    synced up to %d", w.synced)
	w.give(&broker.Synced{Ref: w.synced})
}

func (w *world) read() {
	for i := range w.reads {
		r := &w.reads[i]
		buf := make([]byte, r.Len)
		in := &broker.ReadDone{Ref: r.Ref}
		file, err := w.fs.Open(partition.ReadPath(r))
		if err == nil {
			var n int
			n, err = file.ReadAt(buf, r.Pos)
			in.Bytes = buf[:n]
			if errors.Is(err, io.EOF) {
				err = nil
			}
			file.Close()
		}
		in.Err = err
		w.give(in)
	}
	w.reads = w.reads[:0]
}

func (w *world) run() {
	jobs := w.jobs
	w.jobs = nil
	for i := range jobs {
		result, err := jobs[i].Run(w.fs, jobs[i].Args)
		w.tell("job     %s", jobs[i].Name)
		if r, ok := result.(*partition.RecoverResult); ok && err == nil {
			w.openJournal(r)
		}
		w.give(&broker.JobDone{Ref: jobs[i].Ref, Result: result, Err: err})
	}
}

func (w *world) openJournal(r *partition.RecoverResult) {
	writer, err := partition.NewWriter(w.fs, &sink{fs: w.fs}, r.Salt, r.Journal.Generation(), &w.limits.Storage)
	if err != nil {
		w.t.Fatal(err)
	}
	w.writer = writer
}

// sink writes the journal's files as tidwall/wal does, one per generation.
type sink struct {
	fs   disk.FS
	file disk.File
	size int64
}

func (s *sink) Open(generation kafka.LSN) error {
	dir := partition.GenerationDir(generation)
	if err := s.fs.MkdirAll(dir); err != nil {
		return err
	}
	name := dir + "/" + fmt.Sprintf("%020d", 1)
	file, err := s.fs.Create(name)
	if errors.Is(err, disk.ErrExist) {
		file, err = s.fs.Open(name)
	}
	s.file, s.size = file, 0
	return err
}

func (s *sink) Append(frame []byte) error {
	b := binary.AppendUvarint(nil, uint64(len(frame)))
	b = append(b, frame...)
	if _, err := s.file.WriteAt(b, s.size); err != nil {
		return err
	}
	s.size += int64(len(b))
	return nil
}

func (s *sink) Sync(files []disk.File) error {
	err := s.file.Sync()
	for _, f := range files {
		err = errors.Join(err, f.Sync())
	}
	return err
}
func (s *sink) Close() error { return s.file.Close() }
