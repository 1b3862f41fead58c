package partition

import (
	"errors"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// Sink takes the bytes of a journal. The driver supplies it: tidwall/wal in a
// node, an appender of the same format in a simulation.
type Sink interface {
	// Open begins the generation that starts at an LSN, in GenerationDir, which
	// may exist and be empty. The name is durable when it returns. The one open
	// before is closed.
	Open(generation kafka.LSN) error
	// Append adds a frame, which may be reused once it returns.
	Append(frame []byte) error
	// Sync makes every frame so far durable, and the files, in any order or all
	// at once.
	Sync(files []disk.File) error
	Close() error
}

// Writer carries out appends: frames to the journal, stamped batches to the
// segments. Both drivers run it, one caller at a time, off their loop.
type Writer struct {
	sink       Sink
	salt       Salt
	generation kafka.LSN
	files      descriptors
	frame      []byte
	unsynced   bool                         // frames since the last sync
	rare       bool                         // and one of them is no batch
	large      []large                      // what their pointers point at
	opened     []disk.File                  // the files of those, while they are synced; its memory is kept
	paths      recordsPaths                 // of those
	named      map[kafka.LogID]kafka.Offset // of each log, the newest segment whose name a sync has made durable
	err        error                        // the first error is final
}

// NewWriter opens the journal at generation (Journal.Generation after recovery).
func NewWriter(fs disk.FS, sink Sink, salt Salt, generation kafka.LSN, limits *Limits) (*Writer, error) {
	if err := sink.Open(generation); err != nil {
		return nil, err
	}
	return &Writer{sink: sink, salt: salt, generation: generation, files: newDescriptors(fs, limits.OpenFiles), named: make(map[kafka.LogID]kafka.Offset)}, nil
}

// Write carries out appends in their order. When it returns nil, reads find
// their bytes, and the driver reports Written with the last Ref. Any error is
// final: what reached the disk is unknown, and every later call returns it.
//
// Entries that are no batches are durable as well when it returns. A log in
// Replicated mode answers after Written, and what it answers must outlive the
// process: it would not if the log's creation were still in the sink's memory.
func (w *Writer) Write(appends []disk.Append) error {
	for i := range appends {
		if w.err != nil {
			break
		}
		w.err = w.ended(w.write(&appends[i]))
	}
	if w.rare && w.err == nil {
		w.err = w.ended(w.sync())
	}
	return w.err
}

func (w *Writer) write(a *disk.Append) error {
	payload, err := w.copy(a)
	if err != nil {
		return err
	}
	switch a.Kind {
	case disk.EntryAppend:
		return w.segment(a, payload)
	case disk.EntryCreate:
		return w.files.fs.MkdirAll(LogDir(a.Log))
	case disk.EntryTruncateTo, disk.EntryDelete:
		delete(w.named, a.Log)
		delete(w.paths, a.Log)
		return w.files.forget(a.Log) // a job removes files behind our back
	default:
		return nil
	}
}

// copy puts a's bytes, stamped, into the writer's buffer, behind a frame's
// header that goes to the journal with them if a is journaled.
func (w *Writer) copy(a *disk.Append) (payload []byte, err error) {
	if a.LSN == 0 {
		w.frame = append(w.frame[:0], a.Bytes...)
		stamp(w.frame, a)
		return w.frame, nil
	}
	w.frame, payload = appendFrame(w.frame[:0], a, w.salt, stamp)
	return payload, w.journal(a)
}

// stamp writes what the leader assigned into the copy of a batch.
func stamp(payload []byte, a *disk.Append) {
	if a.Kind == disk.EntryAppend {
		batch.View(payload).Stamp(a.BaseOffset, a.LeaderEpoch, a.Timestamp)
	}
}

// journal appends the frame, in the generation that the journal's numbering
// says. The old generation is durable before the new one has a name.
func (w *Writer) journal(a *disk.Append) error {
	if a.Generation != w.generation {
		must.True(a.Generation == a.LSN, "J3: a generation is named by its first entry")
		if err := w.sync(); err != nil {
			return err
		}
		if err := w.sink.Open(a.Generation); err != nil {
			return err
		}
		w.generation = a.Generation
	}
	w.unsynced = true
	w.rare = w.rare || a.Kind != disk.EntryAppend
	if a.Pointer {
		w.note(a)
	}
	return w.sink.Append(w.frame)
}

func (w *Writer) segment(a *disk.Append, payload []byte) error {
	f, err := w.files.open(a.Log, a.Segment)
	if err != nil {
		return err
	}
	n, err := f.WriteAt(payload, a.Pos)
	if err == nil && n != len(payload) {
		err = disk.ErrIO
	}
	return err
}

// Sync makes every journaled append so far durable; the driver reports Synced
// with the last Ref. It does nothing when nothing was journaled since the last
// one. An error is final, and is never followed by another attempt.
func (w *Writer) Sync() error {
	if w.err == nil {
		w.err = w.ended(w.sync())
	}
	return w.err
}

// ended passes an error on, after which the directory vouches for nothing.
func (w *Writer) ended(err error) error { return doubt(w.files.fs, err) }

func (w *Writer) sync() error {
	if !w.unsynced {
		return nil
	}
	if err := w.syncAll(); err != nil {
		return err
	}
	w.unsynced, w.rare = false, false
	return nil
}

// Close releases files. It makes nothing durable.
func (w *Writer) Close() error {
	return errors.Join(w.files.closeAll(), w.sink.Close())
}
