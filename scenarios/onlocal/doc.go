// Package onlocal carries scenarios out on real processes of this machine: it
// starts `trialog serve`, works on it with franz-go, which is an independent
// implementation of a client, kills, stops and restarts the process, and hands
// the history to the same checker as the simulator does. Without a program it
// works on any Kafka-compatible address, without faults of the process.
//
// The same seed draws the same plan, not the same run. What cannot be injected
// here (a rotten bit, a clock of another node) is reported as not supported. The
// power of a cluster's nodes is cut where FUSE can be had: a program beside this
// one, node/powercut/drive, then holds a disk for each.
//
// Files: arm.go (one seed), plan.go (what a seed draws), server.go (the
// process), restarts.go (its lives), nemesis.go (the faults), fleet.go,
// fleet_run.go and fleet_nemesis.go (clusters), links.go (relays between
// nodes), power.go (disks that lose power), leaders.go (who leads, and what
// moved a leader), wire.go (faults of connections), producer.go, consumer.go and
// admin.go (the workload), scan.go (the last word of fresh consumers), run.go
// (what all of them share).
package onlocal
