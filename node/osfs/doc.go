// Package osfs is core/disk's FS on the real file system, rooted at a data
// directory, and the lock that keeps a second process out of it.
//
// Who asks for it is kept waiting where the disk has no room (patience.go).
//
// Two habits: a file whose sync has failed stays failed (the kernel may have
// dropped the dirty pages, so a later success proves nothing), and data is
// synced with fdatasync, which covers a file's bytes and size.
package osfs
