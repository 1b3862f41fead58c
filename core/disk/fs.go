package disk

import "errors"

// The errors of an FS. Implementations wrap them; callers use errors.Is.
var (
	ErrNotExist = errors.New("no such file or directory")
	ErrExist    = errors.New("file exists")
	ErrNoSpace  = errors.New("no space left on device")
	ErrIO       = errors.New("input/output error")
	ErrCrashed  = errors.New("the node crashed during the call")
	ErrClosed   = errors.New("file already closed")
)

// FS is the part of a POSIX file system that jobs and the journal use. Paths
// are slash-separated and relative to the data directory; "." is the data
// directory itself.
//
// Durability is POSIX at its weakest: bytes survive a power cut once Sync of
// their file has returned, a name once SyncDir of its directory has. Unsynced
// bytes may survive in part, torn at sectors and in any order.
//
// A call that there is no room for waits for it where the driver says so: to
// whoever makes it the disk is slow. Elsewhere it is ErrNoSpace.
type FS interface {
	// Create makes a new empty file and opens it; ErrExist if there is one.
	Create(path string) (File, error)
	// Open opens an existing file for reading and writing.
	Open(path string) (File, error)
	// Remove removes a file or an empty directory.
	Remove(path string) error
	// Rename replaces newPath atomically in memory; durable after SyncDir.
	Rename(oldPath, newPath string) error
	// MkdirAll makes a directory and its parents; no error if it is there.
	MkdirAll(path string) error
	// ReadDir lists the names in a directory in lexical order.
	ReadDir(path string) ([]string, error)
	// SyncDir makes creations, removals and renames in a directory durable.
	SyncDir(path string) error
}

// File is an open file. ReadAt and WriteAt follow io.ReaderAt and io.WriterAt:
// a short count comes with an error, io.EOF at the end of the file.
type File interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	Truncate(size int64) error
	Size() (int64, error)
	// Sync makes the file's bytes and size durable. After an error the file's
	// contents are unknown, and a later success proves nothing.
	Sync() error
	Close() error
}

// WriteBacker is a File that can write some of its bytes back early. WriteBack
// returns once the n bytes at off are on their way to the device and nothing of
// them waits any more. It makes nothing durable, size and caches of the device
// being what they are: a Sync follows, and finds little left to do. An error is
// one of Sync.
type WriteBacker interface {
	WriteBack(off, n int64) error
}
