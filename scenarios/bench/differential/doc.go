// Package differential gives the same random traces of requests about groups and
// offsets to several servers of Kafka's protocol, step by step, and compares what
// they answer: Apache Kafka, ours, and franz-go's kfake. Where they differ, Kafka
// is right, or a rule says why we depart (rules.go): its name, what it takes for
// the same, and the row of docs/DIVERGENCES.md that it stands for. Whatever no
// rule knows is a failure.
//
// Every request of a trace goes to all servers before the next one. Whatever a
// server makes up, such as member IDs, is known by its first appearance. Sessions
// last for minutes, but for those of short traces: there silences are steps, in
// which every session runs out, and between two of them none does.
//
// TestDifferential runs it, with the servers that the environment names:
// TRIALOG_BIN is our program, TRIALOG_CLIENTS the directory in which
// scenarios/interop/install has put Apache Kafka's jars; `make differential` sets
// both. With neither, two servers of kfake are compared, which must agree. The
// other tests need no server but kfake: planted differences must be found.
package differential
