package partition

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// crashFS is a file system in memory that knows what is durable: bytes after
// Sync of their file, names after SyncDir of their directory. It stops at the
// n-th call, and every one after, with disk.ErrCrashed.
type crashFS struct {
	root  *crashNode
	calls int
	syncs int   // calls of Sync and SyncDir
	stop  int   // the call that crashes, 0: none
	err   error // what calls fail with from stop on, ErrCrashed when nil
}

// crashNode is a file or a directory, as it is and as it is durable.
type crashNode struct {
	dir            bool
	bytes, durable []byte
	names, kept    map[string]*crashNode
}

func newCrashFS() *crashFS { return &crashFS{root: newCrashDir()} }

func newCrashDir() *crashNode {
	return &crashNode{dir: true, names: map[string]*crashNode{}, kept: map[string]*crashNode{}}
}

// powerCut returns the file system after a power cut. Of what was not durable,
// keep decides per file and name what survives: nil means nothing does.
func (fs *crashFS) powerCut(keep func() bool) *crashFS {
	return &crashFS{root: fs.root.survive(map[*crashNode]*crashNode{}, keep)}
}

// restart returns the file system after a mere crash of the process: everything is there.
func (fs *crashFS) restart() *crashFS {
	return &crashFS{root: fs.root.survive(map[*crashNode]*crashNode{}, func() bool { return true })}
}

// afterKill is the same file system after a crash of the process: nothing is
// lost, and what was not durable still is not.
func (fs *crashFS) afterKill() *crashFS { return &crashFS{root: fs.root} }

func (n *crashNode) survive(seen map[*crashNode]*crashNode, keep func() bool) *crashNode {
	if s, ok := seen[n]; ok {
		return s
	}
	s := &crashNode{dir: n.dir}
	seen[n] = s
	if !n.dir {
		s.bytes = slices.Clone(n.durable)
		if keep != nil {
			s.bytes = mixPages(n.durable, n.bytes, keep)
		}
		s.durable = slices.Clone(s.bytes)
		return s
	}
	s.names, s.kept = map[string]*crashNode{}, map[string]*crashNode{}
	for _, name := range sortedNames(n.names, n.kept) {
		survivor := n.kept[name]
		if keep != nil && n.names[name] != survivor && keep() {
			survivor = n.names[name]
		}
		if survivor != nil {
			s.names[name] = survivor.survive(seen, keep)
			s.kept[name] = s.names[name]
		}
	}
	return s
}

// mixPages takes each sector of 64 bytes from one version of a file or the
// other, and the length of one of them.
func mixPages(old, new []byte, keep func() bool) []byte {
	if slices.Equal(old, new) {
		return slices.Clone(new)
	}
	size := len(old)
	if keep() {
		size = len(new)
	}
	out := make([]byte, size)
	for at := 0; at < size; at += 64 {
		from := old
		if keep() {
			from = new
		}
		if at < len(from) {
			copy(out[at:min(at+64, size)], from[at:])
		}
	}
	return out
}

func sortedNames(maps ...map[string]*crashNode) []string {
	var names []string
	for _, m := range maps {
		for name := range m {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// call counts a call and tells whether the node still lives.
func (fs *crashFS) call() error {
	fs.calls++
	if fs.stop != 0 && fs.calls >= fs.stop {
		if fs.err != nil {
			return fs.err
		}
		return disk.ErrCrashed
	}
	return nil
}

func (fs *crashFS) find(path string) *crashNode {
	n := fs.root
	if path == "." {
		return n
	}
	for _, name := range strings.Split(path, "/") {
		if n = n.names[name]; n == nil {
			return nil
		}
	}
	return n
}

func (fs *crashFS) parent(path string) (*crashNode, string, error) {
	dir := fs.find(dirOf(path))
	if dir == nil || !dir.dir {
		return nil, "", fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	}
	return dir, path[strings.LastIndexByte(path, '/')+1:], nil
}

func (fs *crashFS) Create(path string) (disk.File, error) {
	if err := fs.call(); err != nil {
		return nil, err
	}
	dir, name, err := fs.parent(path)
	if err != nil {
		return nil, err
	}
	if dir.names[name] != nil {
		return nil, fmt.Errorf("%s: %w", path, disk.ErrExist)
	}
	n := &crashNode{}
	dir.names[name] = n
	return &crashFile{fs, n}, nil
}

func (fs *crashFS) Open(path string) (disk.File, error) {
	if err := fs.call(); err != nil {
		return nil, err
	}
	n := fs.find(path)
	if n == nil || n.dir {
		return nil, fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	}
	return &crashFile{fs, n}, nil
}

func (fs *crashFS) Remove(path string) error {
	if err := fs.call(); err != nil {
		return err
	}
	dir, name, err := fs.parent(path)
	if err != nil {
		return err
	}
	n := dir.names[name]
	if n == nil {
		return fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	}
	if len(n.names) > 0 {
		return fmt.Errorf("%s: not empty: %w", path, disk.ErrIO)
	}
	delete(dir.names, name)
	return nil
}

func (fs *crashFS) Rename(oldPath, newPath string) error {
	if err := fs.call(); err != nil {
		return err
	}
	from, oldName, err := fs.parent(oldPath)
	if err != nil {
		return err
	}
	to, newName, err := fs.parent(newPath)
	if err != nil {
		return err
	}
	n := from.names[oldName]
	if n == nil {
		return fmt.Errorf("%s: %w", oldPath, disk.ErrNotExist)
	}
	delete(from.names, oldName)
	to.names[newName] = n
	return nil
}

func (fs *crashFS) MkdirAll(path string) error {
	if err := fs.call(); err != nil {
		return err
	}
	n := fs.root
	if path == "." {
		return nil
	}
	for _, name := range strings.Split(path, "/") {
		if n.names[name] == nil {
			n.names[name] = newCrashDir()
		}
		n = n.names[name]
	}
	return nil
}

func (fs *crashFS) ReadDir(path string) ([]string, error) {
	if err := fs.call(); err != nil {
		return nil, err
	}
	n := fs.find(path)
	if n == nil || !n.dir {
		return nil, fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	}
	return sortedNames(n.names), nil
}

func (fs *crashFS) SyncDir(path string) error {
	fs.syncs++
	if err := fs.call(); err != nil {
		return err
	}
	n := fs.find(path)
	if n == nil || !n.dir {
		return fmt.Errorf("%s: %w", path, disk.ErrNotExist)
	}
	n.kept = map[string]*crashNode{}
	for _, name := range sortedNames(n.names) {
		n.kept[name] = n.names[name]
	}
	return nil
}

type crashFile struct {
	fs *crashFS
	n  *crashNode
}

func (f *crashFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fs.call(); err != nil {
		return 0, err
	}
	if off >= int64(len(f.n.bytes)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.bytes[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *crashFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.fs.call(); err != nil {
		return 0, err
	}
	f.size(max(off+int64(len(p)), int64(len(f.n.bytes))))
	return copy(f.n.bytes[off:], p), nil
}

func (f *crashFile) size(size int64) {
	for int64(len(f.n.bytes)) < size {
		f.n.bytes = append(f.n.bytes, make([]byte, size-int64(len(f.n.bytes)))...)
	}
	f.n.bytes = f.n.bytes[:size:size]
}

func (f *crashFile) Truncate(size int64) error {
	if err := f.fs.call(); err != nil {
		return err
	}
	f.size(size)
	return nil
}

func (f *crashFile) Size() (int64, error) {
	if err := f.fs.call(); err != nil {
		return 0, err
	}
	return int64(len(f.n.bytes)), nil
}

func (f *crashFile) Sync() error {
	f.fs.syncs++
	if err := f.fs.call(); err != nil {
		return err
	}
	f.n.durable = slices.Clone(f.n.bytes)
	return nil
}

func (f *crashFile) Close() error { return nil }

// testSink writes tidwall/wal's format over a disk.FS. As a sink may, it keeps
// frames in memory until Sync, so that a crash of the process loses them, or
// writes them at once, so that only a power cut does.
type testSink struct {
	fs    disk.FS
	eager bool
	limit int64 // bytes after which the next file begins
	dir   string
	file  disk.File
	size  int64
	next  uint64
	buf   []byte // framed, not written yet
}

func (s *testSink) Open(generation kafka.LSN) error {
	s.dir, s.next = GenerationDir(generation), 1
	s.file, s.buf = nil, s.buf[:0] // whether the last one is durable is the writer's business
	if err := s.fs.MkdirAll(s.dir); err != nil {
		return err
	}
	if err := s.fs.SyncDir(journalDir); err != nil {
		return err
	}
	return s.roll()
}

func (s *testSink) roll() error {
	if s.file != nil {
		if err := s.Sync(nil); err != nil {
			return err
		}
	}
	var err error
	if s.file, err = openOrCreate(s.fs, s.dir+"/"+digits20(s.next)); err != nil {
		return err
	}
	s.size = 0
	return s.fs.SyncDir(s.dir)
}

func (s *testSink) Append(frame []byte) error {
	if s.limit > 0 && s.size+int64(len(s.buf)) >= s.limit {
		if err := s.roll(); err != nil {
			return err
		}
	}
	s.buf = appendUvarint(s.buf, uint64(len(frame)))
	s.buf = append(s.buf, frame...)
	s.next++
	if s.eager {
		return s.flush()
	}
	return nil
}

func (s *testSink) flush() error {
	err := writeAt(s.file, s.buf, s.size)
	s.size += int64(len(s.buf))
	s.buf = s.buf[:0]
	return err
}

func appendUvarint(dst []byte, v uint64) []byte {
	for ; v >= 0x80; v >>= 7 {
		dst = append(dst, byte(v)|0x80)
	}
	return append(dst, byte(v))
}

func (s *testSink) Sync(files []disk.File) error {
	if err := s.flush(); err != nil {
		return err
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	return nil
}

func (s *testSink) Close() error { return s.file.Close() }
