package osfs

import "golang.org/x/sys/unix"

// datasync makes a file's bytes and size durable.
func datasync(fd int) error { return unix.Fdatasync(fd) }
