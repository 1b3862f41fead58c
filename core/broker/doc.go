// Package broker is the machine that composes the others: it routes requests,
// keeps the order of replies per connection, applies the metadata image to the
// partitions it holds, and owns the numbering of the journal.
//
// Files: input.go and effects.go (what comes in, what goes out), state.go,
// step.go (one switch), connection.go (order of requests and replies),
// api_NN_name.go (one file per API key), storage.go (journal numbering,
// completions, checkpoints), roles.go (the image against the disk),
// invariants.go.
package broker
