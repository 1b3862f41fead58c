package controller

import (
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/quorum"
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
	// VoterLag is how many entries a replica may lack when it becomes a voter.
	VoterLag uint64
	// MaxPartitionsPerRequest bounds CreateTopics and CreatePartitions.
	MaxPartitionsPerRequest int32
	// NoELR decides as Kafka did before KIP-966: there are no eligible leader
	// replicas, and the last member of an ISR stays in it, whatever befell it. Only
	// trials that show what is lost then set it.
	NoELR bool
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
		VoterLag:                1000,
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
	// Supported is what UpdateFeatures may choose from.
	Supported []FeatureRange
	Limits    Limits
}

// Machine is the controller of one broker incarnation. Its methods are not
// safe for concurrent use.
type Machine struct {
	cfg  Config
	rand kafka.Rand

	phase phase
	leads bool // the last hint of the quorum
	epoch kafka.ControllerEpoch
	// committed is the image that the broker has applied, written the view that
	// decisions read: nil unless active.
	committed, written *metadata.Image

	claim  proposal // while claiming
	flight batch    // proposed, fate unknown; outlives a resignation
	open   batch    // decided, waiting for the flight

	members quorum.Members     // the engine's membership, as last told
	asked   quorum.Reconfigure // the last step asked for
	askAt   kafka.Instant      // when it is asked for again

	retryAt   kafka.Instant // when a proposal of unknown fate is repeated
	reclaimAt kafka.Instant // when to claim again
	earliest  kafka.Instant // no waiting command has an earlier deadline
	tickAt    kafka.Instant // when sessions are looked at next
	balanceAt kafka.Instant // when leaders are looked at next; 0: the wait is still to begin
	lastStep  kafka.Instant
	sessions  []session // by broker ID
	// syncing says that partitions may be in ModeSyncing, syncedAt from which image
	// on a broker that acts on it has synced them; 0: not known yet.
	syncing  bool
	syncedAt uint64
	lastRef  kafka.Ref
	dirty    bool   // the written view changed since Invariants looked
	looked   uint64 // at partitions, to decide anew what they are

	// of the Step that runs
	now kafka.Now
	out *Effects
}

// never is later than every deadline.
const never = kafka.Instant(1<<63 - 1)

// phase is how far a controller's leadership has come.
type phase uint8

const (
	idle phase = iota
	claiming
	active
)

// proposal is an entry on its way through the quorum.
type proposal struct {
	ref   kafka.Ref // zero: none
	entry quorum.Entry
}

// batch is a set of decided records with the commands that wait for them.
type batch struct {
	proposal
	records []metadata.Record
	waiting []waiting
}

// waiting is a decided command whose answer waits for a commit.
type waiting struct {
	deadline kafka.Instant
	result   Result
}

// session is what the controller knows of a broker's life.
type session struct {
	broker      kafka.BrokerID
	lastContact kafka.Instant
	applied     uint64            // the index of the image that it acts on
	modes       uint64            // of the newest image whose durability modes its disk has
	heardAt     kafka.TimestampMs // of the last heartbeat; 0: none to this controller
}

// New returns a controller that starts from the broker's current image.
func New(cfg Config, image *metadata.Image) *Machine {
	must.True(cfg.Nonce != 0, "controller: an incarnation needs a nonce")
	return &Machine{
		cfg: cfg, rand: kafka.NewRand(cfg.Seed), committed: image,
		retryAt: never, reclaimAt: never, earliest: never, tickAt: never,
	}
}

// Active tells whether this controller decides commands now.
func (m *Machine) Active() bool { return m.phase == active }

// Epoch returns the controller epoch that this machine last held; 0 for none.
func (m *Machine) Epoch() kafka.ControllerEpoch { return m.epoch }
