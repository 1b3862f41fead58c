// Package replication is the machine of one replica of one partition: as
// leader it takes appends, moves the high watermark and answers what waits for
// it; as follower it takes what the leader sent, verbatim.
//
// It emits appends without numbers and answers by ticket. Package broker
// composes it with the others, numbers the appends for the journal and reads
// segments for fetches.
//
// Invariants, checked by Invariants:
//
//	R1 LogStartOffset <= HighWatermark <= LogEndOffset.
//	R2 The high watermark never goes back while the replica lives.
//	R3 Durable <= written <= LogEndOffset; what a leader counts of its own log is
//	   synced in synced mode and written in replicated mode.
//	R4 Waiting produces stand by rising end offset, above what is reached, at or
//	   below LogEndOffset, and only on a leader.
//	R5 A leader answers nothing in an epoch before that epoch's start is durable.
//	R6 No role has an epoch below the largest in the log.
//	R7 The maximal ISR contains the ISR, and a leader is in its own ISR.
//	R8 A fenced log has no role.
//
// Files: input.go and effects.go (what comes in, what goes out), state.go,
// step.go (one switch), role.go (becoming leader or follower), append.go (the
// leader's append), waiting.go (produces and fetches that wait), watermark.go
// (the only place where the high watermark moves), read.go (what a reader may
// see), sight.go (when that has changed), offsets.go (ListOffsets, OffsetForLeaderEpoch), follow.go (the
// follower), retain.go (the log start), invariants.go.
//
// Read next: core/partition (the log), core/broker (the composition).
package replication
