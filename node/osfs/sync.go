package osfs

import (
	"os"
	"sync/atomic"
)

// Fdatasync makes a file's bytes and size durable.
func Fdatasync(f *os.File) error {
	tell := observer.Load()
	if tell == nil {
		return fdatasync(f)
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := fdatasync(f); err != nil {
		return err
	}
	(*tell)(f.Name(), info.Size())
	return nil
}

// observer is told of every file that Fdatasync has made durable.
var observer atomic.Pointer[func(path string, size int64)]

// Observe makes f told of every file that is synced from now on, and of the
// size that it had when the sync began, before whoever asked for the sync
// learns of it. It is for tests that need to know what a power cut would leave.
func Observe(f func(path string, size int64)) { observer.Store(&f) }
