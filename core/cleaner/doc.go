// Package cleaner decides what a compacted log keeps: of every key the newest
// record, of a tombstone as long as a reader may need it.
//
// Keys is the map from keys to the offset of their newest record, in memory that
// is bounded: of each key it holds a digest of 128 bits. Sweeper goes through
// batches with it, and says what is left of each.
//
// Neither knows of files. Package partition reads the batches, writes what is
// left into new versions of segments, and swaps those in.
package cleaner
