package damagetest

import (
	"errors"
	"io"

	"trialog/core/disk"
	"trialog/core/disk/memfs"
)

// file is a file and its bytes.
type file struct {
	path  string
	bytes []byte
}

// read returns every file below a directory, in order of their paths.
func read(fs disk.FS, dir string) ([]file, error) {
	names, err := fs.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []file
	for _, name := range names {
		path := name
		if dir != "." {
			path = dir + "/" + name
		}
		if _, err := fs.ReadDir(path); err == nil {
			below, err := read(fs, path)
			if err != nil {
				return nil, err
			}
			out = append(append(out, file{path: path + "/"}), below...)
			continue
		}
		b, err := content(fs, path)
		if err != nil {
			return nil, err
		}
		out = append(out, file{path, b})
	}
	return out, nil
}

func content(fs disk.FS, path string) (b []byte, err error) {
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
	if n, err := f.ReadAt(b, 0); err != nil && (err != io.EOF || n < len(b)) {
		return nil, err
	}
	return b, nil
}

// write lays files out in memory. Bytes of path are those of other instead.
func write(files []file, path string, other []byte) (*memfs.FS, error) {
	fs := memfs.New()
	for _, f := range files {
		if f.path[len(f.path)-1] == '/' {
			if err := fs.MkdirAll(f.path[:len(f.path)-1]); err != nil {
				return nil, err
			}
			continue
		}
		to, err := fs.Create(f.path)
		if err != nil {
			return nil, err
		}
		b := f.bytes
		if f.path == path {
			b = other
		}
		if _, err := to.WriteAt(b, 0); err != nil {
			return nil, err
		}
	}
	return fs, nil
}
