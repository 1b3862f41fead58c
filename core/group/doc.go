// Package group is the machine of one partition of __consumer_offsets: the
// groups whose names fall into it, their members, and what they have committed.
//
// It keeps two views of the partition (core/coordinator): the written one, on
// which it decides, and the committed one, which others are shown. What changes
// a view is written first: a decision makes records and an answer, the broker
// appends the records, and the answer goes out when they count. What members and
// coordinator agree on between two generations is not in the log; after a
// failover members find themselves in the last generation that was written, and
// those of a later one are told to join again.
//
// Invariants, checked by Invariants unless said otherwise:
//
//	G1 Members are found by their IDs, and counted.
//	G2 A state has the members that it is about, and only they wait in it.
//	G3 Generations rise (checked where one begins).
//	G4 The leader is a member; members share a protocol (checked where one begins).
//	G5 An assignment is given out once it counts (checked there).
//	G6 An append is answered before anything else happens.
//	G7 Everything that waits has somebody who ends it.
//	G8 The written view is the committed one and what is pending; the log knows no
//	   group that the machine does not.
//	G9 No partition is anybody's, or is to be, that is somebody else's in the group,
//	   or has been told to be given up and has not been.
//	G10 No member is in an epoch above the targets', nor in that while it has
//	    something to give up; and the targets' is not above the group's. Since when
//	    it has each partition is known, and that is not above its own.
//
// Files: input.go and effects.go (what comes in, what goes out), machine.go (the
// state, and how records become views), step.go (one switch), view.go (what a
// prefix of the log says), record.go, codec.go and wire.go (Kafka's formats),
// classic.go, classic_join.go, classic_rebalance.go and classic_sync.go (the
// classic protocol), offsets.go and expiry.go, confirm.go (still the
// coordinator?), describe.go (what others are shown), timers.go, invariants.go.
// The consumer protocol, where the coordinator assigns and everything that is
// decided on stands in the log: consumer_record.go, consumer_codec.go,
// consumer_view.go (what the log says), consumer_heartbeat.go (one heartbeat, from
// who speaks), consumer_assign.go and consumer_subscription.go (who shall have
// what), assignor.go and assignor_uniform.go, consumer_reconcile.go (who has what), consumer_finish.go (the
// answer; leaving; commits), consumer.go (who is silent), consumer_describe.go,
// consumer_invariants.go, partitions.go. Between the two: migrate.go (groups that
// change their protocol), mixed.go (classic members in groups of the other),
// embedded.go (what classic consumers say and are told).
//
// Sources: KIP-134 (initial delay), KIP-211 (expiry), KIP-345 (static members),
// KIP-394 (member IDs), KIP-429 (cooperative rebalancing, which is the clients'
// affair), KIP-800 (reasons), KIP-814 (static leaders), KIP-848 (the consumer
// protocol; as in Kafka 4.4, its assignors do not look at racks).
//
// Read next: core/coordinator, and core/broker's coordinators.go, which composes
// the machine with its partition.
package group
