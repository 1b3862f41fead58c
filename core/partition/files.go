package partition

import (
	"errors"
	"io"
	"strings"

	"trialog/core/disk"
)

// openOrCreate opens a file for reading and writing, and makes it if it is not there.
func openOrCreate(fs disk.FS, path string) (disk.File, error) {
	f, err := fs.Open(path)
	if errors.Is(err, disk.ErrNotExist) {
		return fs.Create(path)
	}
	return f, err
}

// readFile returns a file's bytes.
func readFile(fs disk.FS, path string) (b []byte, err error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	b = make([]byte, size)
	n, err := readAt(f, b, 0)
	return b[:n], err
}

// readAt reads as much of p as the file has; the end of the file is no error.
func readAt(f disk.File, p []byte, off int64) (int, error) {
	n, err := f.ReadAt(p, off)
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// writeAt writes all of p.
func writeAt(f disk.File, p []byte, off int64) error {
	n, err := f.WriteAt(p, off)
	if err == nil && n != len(p) {
		err = disk.ErrIO
	}
	return err
}

// replaceFile makes path hold b, durably: after a crash it has either its old
// content or the new one.
func replaceFile(fs disk.FS, path string, b []byte) error {
	if err := renewFile(fs, path, b); err != nil {
		return err
	}
	return fs.SyncDir(dirOf(path))
}

// renewFile does the same, but for its name, which is durable with the directory's next sync.
func renewFile(fs disk.FS, path string, b []byte) error {
	tmp := path + temporary
	f, err := openOrCreate(fs, tmp)
	if err != nil {
		return err
	}
	err = f.Truncate(0)
	if err == nil {
		err = writeAt(f, b, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return fs.Rename(tmp, path)
}

func dirOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i]
	}
	return "."
}

// removeIfThere removes a file that may not exist.
func removeIfThere(fs disk.FS, path string) error {
	if err := fs.Remove(path); err != nil && !errors.Is(err, disk.ErrNotExist) {
		return err
	}
	return nil
}

// removeTree removes a directory of files, durably.
func removeTree(fs disk.FS, dir string) error {
	names, err := fs.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := fs.Remove(dir + "/" + name); err != nil {
			return err
		}
	}
	if err := fs.Remove(dir); err != nil {
		return err
	}
	return fs.SyncDir(dirOf(dir))
}

// cutFile truncates a file to size, if it is longer.
func cutFile(fs disk.FS, path string, size int64, durably bool) (err error) {
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	have, err := f.Size()
	if err != nil || have <= size {
		return err
	}
	if err := f.Truncate(size); err != nil || !durably {
		return err
	}
	return f.Sync()
}

// syncFile makes a file's bytes durable.
func syncFile(fs disk.FS, path string) (err error) {
	f, err := fs.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return f.Sync()
}

// liveNames lists the directories in dir after removing those whose removal was
// cut short. A crash may have kept both names of one that was being renamed.
func liveNames(fs disk.FS, dir string) ([]string, error) {
	names, err := fs.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		base, ok := strings.CutSuffix(name, deleted)
		if !ok {
			continue
		}
		for _, half := range []string{name, base} {
			if err := removeTree(fs, dir+"/"+half); err != nil && !errors.Is(err, disk.ErrNotExist) {
				return nil, err
			}
		}
	}
	return fs.ReadDir(dir)
}
