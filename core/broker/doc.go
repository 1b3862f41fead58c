// Package broker is the machine that composes the others: it routes requests,
// keeps the order of replies per connection, applies the metadata image to the
// partitions it holds, and gives the journal its numbers.
//
// An incarnation: Start → the recovery job → replay of the metadata log →
// registration → roles by the difference between image and disk → serving →
// Shutdown → checkpoints, clean mark → Halt. A failed write, sync or job ends it
// at once; recovery finds out what the disk has.
//
// Invariants, checked by Invariants unless said otherwise:
//
//	B1  A request is answered once (checked where it ends).
//	B2  The heap of deadlines holds exactly the requests that wait for an instant.
//	B3  The requests of a connection begin, and are answered, in arrival order.
//	B4  A request begins once every earlier one of its connection has taken effect.
//	B5  The gauges of waiting requests count what waits.
//	B6  A partition has one log here, a log ID one life.
//	B7  Refs of appends are dense (checked where they are given).
//	B8  Nothing is appended once the logs are closed for shutdown (checked there).
//	B9  A log ends only when no read holds its files.
//	B10 The effects of a replica are taken before the next one steps.
//	B11 A completion closes what was opened under its ref (checked there).
//	B12 An incarnation starts once (checked there).
//	B13 Records have been checked before they come in (checked there).
//	B14 A read_committed answer ends at the last stable offset (checked there).
//	B15 Producer IDs rise from block to block (checked there).
//	B16 Fetch sessions are found by their IDs, are counted, and are no more than
//	    Limits allows.
//	B17 A fetch session holds each of its partitions once, and so does the order of
//	    those that are due.
//	B18 An answer in a fetch session leaves out only what its reader knows
//	    (checked there).
//	B19 A fetcher has the replicas that follow its leader, and counts them.
//	B20 A partition of the offsets topic has one coordinator at most, and only while
//	    it leads.
//	B21 A partition that is not due in a fetch session has a replica here that tells
//	    the session of its changes.
//
// Files: input.go and effects.go (what comes in, what goes out), config.go,
// limits.go, broker.go (the state), step.go (one switch), request.go and
// connection.go (order of requests and replies), api.go and api_NN_name.go (one
// file per API key), edge.go (names to IDs), admin.go and commands.go (what the
// controller decides), forward.go (when it is another broker's), hosts.go (the replicas), fetch_sessions.go,
// fetch_session.go and fetch_changes.go (what readers need not repeat, and fetches
// need not look at), fetcher.go and
// fetcher_answer.go (following other brokers), isr.go (ISR changes),
// coordinators.go and coordinator_find.go (groups), completions.go (the disk's
// answers to appends), reads.go, storage.go (recovery, jobs, the end), retention.go (when what is too old goes), quorum.go
// (the image and the controller), session.go (registration, heartbeats,
// shutdown), roles.go (the image against the disk), handover.go (followers of a new leader), view.go (what drivers and
// checkers may look at), invariants.go; ring.go, window.go, deadlines.go and
// arena.go are memory that is used again.
//
// Read next: core/replication (one replica), core/partition (its log).
package broker
