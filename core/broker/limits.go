package broker

import "trialog/core/kafka"

// Limits are the bounds and periods that are not Kafka settings, so that a
// seed can draw them.
type Limits struct {
	// JournalBytes bounds what recovery may have to redo: journaled bytes that
	// no checkpoint covers. Produce waits at the bound; half of it starts checkpoints.
	JournalBytes int64
	// DiskReserve is the free space in bytes below which Produce is refused with
	// KAFKA_STORAGE_ERROR while everything else goes on.
	DiskReserve int64
	// ConnectionRequests bounds the requests of one connection that are in the
	// broker at once; beyond it the connection is muted.
	ConnectionRequests int
	// FetchBytes bounds one fetch response whatever the client asks (fetch.max.bytes).
	FetchBytes int32
	// FetchWait bounds a long poll whatever the client asks.
	FetchWait kafka.Duration
	// RequestTimeout bounds admin requests that name no timeout of their own.
	RequestTimeout kafka.Duration
	// ProposalRetry is the wait before a registration or a proposal whose outcome
	// is unknown is tried again.
	ProposalRetry kafka.Duration
	// ProducerScan is the period on which idle producer IDs are expired.
	ProducerScan kafka.Duration
	// CheckPeriod is the period of the walk over all invariants, in Steps; 0: never.
	CheckPeriod int
	// IndexInterval is the distance in bytes between index entries.
	IndexInterval int32
	// PartitionsPerRequest bounds the partitions created by one request.
	PartitionsPerRequest int
}

// DefaultLimits are the limits of production.
func DefaultLimits() Limits {
	return Limits{
		JournalBytes:          256 << 20,
		DiskReserve:           256 << 20,
		ConnectionRequests:    64,
		FetchBytes:            55 << 20,
		FetchWait:             5 * kafka.Minute,
		RequestTimeout:        30 * kafka.Second,
		ProposalRetry:         500 * kafka.Millisecond,
		ProducerScan:          10 * kafka.Minute,
		CheckPeriod:           4096,
		IndexInterval:         4096,
		PartitionsPerRequest:  10_000,
	}
}
