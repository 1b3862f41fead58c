// Package disk is a disk and its file system in memory, as weak as POSIX
// allows. What a process writes is seen by its reads at once and survives the
// process; it survives a power cut only once Sync of its file has returned,
// and a name only once SyncDir of its directory has.
//
// A file holds its present content and, per change since its last Sync, what
// undoes it. So a write costs a copy, a Sync costs nothing, and only a power
// cut does work: it walks the changes backwards and draws, sector by sector,
// which of them the platter had already taken.
//
// Files: disk.go (the tree and its paths), inode.go (a file's content and how to
// undo it), dir.go (a directory likewise), pages.go (memory), mount.go and
// file.go (what one process sees of it; faults), powercut.go, rot.go, journal.go (the
// appender that writes the node's journal format).
package disk
