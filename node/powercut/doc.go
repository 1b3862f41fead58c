// Package powercut is a file system that loses power. It is for tests only:
// nothing that ships imports it (core/archtest sees to that).
//
// A Disk keeps its files in memory, each as it is and as it would be found
// after a power cut: bytes count as durable once fsync or fdatasync of their
// file has returned, names once fsync of their directory has. Mount shows it to
// real processes through FUSE. When the power goes, calls fail or hang, and
// Survive rebuilds the tree from what was durable and a random part of what was
// not: writes torn at sectors, in any order, sizes without bytes, names lost or
// kept. The rules are those of sim/disk, written again: a misunderstanding in
// the one should not hide in the other.
//
// Where FUSE cannot be had, Recording is the weaker substitute: a node on an
// ordinary directory tells what it has synced, and after a kill files are cut
// to a random length at or above that.
//
// Files: disk.go (calls, power), inode.go (a file's bytes), names.go
// (directories), tree.go (the calls on names), survive.go (what a power cut
// leaves), fault.go (errors, stalls, space), fuse_linux.go and mount_linux.go
// (FUSE), recording.go.
package powercut
