package quorum

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lni/vfs"
	"golang.org/x/sys/unix"

	"trialog/node/osfs"
)

// files is the engine's file system. The engine does not outlive a write that
// fails: it panics, or hangs. Here none fails for want of room: it waits, as
// those of the data directory do. Any other error is told before the engine
// meets it.
type files struct {
	vfs.FS
	room *osfs.FS
	fail func(error)
}

// newFiles wraps the real files so that the engine takes them: of the kinds that
// it knows, the one for tests lets others lie below. It injects nothing here.
func newFiles(c *Config) vfs.FS {
	return vfs.Wrap(files{vfs.Default, c.FS, c.Fail}, nothing{})
}

// nothing implements vfs.Injector.
type nothing struct{}

// MaybeError implements vfs.Injector.
func (nothing) MaybeError(vfs.Op) error { return nil }

// again tells whether a call is to be made once more.
func (f files) again(err error) bool {
	if err == nil {
		return false
	}
	if f.room.Again(err) {
		return true
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrClosed) {
		f.fail(fmt.Errorf("a write or sync of the metadata quorum failed: %w", err))
	}
	return false
}

// patiently repeats a call that takes effect as a whole or not at all.
func (f files) patiently(call func() error) error {
	for {
		if err := call(); !f.again(err) {
			return err
		}
	}
}

func (f files) opened(open func() (vfs.File, error)) (opened vfs.File, err error) {
	err = f.patiently(func() (err error) {
		opened, err = open()
		return err
	})
	if err != nil {
		return nil, err
	}
	return file{opened, f}, nil
}

// Create implements vfs.FS.
func (f files) Create(name string) (vfs.File, error) {
	return f.opened(func() (vfs.File, error) { return f.FS.Create(name) })
}

// OpenForAppend implements vfs.FS.
func (f files) OpenForAppend(name string) (vfs.File, error) {
	return f.opened(func() (vfs.File, error) { return f.FS.OpenForAppend(name) })
}

// ReuseForWrite implements vfs.FS.
func (f files) ReuseForWrite(oldName, newName string) (vfs.File, error) {
	if err := f.Rename(oldName, newName); err != nil {
		return nil, err
	}
	return f.opened(func() (vfs.File, error) { return f.FS.ReuseForWrite(newName, newName) })
}

// Link implements vfs.FS.
func (f files) Link(oldName, newName string) error {
	return f.patiently(func() error { return f.FS.Link(oldName, newName) })
}

// Rename implements vfs.FS.
func (f files) Rename(oldName, newName string) error {
	return f.patiently(func() error { return f.FS.Rename(oldName, newName) })
}

// MkdirAll implements vfs.FS.
func (f files) MkdirAll(dir string, perm os.FileMode) error {
	return f.patiently(func() error { return f.FS.MkdirAll(dir, perm) })
}

// file is one that the engine writes.
type file struct {
	vfs.File
	of files
}

// Write implements vfs.File.
func (f file) Write(p []byte) (n int, err error) {
	for {
		put, err := f.File.Write(p[n:])
		if n += put; !f.of.again(err) {
			return n, err
		}
	}
}

// WriteAt implements vfs.File.
func (f file) WriteAt(p []byte, off int64) (n int, err error) {
	for {
		put, err := f.File.WriteAt(p[n:], off+int64(n))
		if n += put; !f.of.again(err) {
			return n, err
		}
	}
}

// Sync implements vfs.File. It makes bytes and size durable, which is what the
// engine's store asks of a file. It is not tried again.
func (f file) Sync() error {
	var err error
	if d, ok := f.File.(interface{ Fd() uintptr }); ok {
		for err = unix.EINTR; errors.Is(err, unix.EINTR); {
			err = unix.Fdatasync(int(d.Fd()))
		}
	} else {
		err = f.File.Sync()
	}
	if err != nil {
		f.of.fail(fmt.Errorf("a sync of the metadata quorum failed: %w", err))
	}
	return err
}
