package osfs

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Lock is a data directory held by this process. The kernel lets go of it
// when the process ends, however it ends.
type Lock struct{ dir *os.File }

// LockDir makes the directory when it is missing and takes it for this
// process alone. The lock lies on the directory itself, so no file is left behind.
func LockDir(path string) (*Lock, error) {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, err
	}
	if err := New(filepath.Dir(path)).SyncDir("."); err != nil {
		return nil, err
	}
	dir, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		dir.Close()
		return nil, fmt.Errorf("data directory %s is in use by another process: %w", path, err)
	}
	return &Lock{dir: dir}, nil
}

// Release lets another process take the directory.
func (l *Lock) Release() error { return l.dir.Close() }
