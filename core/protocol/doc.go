// Package protocol is Kafka's wire format: frames, request and response
// headers, the table of versions we speak, flat Produce and Fetch codecs
// (checked byte for byte against kmsg), and kmsg for every other API.
//
// Drivers call it on both ends: a connection's reader decodes and verifies, a
// connection's writer encodes. Nothing here keeps state.
//
// # Files
//
//	frame.go      length prefixes: ReadFrame for a reader, Splitter for a stream in pieces
//	header.go     request and response headers
//	versions.go   the one table of what we speak; ApiVersions answers from it
//	body.go       the flat bodies         message.go  whole frames, both directions
//	body_codec.go which decoder reads what
//	produce_*.go fetch_*.go hints.go      the flat codecs      scatter.go  records not copied
//	shape.go      what a request must look like before kmsg allocates for it
//	carry.go      a body as its receiver would see it, without bytes in between
//	free.go       bodies used again       prepare.go  verification of produced batches
//	wire.go       the primitive types
//
// # Non-obvious
//
//   - An ApiVersions response has a header without tagged fields in every
//     version; one that refuses a version is written as version 0 (KIP-511).
//   - Produce is advertised from version 0 and served from version 3: old
//     clients switch compression off otherwise (KAFKA-18659).
//   - A body with bytes behind its end is refused.
//   - Nil records are written as empty in a Fetch response: old clients refuse
//     null. A nil list of aborted transactions is written as null.
//   - Tagged field 10000 of a Fetch request's partition is ours: the follower's
//     durable end (FetchPartition.DurableEndOffset).
//   - A flat body knows no topics without partitions: they are dropped on the way in.
//
// Read next: versions.go, body.go.
package protocol
