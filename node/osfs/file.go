package osfs

import "os"

// File is an open file. It is used by one goroutine at a time.
type File struct {
	file   *os.File
	failed error // the first failed sync, for good
}

// ReadAt implements disk.File.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.file.ReadAt(p, off)
	return n, translate(err)
}

// WriteAt implements disk.File.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.file.WriteAt(p, off)
	return n, translate(err)
}

// Truncate implements disk.File.
func (f *File) Truncate(size int64) error { return translate(f.file.Truncate(size)) }

// Size implements disk.File.
func (f *File) Size() (int64, error) {
	info, err := f.file.Stat()
	if err != nil {
		return 0, translate(err)
	}
	return info.Size(), nil
}

// Sync implements disk.File.
func (f *File) Sync() error {
	if f.failed == nil {
		f.failed = translate(Fdatasync(f.file))
	}
	return f.failed
}

// Close implements disk.File.
func (f *File) Close() error { return translate(f.file.Close()) }
