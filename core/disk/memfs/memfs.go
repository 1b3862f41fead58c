// Package memfs is a file system in memory, without faults, for tests of the
// code that runs over disk.FS. Sync and SyncDir do nothing: nothing is ever
// lost. The simulator's, with power cuts and rot, is sim/disk.
package memfs

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"trialog/core/disk"
)

// FS implements disk.FS. It is for one caller at a time.
type FS struct{ root *node }

// node is a file or a directory.
type node struct {
	bytes   []byte
	entries map[string]*node // nil: a file
}

// New returns an empty file system.
func New() *FS { return &FS{root: newDir()} }

func newDir() *node { return &node{entries: make(map[string]*node)} }

// find walks to a path.
func (fs *FS) find(path string) (*node, bool) {
	n := fs.root
	if path == "." {
		return n, true
	}
	for name := range strings.SplitSeq(path, "/") {
		if n.entries == nil {
			return nil, false
		}
		next, ok := n.entries[name]
		if !ok {
			return nil, false
		}
		n = next
	}
	return n, true
}

// parent walks to the directory of a path.
func (fs *FS) parent(path string) (dir *node, name string, err error) {
	at := strings.LastIndexByte(path, '/')
	if at < 0 {
		return fs.root, path, nil
	}
	dir, ok := fs.find(path[:at])
	if !ok || dir.entries == nil {
		return nil, "", fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	}
	return dir, path[at+1:], nil
}

// Create implements disk.FS.
func (fs *FS) Create(path string) (disk.File, error) {
	dir, name, err := fs.parent(path)
	if err != nil {
		return nil, err
	}
	if _, ok := dir.entries[name]; ok {
		return nil, fmt.Errorf("%s: %w", path, disk.ErrExist)
	}
	n := &node{}
	dir.entries[name] = n
	return &file{n: n}, nil
}

// Open implements disk.FS.
func (fs *FS) Open(path string) (disk.File, error) {
	n, ok := fs.find(path)
	if !ok || n.entries != nil {
		return nil, fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	}
	return &file{n: n}, nil
}

// Remove implements disk.FS.
func (fs *FS) Remove(path string) error {
	dir, name, err := fs.parent(path)
	if err != nil {
		return err
	}
	n, ok := dir.entries[name]
	switch {
	case !ok:
		return fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	case len(n.entries) > 0:
		return fmt.Errorf("%s: directory not empty: %w", path, disk.ErrIO)
	}
	delete(dir.entries, name)
	return nil
}

// Rename implements disk.FS.
func (fs *FS) Rename(oldPath, newPath string) error {
	from, oldName, err := fs.parent(oldPath)
	if err != nil {
		return err
	}
	n, ok := from.entries[oldName]
	if !ok {
		return fmt.Errorf("%s: %w", oldPath, disk.ErrNotExist)
	}
	to, newName, err := fs.parent(newPath)
	if err != nil {
		return err
	}
	delete(from.entries, oldName)
	to.entries[newName] = n
	return nil
}

// MkdirAll implements disk.FS.
func (fs *FS) MkdirAll(path string) error {
	n := fs.root
	if path == "." {
		return nil
	}
	for name := range strings.SplitSeq(path, "/") {
		next, ok := n.entries[name]
		if !ok {
			next = newDir()
			n.entries[name] = next
		}
		if next.entries == nil {
			return fmt.Errorf("%s: not a directory: %w", path, disk.ErrExist)
		}
		n = next
	}
	return nil
}

// ReadDir implements disk.FS.
func (fs *FS) ReadDir(path string) ([]string, error) {
	n, ok := fs.find(path)
	if !ok || n.entries == nil {
		return nil, fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	}
	names := make([]string, 0, len(n.entries))
	for name := range n.entries { //order: sorted below
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// SyncDir implements disk.FS.
func (fs *FS) SyncDir(path string) error {
	if n, ok := fs.find(path); !ok || n.entries == nil {
		return fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	}
	return nil
}

// file is an open file. Its bytes live on while it is open, as on POSIX.
type file struct {
	n      *node
	closed bool
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if f.closed {
		return 0, disk.ErrClosed
	}
	if off >= int64(len(f.n.bytes)) {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	n := copy(p, f.n.bytes[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if f.closed {
		return 0, disk.ErrClosed
	}
	f.grow(off + int64(len(p)))
	return copy(f.n.bytes[off:], p), nil
}

// grow extends the file with zeros to at least size bytes.
func (f *file) grow(size int64) {
	if have := int64(len(f.n.bytes)); size > have {
		f.n.bytes = slices.Grow(f.n.bytes, int(size-have))[:size]
		clear(f.n.bytes[have:])
	}
}

func (f *file) Truncate(size int64) error {
	if f.closed {
		return disk.ErrClosed
	}
	f.grow(size)
	f.n.bytes = f.n.bytes[:size]
	return nil
}

func (f *file) Size() (int64, error) {
	if f.closed {
		return 0, disk.ErrClosed
	}
	return int64(len(f.n.bytes)), nil
}

func (f *file) Sync() error {
	if f.closed {
		return disk.ErrClosed
	}
	return nil
}

func (f *file) Close() error {
	if f.closed {
		return disk.ErrClosed
	}
	f.closed = true
	return nil
}
