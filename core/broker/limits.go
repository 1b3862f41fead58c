package broker

import (
	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/partition"
)

// Limits are the bounds and periods that a seed may draw. Where Config.Settings
// sets producer.id.expiration.ms, max.incremental.fetch.session.cache.slots,
// broker.session.timeout.ms or broker.heartbeat.interval.ms, the setting holds
// instead.
type Limits struct {
	// Storage bounds the journal, its generations, reads and jobs.
	Storage partition.Limits
	// Controller bounds the controller of a voter.
	Controller controller.Limits
	// DiskReserve is the free space in bytes below which Produce is refused with
	// KAFKA_STORAGE_ERROR while everything else goes on.
	DiskReserve int64
	// UnwrittenBytes bounds the batches that were emitted and not yet written;
	// produce waits at the bound.
	UnwrittenBytes int64
	// ConnectionRequests bounds the requests of one connection that are in the
	// broker at once; beyond it the connection is muted.
	ConnectionRequests int
	// FetchSessions bounds the fetch sessions that are kept, and
	// FetchSessionPartitions the partitions in all of them (KIP-227). 0: none.
	FetchSessions          int
	FetchSessionPartitions int
	// FetchSessionAge is how long a fetch session is safe from a new one that
	// would be more useful, and how long after its last use it makes room for any.
	FetchSessionAge kafka.Duration
	// FetchWait bounds a long poll whatever the client asks.
	FetchWait kafka.Duration
	// RequestTimeout bounds admin requests that name no timeout of their own.
	RequestTimeout kafka.Duration
	// Retry is the wait before a registration that failed is tried again.
	Retry kafka.Duration
	// Heartbeat is how often a registered broker tells the controller that it
	// lives (broker.heartbeat.interval.ms).
	Heartbeat kafka.Duration
	// ShutdownWait bounds how long a controlled shutdown waits for the controller
	// to move roles away and for waiting produces.
	ShutdownWait kafka.Duration
	// FollowerWait is how long a follower's fetch waits for records at the leader
	// (replica.fetch.wait.max.ms), FollowerBytes how many it takes at most.
	FollowerWait  kafka.Duration
	FollowerBytes int32
	// FollowerBackoff is the wait after a fetch that failed; it doubles from try to
	// try, up to FollowerBackoffMax.
	FollowerBackoff, FollowerBackoffMax kafka.Duration
	// ISRBackoff is the wait before the controller is asked again for ISR changes
	// that it has refused.
	ISRBackoff kafka.Duration
	// SearchJobs is how many batches are looked through at a time for searches by
	// time, each of which may be unpacked as a whole.
	SearchJobs int
	// ProducerScan is the period on which idle producer IDs are expired.
	ProducerScan kafka.Duration
	// ScrubPause is the shortest time from the beginning of one round of scrubbing to
	// the next, and before the first.
	ScrubPause kafka.Duration
	// CheckEvery is the number of Steps between two walks over all invariants;
	// 0: only those of what a Step touched.
	CheckEvery int
}

// DefaultLimits are the limits of production.
func DefaultLimits() Limits {
	return Limits{
		Storage:                partition.DefaultLimits(),
		Controller:             controller.DefaultLimits(),
		DiskReserve:            256 << 20,
		UnwrittenBytes:         128 << 20,
		ConnectionRequests:     64,
		FetchSessions:          1000,
		FetchSessionPartitions: 500_000,
		FetchSessionAge:        2 * kafka.Minute,
		FetchWait:              5 * kafka.Minute,
		RequestTimeout:         30 * kafka.Second,
		Retry:                  500 * kafka.Millisecond,
		Heartbeat:              2 * kafka.Second,
		ShutdownWait:           10 * kafka.Second,
		FollowerWait:           500 * kafka.Millisecond,
		FollowerBytes:          10 << 20,
		FollowerBackoff:        20 * kafka.Millisecond,
		FollowerBackoffMax:     kafka.Second,
		ISRBackoff:             50 * kafka.Millisecond,
		SearchJobs:             2,
		ProducerScan:           10 * kafka.Minute,
		ScrubPause:             kafka.Minute,
		CheckEvery:             1 << 16,
	}
}

// heed lets static settings have their way.
func (l *Limits) heed(static kafka.ConfigMap, c *kafka.BrokerConfig) {
	if _, set := static.Get("producer.id.expiration.ms"); set {
		l.Storage.ProducerExpiry = kafka.Ms(int64(c.ProducerIDExpirationMs))
	}
	if _, set := static.Get("max.incremental.fetch.session.cache.slots"); set {
		l.FetchSessions = int(c.FetchSessionSlots)
	}
	if _, set := static.Get("broker.session.timeout.ms"); set {
		l.Controller.SessionTimeout = kafka.Ms(int64(c.BrokerSessionTimeoutMs))
	}
	if _, set := static.Get("broker.heartbeat.interval.ms"); set {
		l.Heartbeat = kafka.Ms(int64(c.BrokerHeartbeatIntervalMs))
	}
}
