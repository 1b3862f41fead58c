// Package tail keeps the bytes that were written last, so that readers at the
// end of a log need no disk.
//
// It knows files, and nothing of logs. Everything in the process that changes
// a file that is kept does so through an FS of this package: one that fills the
// cache (the writer's), or one that only takes out what changes (that of jobs,
// which truncate, remove and rename). So what is kept is what the file holds,
// whatever the file's name stands for by then, and a read from here may take
// the place of a read from the disk at any moment.
//
//	cache.go  reading, and what may be lent
//	fill.go   adding behind a file's end, taking out, making room
//	fs.go     core/disk's FS over another
//
// Memory: bytes lie in chunks, those of one file in a row. A read that takes a
// good part of one chunk is answered with a slice of it, which nobody ever
// writes to again; the garbage collector counts the references. A smaller read,
// and one that passes from chunk to chunk, is answered with a copy, so that a
// small batch never holds a large chunk. A chunk that was dropped while
// somebody holds a slice of it still counts, until the collector has it: chunks
// together never exceed the bound.
package tail
