package controller

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// Limits are the sizes and times that a seed may draw.
type Limits struct {
	// SessionTimeout is how long a broker may be silent (broker.session.timeout.ms).
	SessionTimeout kafka.Duration
	// TickEvery is how often an active controller looks at sessions. A gap of
	// four times as much means that it was stopped, and grants full sessions.
	TickEvery kafka.Duration
	// RetryBackoff is the pause before a proposal of unknown fate is repeated.
	RetryBackoff kafka.Duration
	// ReclaimAfter is the pause before a controller that is told it leads, and
	// saw another's claim, claims again.
	ReclaimAfter kafka.Duration
	// MaxBatchRecords bounds one batch: a command that alone needs more is refused.
	MaxBatchRecords int
	// MaxPending bounds the commands that wait for a commit; more are answered
	// THROTTLING_QUOTA_EXCEEDED.
	MaxPending int
	// ProducerIDBlock is the size of a block of producer IDs.
	ProducerIDBlock int32
	// MaxPartitionsPerRequest bounds CreateTopics and CreatePartitions.
	MaxPartitionsPerRequest int32
}

// DefaultLimits returns production's limits.
func DefaultLimits() Limits {
	return Limits{
		SessionTimeout:          9 * kafka.Second,
		TickEvery:               250 * kafka.Millisecond,
		RetryBackoff:            50 * kafka.Millisecond,
		ReclaimAfter:            kafka.Second,
		MaxBatchRecords:         20_000,
		MaxPending:              10_000,
		ProducerIDBlock:         1000,
		MaxPartitionsPerRequest: 10_000,
	}
}

// Config is what a controller is started with.
type Config struct {
	Broker kafka.BrokerID
	// Nonce tells this incarnation's proposals from those of others of the same
	// broker; drawn anew at every start, never 0.
	Nonce uint64
	// Seed feeds topic IDs, the cluster ID and placement.
	Seed uint64
	// ClusterID is what a new cluster is called; zero draws one from Seed.
	ClusterID kafka.UUID
	// Static is this broker's own settings, for the defaults of CreateTopics.
	Static kafka.ConfigMap
	// Features are finalised at bootstrap.
	Features []metadata.FeatureLevel
	Limits   Limits
}

// Machine is the controller of one broker incarnation. Its methods are not
// safe for concurrent use.
type Machine struct {
	cfg Config
}

// New returns a controller that starts from the broker's current image.
func New(cfg Config, image *metadata.Image) *Machine { return &Machine{cfg: cfg} }

// Step tells the controller one thing.
func (m *Machine) Step(now kafka.Now, in Input, out *Effects) {}

// Deadline says when the controller next wants a Tick.
func (m *Machine) Deadline() (kafka.Instant, bool) { return 0, false }

// Active tells whether this controller decides commands now.
func (m *Machine) Active() bool { return false }

// Invariants checks C2, C3 and C7 and returns the first that is broken.
func (m *Machine) Invariants() error { return nil }
