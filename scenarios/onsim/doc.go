// Package onsim carries scenarios out in the simulator: it draws a cluster, a
// workload and faults from a scenario and a seed, puts clients to work, writes
// down what they did and saw, and has the checker judge it. A seed gives the
// same run, bit for bit, every time.
//
// Files: arm.go (one seed, from declaration to outcome), draw.go (what a seed
// draws), faults.go (kinds of faults), trial.go (what the applications of a run
// share), application.go (what they have in common), producer.go, consumer.go,
// member.go, ledger.go, scanner.go, administrator.go (the applications), watch.go (what the world
// tells, put into the history), tape.go, replay.go, shrink.go.
//
// Nothing here starts a goroutine: a run is one thread, and the pool of package
// scenarios runs several seeds at a time.
package onsim
