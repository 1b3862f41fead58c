// Package partition is one replica's log as plain data, and the code that
// keeps it on disk.
//
// Log decides where offsets lie: segments and their sparse indexes, the
// leader-epoch cache, producer state, what a duplicate is. Its methods come in
// two kinds: some decide and change nothing (CheckProducer, CheckRecords,
// EndOffsetForEpoch, Lookup), the others apply (AppendAsLeader, AppendVerbatim,
// TruncateTo, …) and fill in the disk.Append to emit. Recovery runs the same
// apply code as normal work.
//
// Journal numbers a node's appends and knows which journal generations are
// still needed. Writer, run by both drivers off the loop, builds frames and
// writes segments. Upkeep says which jobs are due. The jobs are sequential
// functions over disk.FS: Recover, Checkpoint, Truncate, Delete, Release,
// Remove, Clean, NoteTime, MarkClean.
//
// # On disk
//
// Relative to the data directory:
//
//	meta.properties                      node ID, cluster ID, directory ID
//	clean                                left by a clean shutdown, removed first thing at start
//	clock                                the time by which policies last judged ages
//	journal/<first LSN>/<index>          a generation: frames in tidwall/wal's files
//	logs/<log ID>/<base offset>.log      Kafka's segment, and .index and .timeindex
//	logs/<log ID>/<base offset>-<n>.log  the same, of version n: what the cleaner has left of it
//	logs/<log ID>/checkpoint             everything about a log up to an LSN
//	logs/<log ID>/identity               whose log it is, should the checkpoint be damaged
//
// # Non-obvious
//
//   - Entry offsets in an .index are last offsets of batches, as in Kafka.
//   - A log's index files are trusted only up to the counts in its checkpoint.
//   - A checkpoint's LSN is the journal's, not the log's: every entry of the
//     log at or below it is contained.
//   - Log IDs grow no faster than LSNs, and recovery leaves an empty generation
//     that is named by the next LSN, so neither is ever used twice.
//   - Batches are stamped in the writer's copy. The frame holds the stamped
//     bytes, so redo is a plain write.
//
// Read next: log.go, append.go, journal.go, writer.go, recover.go. The
// invariants are numbered in invariants.go.
package partition
