// Package coordinator holds what the machines share that live in the partitions
// of an internal topic: groups in __consumer_offsets, transactions in
// __transaction_state.
//
// Such a machine has two views. The written view follows what has been appended;
// decisions read it. The committed view follows what counts, and is what others
// are shown. A decision makes records and an answer; the records are appended
// first, the written view takes them then, the answer waits until they count.
// When the partition is led elsewhere, or an append fails, both views are
// dropped: whoever leads next builds them from the log.
//
//	CO1 What is pending lies between the two views, by rising end of the log.
//	CO2 Replay goes on where it stopped: no batch is taken twice or left out.
//
// Files: key.go (what is coordinated, and in which partition), replay.go (from
// the log), tail.go (what is written and does not count yet).
//
// Read next: core/group, and core/broker's coordinators.go, which composes it
// with the partition.
package coordinator
