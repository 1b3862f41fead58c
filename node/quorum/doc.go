// Package quorum puts dragonboat behind core/quorum's port: entries go in,
// Committed, SnapshotLoaded, Leads, LeadsNot and Unknown come out, in the order
// in which core is promised them. All use of the engine is in this package.
//
// Files: engine.go (start, propose, stop), machine.go (what the engine applies
// entries to), replica.go (this replica's identity on disk), forming.go (the
// first start of several voters), transport.go and link.go (our own transport
// with logical names), files.go (what the engine writes through: waits for room,
// tells of errors), watchdog.go (an engine that hangs), log.go (its log lines).
//
// Non-obvious:
//
//   - The engine must never see a voter again that has lost its data: a leader
//     that knows more than the voter itself makes the engine panic. So a replica
//     whose directory is empty never starts under an identity that was in use.
//   - After a failed write the engine hangs for good and says nothing, or panics.
//     files.go tells of it first. It takes no file system but its own and those
//     of its tests, so that ours lies below one of those; with that it swallows
//     panics of the goroutine that steps replicas, which the watchdog notices.
//   - The engine may drop, delay or repeat a proposal. Unknown is told early
//     and cheaply; core/quorum's Applier makes the retry harmless.
package quorum
