//go:build !linux

package osfs

import "golang.org/x/sys/unix"

// datasync makes a file durable. Elsewhere than on Linux the full sync is used.
func datasync(fd int) error { return unix.Fsync(fd) }
