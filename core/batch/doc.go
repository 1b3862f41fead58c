// Package batch is Kafka's record batch, magic 2 (KIP-98): a view over bytes,
// a builder, control batches, CRC-32C, and the check that a produced batch must
// pass before anything else looks at it.
//
// Nothing here keeps state between calls except buffers. Bytes that are looked
// at are never written to; setters are for a copy of one's own (Stamp).
//
// Files: view.go (the header), record.go (the records in it), check.go (what a
// leader demands of a client), cut.go (bytes of a segment into whole batches),
// stamp.go (what a leader sets), builder.go, control.go, codec.go.
package batch
