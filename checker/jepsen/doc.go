// Package jepsen reads and writes histories of Jepsen's Kafka workload
// (jepsen.tests.kafka) as EDN, one operation map a line or all of them in one
// vector, so that others' histories can be judged here and ours elsewhere; and
// it knows Jepsen's names of anomalies.
//
// A micro-operation becomes an operation of ours: [:send k v], and, for every
// key that it returned, [:poll {k [[offset value] …]}]. A key is a partition of
// the topic "jepsen". What Jepsen cannot say (epochs, watermarks, faults) is not
// told. Polls of a process after an assign that seeks to the beginning are the
// final scan.
//
// Files: edn.go (the notation), read.go, write.go, names.go.
package jepsen
