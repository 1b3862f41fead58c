// Package protocol is Kafka's wire format: frames, request and response
// headers, the table of versions we speak, flat Produce and Fetch codecs
// (checked byte for byte against kmsg), and kmsg for every other API.
//
// Drivers call it on both ends: a connection's reader decodes and verifies, a
// connection's writer encodes. Nothing here keeps state.
package protocol
