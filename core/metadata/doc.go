// Package metadata is the replicated state of a cluster: the records of the
// metadata log, their codec, the immutable image that they fold into, and the
// delta that says what a batch changed.
//
// Invariants:
//
//	MD1 The image at an index is a function of the entries up to that index:
//	    equal on every replica, whatever snapshots lie between.
//	MD2 A committed batch that the Applier accepts decodes and applies: the
//	    controller proved it against its written view. A replica that cannot is
//	    of an older release and stops (panic), for skipping would diverge.
//	MD3 An image is never changed once State.Image has returned it.
//	MD4 A partition's leader is NoBroker or one of its replicas, ISR and ELR are
//	    disjoint subsets of its replicas, what is added and what is removed are too,
//	    and its epochs never fall.
//	MD5 Broker epochs and producer IDs are never handed out twice.
//	MD6 Nor are replica IDs of the metadata quorum; a node has one at most.
//
// Files: record.go (what the log may say), codec.go, write.go and read.go
// (bytes), tree.go and keys.go (the persistent map), list.go
// (the persistent list of partitions), held.go (who holds what), image.go (what is read),
// edit.go, edit_broker.go, edit_topic.go and edit_replica.go (records to image), delta.go,
// state.go (entries to images), snapshot.go.
//
// Read next: core/controller, which decides the records.
package metadata
