package osfs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// datasync makes a file's bytes and size durable.
func datasync(fd int) error { return unix.Fdatasync(fd) }

// writeBack writes a stretch of a file to the device and waits for it. File
// systems that do not know how are left alone.
func writeBack(fd int, off, n int64) error {
	const all = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
	err := unix.SyncFileRange(fd, off, n, all)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ESPIPE) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}
