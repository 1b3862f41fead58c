package broker

import (
	"slices"
	"strings"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/partition"
	"trialog/core/replication"
)

// Broker is the machine. One driver goroutine owns it.
type Broker struct {
	config Config
	limits Limits
	static kafka.ConfigMap
	rand   kafka.Rand
	phase  Phase

	// Of the Step that runs.
	now kafka.Now
	out *Effects

	// Requests.
	connections map[kafka.ConnID]*connection
	requests    requests
	deadlines   deadlines
	toAdvance   []*connection
	sending     throttle // of what followers here are sent
	taking      throttle // of what this broker's followers take
	resolved    resolved
	stalled     []*connection
	toFetch     []token
	toPoll      []*fetcher

	fetchSessions fetchSessions
	groups        coordinators

	// Storage.
	journal    *partition.Journal
	directory  kafka.DirectoryID
	appends    completions
	reads      window[pendingRead]
	jobs       window[pendingJob]
	searches   searches
	upkeepDue  bool
	diskLow    bool
	diskFree   int64
	hosts      []*host // by rising log ID
	nameless   int     // logs on disk of which damage has taken the name; left alone
	byTopic    map[kafka.TopicPartition]*host
	touched    []*host
	settled    []*host // by the last Step, some of them more than once
	view       PartitionView
	fetchers   []*fetcher // by rising leader
	noRoom     bool       // fetchers wait until more may be appended
	hurryDue   bool       // followers' fetches that wait are to be answered
	hurryUntil kafka.Instant
	isr        isrRequests
	healing    healing
	replicated replication.Effects
	in         inputs
	nextScan   kafka.Instant

	// The life of logs.
	policy     partition.PolicyClock
	nextRetain kafka.Instant
	cleaning   cleaning
	scrub      scrubbing
	noting     bool    // the policy clock's time is being kept
	deleting   []token // DeleteRecords that wait for replicas
	deletesDue bool

	// Metadata.
	state      *metadata.State
	cluster    kafka.BrokerConfig
	controller *controller.Machine // nil without a voter
	decided    controller.Effects
	commands   window[pendingCommand]
	sends      window[pendingSend]
	session    session
	producers  producerIDs

	counters Counters
	steps    int
}

// New makes a broker that waits for Start. It copies config.
func New(config Config, limits Limits) *Broker {
	config.Listeners = slices.Clone(config.Listeners)
	b := &Broker{
		config: config, limits: limits,
		static:        staticSettings(config.Settings),
		rand:          kafka.NewRand(config.Seed),
		connections:   make(map[kafka.ConnID]*connection),
		fetchSessions: fetchSessions{byID: make(map[int32]*fetchSession)},
		reads:         newWindow[pendingRead](),
		jobs:          newWindow[pendingJob](),
		byTopic:       make(map[kafka.TopicPartition]*host),
		state:         metadata.NewState(),
		commands:      newWindow[pendingCommand](),
		sends:         newWindow[pendingSend](),
		session:       session{epoch: kafka.NoBrokerEpoch},
	}
	b.groups.next = never
	b.resolveBrokerConfig()
	b.limits.heed(b.static, &b.cluster)
	if config.Voter {
		b.controller = controller.New(b.controllerConfig(), b.state.Image())
	}
	return b
}

// controllerConfig is what the controller of a voter is started with.
func (b *Broker) controllerConfig() controller.Config {
	return controller.Config{
		Broker:    b.config.NodeID,
		Nonce:     b.rand.Uint64() | 1,
		Seed:      b.rand.Uint64(),
		Static:    b.static,
		Features:  newClusterFeatures(),
		Supported: supportedFeatures(),
		Limits:    b.limits.Controller,
	}
}

// staticSettings sorts the driver's settings by name.
func staticSettings(settings map[string]string) kafka.ConfigMap {
	var entries []kafka.ConfigEntry
	for name, value := range settings { //order: NewConfigMap sorts, and the names differ
		entries = append(entries, kafka.ConfigEntry{Name: name, Value: value})
	}
	slices.SortStableFunc(entries, func(a, b kafka.ConfigEntry) int { return strings.Compare(a.Name, b.Name) })
	return kafka.NewConfigMap(entries...)
}
