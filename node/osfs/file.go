package osfs

import (
	"errors"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"
)

// File is an open file, by its bare descriptor: os.File would offer each one to
// the network poller, which regular files refuse, at twice the system calls.
// It is used by one goroutine at a time.
type File struct {
	fd     int
	name   string
	fs     *FS   // that it was opened from; nil: a directory
	failed error // the first failed sync, for good
}

// retry repeats a system call that a signal has interrupted.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

func open(path string, flag int) (*File, error) {
	f := &File{name: path}
	err := retry(func() (err error) {
		f.fd, err = unix.Open(path, flag|unix.O_CLOEXEC, 0o640)
		return err
	})
	return f, f.wrap("open", err)
}

// wrap names the call and the file, in core/disk's terms.
func (f *File) wrap(call string, err error) error {
	if err == nil {
		return nil
	}
	return translate(&fs.PathError{Op: call, Path: f.name, Err: err})
}

// closed is the error of every call after Close.
func (f *File) closed(call string) error {
	if f.fd < 0 {
		return f.wrap(call, fs.ErrClosed)
	}
	return nil
}

// ReadAt implements disk.File.
func (f *File) ReadAt(p []byte, off int64) (n int, err error) {
	if err := f.closed("read"); err != nil {
		return 0, err
	}
	for n < len(p) {
		var got int
		err := retry(func() (err error) {
			got, err = unix.Pread(f.fd, p[n:], off+int64(n))
			return err
		})
		if err != nil {
			return n, f.wrap("read", err)
		}
		if got == 0 {
			return n, io.EOF
		}
		n += got
	}
	return n, nil
}

// WriteAt implements disk.File.
func (f *File) WriteAt(p []byte, off int64) (n int, err error) {
	if err := f.closed("write"); err != nil {
		return 0, err
	}
	for n < len(p) {
		var put int
		err := retry(func() (err error) {
			put, err = unix.Pwrite(f.fd, p[n:], off+int64(n))
			return err
		})
		if err != nil && f.fs != nil && f.fs.Again(err) {
			continue
		}
		if err != nil {
			return n, f.wrap("write", err)
		}
		if put == 0 {
			return n, f.wrap("write", io.ErrUnexpectedEOF)
		}
		n += put
	}
	return n, nil
}

// Truncate implements disk.File.
func (f *File) Truncate(size int64) error {
	if err := f.closed("truncate"); err != nil {
		return err
	}
	for {
		err := retry(func() error { return unix.Ftruncate(f.fd, size) })
		if err == nil || f.fs == nil || !f.fs.Again(err) {
			return f.wrap("truncate", err)
		}
	}
}

// Size implements disk.File.
func (f *File) Size() (int64, error) {
	if err := f.closed("stat"); err != nil {
		return 0, err
	}
	var st unix.Stat_t
	err := retry(func() error { return unix.Fstat(f.fd, &st) })
	return st.Size, f.wrap("stat", err)
}

// Sync implements disk.File.
func (f *File) Sync() error {
	if f.failed == nil {
		if f.failed = f.closed("sync"); f.failed == nil {
			f.failed = f.sync()
		}
	}
	return f.failed
}

// WriteBack implements disk.WriteBacker. Where the system cannot it does
// nothing. An error is what a sync would have met, and is kept for it.
func (f *File) WriteBack(off, n int64) error {
	if f.failed == nil {
		if f.failed = f.closed("write back"); f.failed == nil {
			f.failed = f.wrap("write back", retry(func() error { return writeBack(f.fd, off, n) }))
		}
	}
	return f.failed
}

// Close implements disk.File.
func (f *File) Close() error {
	if err := f.closed("close"); err != nil {
		return err
	}
	fd := f.fd
	f.fd = -1
	return f.wrap("close", unix.Close(fd)) // never repeated: the descriptor is gone
}
