package osfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"

	"golang.org/x/sys/unix"

	"trialog/core/disk"
)

// FS is the file system below one directory.
type FS struct {
	root string
	wait func() bool // asked when there is no room; nil: nobody waits
}

// New returns the file system below root, which must exist.
func New(root string) *FS { return &FS{root: root} }

// Root is the directory that "." stands for.
func (f *FS) Root() string { return f.root }

// Path turns a path of core/disk into one of the operating system.
func (f *FS) Path(path string) string { return filepath.Join(f.root, filepath.FromSlash(path)) }

// Create implements disk.FS.
func (f *FS) Create(path string) (disk.File, error) {
	return f.open(path, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL)
}

// Open implements disk.FS.
func (f *FS) Open(path string) (disk.File, error) { return f.open(path, unix.O_RDWR) }

func (f *FS) open(path string, flag int) (disk.File, error) {
	var file *File
	if err := f.patiently(func() (err error) {
		file, err = open(f.Path(path), flag)
		return err
	}); err != nil {
		return nil, err
	}
	file.fs = f
	return file, nil
}

// Remove implements disk.FS.
func (f *FS) Remove(path string) error { return translate(os.Remove(f.Path(path))) }

// Rename implements disk.FS.
func (f *FS) Rename(oldPath, newPath string) error {
	return translate(f.patiently(func() error { return os.Rename(f.Path(oldPath), f.Path(newPath)) }))
}

// MkdirAll implements disk.FS.
func (f *FS) MkdirAll(path string) error {
	return translate(f.patiently(func() error { return os.MkdirAll(f.Path(path), 0o750) }))
}

// ReadDir implements disk.FS.
func (f *FS) ReadDir(path string) ([]string, error) {
	dir, err := os.Open(f.Path(path))
	if err != nil {
		return nil, translate(err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, translate(err)
	}
	sort.Strings(names)
	return names, nil
}

// SyncDir implements disk.FS.
func (f *FS) SyncDir(path string) error {
	dir, err := open(f.Path(path), unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return err
	}
	err = dir.wrap("sync", retry(func() error { return unix.Fsync(dir.fd) }))
	return errors.Join(err, dir.Close())
}

// ReadRange reads up to n bytes at pos into memory of its own. A range that
// passes the end of the file comes back short, without an error.
func (f *FS) ReadRange(path string, pos int64, n int) ([]byte, error) {
	file, err := open(f.Path(path), unix.O_RDONLY)
	if err != nil {
		return nil, err
	}
	buf := make([]byte, n)
	got, err := file.ReadAt(buf, pos)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return buf[:got], errors.Join(err, file.Close())
}

// translate wraps an error of the operating system in core/disk's.
func translate(err error) error {
	var known error
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return err
	case errors.Is(err, fs.ErrNotExist):
		known = disk.ErrNotExist
	case errors.Is(err, fs.ErrExist):
		known = disk.ErrExist
	case errors.Is(err, fs.ErrClosed):
		known = disk.ErrClosed
	case NoRoom(err):
		known = disk.ErrNoSpace
	default:
		known = disk.ErrIO
	}
	return fmt.Errorf("%w: %w", known, err)
}
