// Package disk is the disk as data, in two forms.
//
// Ops are the hot path: Append and Read are effects, and their results come
// back as inputs of the machine that emitted them (written, synced, read,
// failed). A driver may delay, reorder or fail any completion.
//
// Jobs are recovery, checkpoint, roll, cleaning and deletion: sequential
// functions over FS, emitted as effects, answered by one result. A job owns
// its files: sealed, or not yet open to ops.
//
// The FS contract, and the suite that holds every implementation to it, stand
// in fs.go and disktest.
package disk
