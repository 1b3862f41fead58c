package client

import (
	"trialog/core/batch"
	"trialog/core/kafka"
)

// Address is where a broker listens.
type Address struct {
	Host string
	Port int32
}

// Config is what a client process is started with.
type Config struct {
	ClientID  string
	Bootstrap []Address
	// Seed drives the client's own choices: jitter and which broker to ask.
	Seed     uint64
	Producer ProducerConfig
	Consumer ConsumerConfig
	// Versions caps the versions that the client speaks, key by key. A key that
	// is not named is spoken up to the newest that package protocol knows.
	Versions []VersionCap
	Limits   Limits
	// Codecs are the compressions that producer and consumer know.
	Codecs batch.Codecs
	// Fatal makes false beliefs panic (must.Watch).
	Fatal bool
}

// VersionCap is the newest version of one API that a client speaks.
type VersionCap struct {
	Key int16
	Max int16
}

// ProducerConfig is a producer's settings, by Kafka's names.
type ProducerConfig struct {
	// Acks is -1 (all), 0 or 1. Idempotence needs -1.
	Acks int16
	// Idempotent numbers batches so that a retry is not a duplicate.
	Idempotent bool
	// Retries bounds how often one batch is sent again; 0 never. Idempotent
	// producers take it too, but are best left with many.
	Retries int32
	// Hasty lets an idempotent producer send a second batch to a partition before
	// the first under its ID and epoch is acknowledged, as Kafka's own does. A
	// leader without a state for an ID accepts any sequence: if it refuses the
	// first batch, it may take the second, and their order is lost.
	Hasty bool
	// Compression is used when Config.Codecs has it.
	Compression batch.CodecID
}

// ResetPolicy is auto.offset.reset.
type ResetPolicy uint8

// The reset policies.
const (
	ResetNone     ResetPolicy = iota // report and stop until assigned again
	ResetEarliest                    // go on at the log start
	ResetLatest                      // go on at the end
)

// ConsumerConfig is a consumer's settings.
type ConsumerConfig struct {
	ReadCommitted bool
	Reset         ResetPolicy
	// Unfenced leaves leader epochs and last fetched epochs out of fetches, as
	// clients before KIP-320 did.
	Unfenced bool
	// Sessionless makes every fetch name all its partitions, as clients before
	// KIP-227 did.
	Sessionless bool
	// Resume goes on with a fetch session although no answer has come to the last
	// fetch in it; the broker says whether it has missed that fetch too. Kafka's
	// own client closes the session.
	Resume bool
	// RackID lets followers in the same rack be read from (client.rack, KIP-392).
	RackID string
	Group  GroupConfig
}

// Limits are the client's bounds and timeouts. Sizes are bytes.
type Limits struct {
	InFlight          int32          // requests under way per connection
	BatchBytes        int32          // batch.size: a batch is closed before it grows past it
	BatchRecords      int32          // and before it has more records than this
	MaxRequestBytes   int32          // of one produce request
	Linger            kafka.Duration // how long a batch waits for company
	RequestTimeout    kafka.Duration // an unanswered request ends its connection
	DeliveryTimeout   kafka.Duration // from Produce to the outcome
	AdminTimeout      kafka.Duration // from an administrator's command to the outcome
	ProduceWait       kafka.Duration // the broker's own timeout of acks=all
	RetryBackoff      kafka.Duration // before a retry; doubles up to RetryBackoffMax
	RetryBackoffMax   kafka.Duration
	DialTimeout       kafka.Duration
	ReconnectBackoff  kafka.Duration // doubles up to RetryBackoffMax
	MetadataMaxAge    kafka.Duration
	MetadataBackoff   kafka.Duration // the least time between two refreshes
	FetchMaxWait      kafka.Duration
	FetchMinBytes     int32
	FetchMaxBytes     int32
	PartitionMaxBytes int32
}

// DefaultLimits are a Java client's defaults.
func DefaultLimits() Limits {
	return Limits{
		InFlight:          5,
		BatchBytes:        16 << 10,
		BatchRecords:      1 << 16,
		MaxRequestBytes:   1 << 20,
		Linger:            5 * kafka.Millisecond,
		RequestTimeout:    30 * kafka.Second,
		DeliveryTimeout:   120 * kafka.Second,
		AdminTimeout:      60 * kafka.Second,
		ProduceWait:       30 * kafka.Second,
		RetryBackoff:      100 * kafka.Millisecond,
		RetryBackoffMax:   1 * kafka.Second,
		DialTimeout:       10 * kafka.Second,
		ReconnectBackoff:  50 * kafka.Millisecond,
		MetadataMaxAge:    5 * kafka.Minute,
		MetadataBackoff:   100 * kafka.Millisecond,
		FetchMaxWait:      500 * kafka.Millisecond,
		FetchMinBytes:     1,
		FetchMaxBytes:     50 << 20,
		PartitionMaxBytes: 1 << 20,
	}
}
