// Package client is the simulator's Kafka client: one machine is one client
// process, with a producer, consumers of assigned partitions and an
// administrator in one. It behaves as a good client of Kafka does (bootstrap,
// version negotiation, metadata, one connection per broker, batching,
// idempotence, retries in order) and says of every operation what is really
// known: done, not done and never to be, or unknown. It is never used in
// production: applications in Go use franz-go.
//
// # Files
//
//	config.go     Config, Limits: what a run draws
//	input.go      what comes in: commands, connections, responses, time
//	effects.go    what goes out: dials, requests, outcomes
//	client.go     state, Step, Deadline
//	outcome.go    the one place that tells fail from info, and retry from end
//	conn.go       connections, version negotiation, requests under way
//	metadata.go   topics, leaders, refresh
//	producer.go   batches, sequences, retries; producer_id.go the epochs
//	consumer.go   positions, fetches, resets; session.go what fetches need not repeat
//	group.go      the member of a group: states, rejoining; group_coordinator.go
//	              who coordinates; group_join.go calls and answers; group_assign.go
//	              what a leader divides; group_offsets.go commits and their reading;
//	              group_place.go where reading begins; group_consumer.go the member
//	              whose coordinator assigns (KIP-848)
//	admin.go      topics, configurations, offsets; admin_cluster.go replicas, leaders;
//	              ask.go any request as it is
//
// # Invariants
//
//	C1  The numbered batches of a partition have the identity of the partition
//	    and sequences that rise in the order of the queue.
//	C2  A batch that may have been appended is never sent with another
//	    sequence, epoch or producer ID than before.
//	C3  At most Limits.InFlight requests are under way on one connection.
//	C4  Every operation is answered exactly once.
//	C5  A consumer's position moves only past records that it returned, by a
//	    command, or by a reset that it reported.
//	C6  A fetch session has an ID and holds each of its partitions once.
//	C7  A member reads what it owns, and nothing else.
//
// Read next: core/client/outcome.go, then producer.go.
package client
