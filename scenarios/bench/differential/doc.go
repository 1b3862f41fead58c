// Package differential gives the same random traces of requests about groups and
// offsets to several servers of Kafka's protocol, step by step, and compares what
// they answer: Apache Kafka, ours, and franz-go's kfake. Where they differ, Kafka
// is right.
//
// Every request of a trace goes to all servers before the next one. Whatever a
// server makes up, such as member IDs, is known by its first appearance. A trace
// has nothing to do with time: sessions last for minutes, and a request that all
// servers let wait is left waiting.
//
// TestDifferential runs it, with the servers that the environment names:
// TRIALOG_BIN is our program, TRIALOG_CLIENTS the directory in which
// scenarios/interop/install has put Apache Kafka's jars; `make differential` sets
// both. With neither, two servers of kfake are compared, which must agree.
package differential
