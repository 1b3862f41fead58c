// Package peering lets two nodes of a cluster prove to each other that they
// belong to it, before anything else goes over their connection. Whoever knows
// the cluster's secret belongs to it; the secret itself never travels.
//
// On the wire: the caller sends Magic, a version byte and its hello; the other
// side answers with its own hello and a proof over both; the caller sends its
// proof. Each message is a 4-byte length and JSON. Magic is a negative frame
// size in Kafka's protocol, so that a client on the wrong port is told at once
// from a node.
//
// What follows is neither encrypted nor signed: the proof keeps strangers out,
// not somebody who sits on the wire.
package peering
