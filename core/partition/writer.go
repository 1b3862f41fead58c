package partition

import (
	"trialog/core/disk"
	"trialog/core/kafka"
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
	// Sync makes every frame so far durable.
	Sync() error
	Close() error
}

// Writer carries out appends: frames to the journal, stamped batches to the
// segments. Both drivers run it, one caller at a time, off their loop.
type Writer struct {
	fs   disk.FS
	sink Sink
	err  error // the first error is final
}

// NewWriter opens the journal at generation (Journal.Generation after recovery).
func NewWriter(fs disk.FS, sink Sink, salt Salt, generation kafka.LSN, limits *Limits) (*Writer, error) {
	return nil, nil
}

// Write carries out appends in their order. When it returns nil, reads find
// their bytes, and the driver reports Written with the last Ref. Any error is
// final: what reached the disk is unknown, and every later call returns it.
func (w *Writer) Write(appends []disk.Append) error { return nil }

// Sync makes every journaled append so far durable; the driver reports Synced
// with the last Ref. It does nothing when nothing was journaled since the last
// one. An error is final, and is never followed by another attempt.
func (w *Writer) Sync() error { return nil }

// Close releases files. It makes nothing durable.
func (w *Writer) Close() error { return nil }
