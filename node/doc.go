// Package node is the production driver: it runs one broker of core on a real
// machine. It carries out and never decides: what to append, answer or elect
// is core's; here are a loop, a listener, files, sockets and timers.
//
// How a request travels:
//
//	connection.go  a connection's reader frames (receive.go), decodes and checks a request
//	inbox.go       the bounded queue of inputs
//	loop.go        one goroutine owns broker.Broker: drain, Step, hand over
//	carrier.go     carries out filled Effects and gives them back to the ring
//	writer.go      journal and segments: write, sync, group commit
//	reader.go      reads: from the tail cache (package tail), else from the disk
//	reply.go       a connection's writer sends what the carrier encoded
//
// Beside it: peers.go and peerlink.go (requests to other brokers), peerport.go
// and joins.go (what comes from other nodes), listener.go, space.go (free
// bytes), memory.go and pressure.go (what clients may hold, and who is closed
// when that is short), node.go (start and stop in order). Sub-packages: journal
// (the byte sink on tidwall/wal), osfs (the file system), tail (the newest
// bytes of segments), quorum (dragonboat), codec (compression), admin (health
// and metrics).
//
// Non-obvious: the loop waits for nothing but the carrier, and the carrier for
// nothing at all. Everybody else may wait for the loop, so no cycle exists.
package node
