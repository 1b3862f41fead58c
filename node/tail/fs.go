package tail

import "trialog/core/disk"

// FS is a file system whose changes the cache follows.
type FS struct {
	disk.FS
	cache *Cache
	keeps func(path string) bool
	fills bool
}

// FS returns base with the cache beside it. keeps tells which files the cache
// is for. Where fills is set, what is written is kept; otherwise it is taken
// out. One goroutine at a time may write to a file.
func (c *Cache) FS(base disk.FS, fills bool, keeps func(path string) bool) *FS {
	return &FS{FS: base, cache: c, keeps: keeps, fills: fills && c.limit > 0}
}

// Create implements disk.FS.
func (s *FS) Create(path string) (disk.File, error) {
	f, err := s.FS.Create(path)
	if err != nil || !s.keeps(path) {
		return f, err
	}
	return s.follow(f, path), nil
}

// Open implements disk.FS.
func (s *FS) Open(path string) (disk.File, error) {
	f, err := s.FS.Open(path)
	if err != nil || !s.keeps(path) {
		return f, err
	}
	return s.follow(f, path), nil
}

// Remove implements disk.FS.
func (s *FS) Remove(path string) error {
	err := s.FS.Remove(path)
	s.cache.moved(path)
	return err
}

// Rename implements disk.FS.
func (s *FS) Rename(oldPath, newPath string) error {
	err := s.FS.Rename(oldPath, newPath)
	s.cache.moved(oldPath)
	s.cache.moved(newPath)
	return err
}

// File is an open file whose changes the cache follows.
type File struct {
	disk.File
	cache  *Cache
	path   string
	fills  bool
	orphan bool   // nobody knows by which name it is read; under cache.mu
	size   int64  // as it was
	asof   uint64 // when the cache's cuts stood at this
}

func (s *FS) follow(f disk.File, path string) *File {
	file := &File{File: f, cache: s.cache, path: path, fills: s.fills, size: -1}
	s.cache.mu.Lock()
	s.cache.open[file] = struct{}{}
	s.cache.mu.Unlock()
	return file
}

// WriteAt implements disk.File.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if !f.fills {
		n, err := f.File.WriteAt(p, off)
		f.cache.changed(f)
		return n, err
	}
	begun := f.cache.begin()
	if f.size < 0 || f.asof != begun { // somebody else may have changed it
		size, err := f.Size()
		if err != nil {
			return 0, err
		}
		f.size, f.asof = size, begun
	}
	n, err := f.File.WriteAt(p, off)
	if err != nil || n != len(p) || n == 0 { // nobody says what became of the file
		f.size = -1
		f.cache.changed(f)
		return n, err
	}
	f.size = max(f.size, off+int64(n))
	f.cache.fill(f, off, p, begun)
	return n, nil
}

// Truncate implements disk.File.
func (f *File) Truncate(size int64) error {
	err := f.File.Truncate(size)
	f.cache.changed(f)
	return err
}

// WriteBack implements disk.WriteBacker where the file below does.
func (f *File) WriteBack(off, n int64) error {
	if w, ok := f.File.(disk.WriteBacker); ok {
		return w.WriteBack(off, n)
	}
	return nil
}

// Close implements disk.File.
func (f *File) Close() error {
	f.cache.mu.Lock()
	delete(f.cache.open, f)
	f.cache.mu.Unlock()
	return f.File.Close()
}
