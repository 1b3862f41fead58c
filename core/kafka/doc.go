// Package kafka is the vocabulary: IDs, offsets, epochs, instants, error codes
// and settings, each a distinct type, so that mixing two quantities does not
// compile. Names are Kafka's own. Ends are exclusive and called EndOffset.
//
// The package decides nothing and imports nothing but the standard library.
package kafka
