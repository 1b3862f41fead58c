package osfs

import "sync/atomic"

// sync makes a file's bytes and size durable.
func (f *File) sync() error {
	tell := observer.Load()
	if tell == nil {
		return f.wrap("sync", retry(func() error { return datasync(f.fd) }))
	}
	size, err := f.Size()
	if err != nil {
		return err
	}
	if err := f.wrap("sync", retry(func() error { return datasync(f.fd) })); err != nil {
		return err
	}
	(*tell)(f.name, size)
	return nil
}

// observer is told of every file that has been made durable.
var observer atomic.Pointer[func(path string, size int64)]

// Observe makes f told of every file that is synced from now on, and of the
// size that it had when the sync began, before whoever asked for the sync
// learns of it. It is for tests that need to know what a power cut would leave.
func Observe(f func(path string, size int64)) { observer.Store(&f) }
