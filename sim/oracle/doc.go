// Package oracle sees every replica of a cluster at once and tells, at the step
// at which it happens, when they stop agreeing. It is a judge that looks inside:
// what it knows no client could.
//
// Per partition it keeps the records that have counted, which is what some
// leader's high watermark has covered, and per replica which batches its log
// holds. As long as the faults stay within what is claimed (see damage.go):
//
//	O1 Whoever begins to lead has every record that had counted in older epochs.
//	O2 Below its high watermark a replica has what has counted, and nothing else;
//	   less, where a cleaner has rewritten the log of some replica.
//	O3 A follower's high watermark is never ahead of what has counted.
//	O4 A record that has counted is never cut off a log, nor is the log of a member
//	   of ISR or ELR given up.
//	O5 A leader epoch has one leader.
//	O6 Every member of the ISR and of the ELR holds, durably in synced mode, every
//	   record that has counted (KIP-966): whoever may be elected is complete.
//
// And whatever the faults:
//
//	O7 The epochs that a log knows are those of its batches, after recovery and at
//	   the end; and, at the end, what recovery would rebuild of a log is what its
//	   broker knew of epochs and producers.
//	O8 No log's start goes back, whatever crash its broker has been through.
//	O9 At the end, what a coordinator shows of its groups is what replay of the part
//	   of its log that counts makes of them (sim/rebuild.go).
//	O10 At the end, where brokers read their logs over all the time, every log holds
//	   on its disk what was written to it, whatever has rotted (sim/scrub.go).
//	O11 Unless unclean elections are allowed, nobody leads who has lost its disk and
//	   has not been in sync since.
//	O12 At the end, below where its cleaner has been a log holds every key once at most.
//	O13 At the end nothing lies on a disk that is of a log and has no name in one
//	    (sim/rebuild.go).
//
// The first ones are those of the TLA+ models of Kafka's replication (leader completeness,
// log matching, candidate completeness, unclean exclusion, no global loss).
package oracle
