// Package journal is the byte sink of a node's journal: frames go to files of
// tidwall/wal, one log per generation, and one fdatasync makes a batch durable.
//
// What a frame means, how it is checked and how a torn tail is cut is
// core/partition's; nothing here reads a journal. The library is used where it
// is sound and kept from the rest (it has no checksum, no repair, no directory
// sync, and after a failed write its state is ahead of its file):
//
//   - a generation is a new directory, written once and never opened again;
//     releasing one removes whole directories, so Truncate is never called;
//   - NoSync, and a sync of our own through a second descriptor, because the
//     library syncs once per write under its lock;
//   - file rolls are predicted by counting framed bytes, so that the directory
//     is synced after each;
//   - a batch never spans two files, so that one for which there was no room can
//     be taken back and written again (room.go);
//   - any other error is the last: the sink answers with it for ever.
//
// The simulator writes the same bytes through sim/disk; format_test.go compares
// the two, file by file.
package journal
