// Package logtrial puts the storage of one node on trial without a cluster
// around it: logs of both modes, a journal, a writer and upkeep jobs of
// core/partition on a disk that loses, tears and fails. It appends as a leader
// and as a follower, truncates, rolls, checkpoints, releases and deletes, ends
// the process at any call, recovers, and compares each log with a model that
// shares no code with it.
//
// A cluster of one never truncates, so what follows a truncation (no byte beyond
// the cut may come back, nor be overwritten too early) is tried here.
//
// Files: trial.go (one run), operations.go (what may happen next), storage.go
// (writing, syncing, jobs, death and recovery), model.go (what a log may hold),
// compare.go (what it does hold), producers.go (idempotent producers),
// reader.go (lookups).
package logtrial
