// Package sim is the simulator: the second driver of the machines of core. One
// seed is one life of a cluster: brokers with disks, clients, a network between
// them, clocks that disagree, and faults. Everything happens in one goroutine
// on virtual time; the same seed gives the same run, bit for bit.
//
// The package carries out and injects; it decides nothing that a broker or a
// client must decide. It imports core and kmsg only: a simulator that can reach
// a real disk is not one.
//
// Files: config.go and defaults.go (what a run is given), fault.go (the kinds of
// faults), app.go (what drives a client host), observer.go (what a run tells
// while it goes), result.go (what it tells at its end); world.go (the event
// loop), phases.go, heap.go and kinds.go (virtual time), clock.go (what a node
// believes the time is), memory.go, slots.go; host.go and process.go (start,
// crash, pause), broker.go (the broker host), requests.go, writer.go and jobs.go (its disk),
// peer.go (its calls to other brokers), client.go (the client host), quorum.go;
// network.go, connection.go, wire.go; nemesis.go (when what strikes whom),
// faults.go (what a strike does); trace.go (the hash and the text), differ.go
// (where two runs part).
//
// Packages: choice (all randomness), disk (a file system that loses, tears and
// rots), shrink (the shortest schedule that still fails).
package sim
