package kafka

// Instant is a point on a node's monotonic clock, in nanoseconds since an
// arbitrary start. It drives deadlines and failure detection only.
type Instant int64

// Duration is a span of monotonic time in nanoseconds.
type Duration int64

// Spans in nanoseconds.
const (
	Microsecond Duration = 1_000
	Millisecond          = 1_000 * Microsecond
	Second               = 1_000 * Millisecond
	Minute               = 60 * Second
	Hour                 = 60 * Minute
)

// TimestampMs is wall time in milliseconds since the Unix epoch, as records
// carry it. It may jump both ways; no safety rests on it.
type TimestampMs int64

// NoTimestamp marks an absent timestamp.
const NoTimestamp TimestampMs = -1

// Now is what a machine knows of time during one Step.
type Now struct {
	Mono Instant     // monotonic: deadlines, failure detection
	Wall TimestampMs // wall: record timestamps, retention and expiry
}

// Add returns the instant d later.
func (i Instant) Add(d Duration) Instant { return i + Instant(d) }

// Sub returns the span from o to i.
func (i Instant) Sub(o Instant) Duration { return Duration(i - o) }

// Ms converts Kafka's millisecond settings.
func Ms(ms int64) Duration { return Duration(ms) * Millisecond }
