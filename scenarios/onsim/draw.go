package onsim

import (
	"strconv"

	"trialog/checker/history"
	"trialog/core/batch"
	"trialog/core/broker"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/core/quorum/model"
	"trialog/scenarios"
	"trialog/sim"
	"trialog/sim/choice"
)

// salt keeps a scenario's draws apart from the world's of the same seed.
const salt = 0x7472_6961_6c

// drawer draws what a seed uses, and how hard (swarm testing).
type drawer struct {
	stream *choice.Stream
	// old: some clients speak old versions of the protocol. Zstandard is not
	// used beside them: they could not be told of it (KIP-110).
	old bool
}

func newDrawer(seed uint64) drawer {
	return drawer{stream: choice.NewSource(kafka.Mix64(seed^salt), nil).Stream(choice.KindWorld, 0)}
}

// newEvenDrawer draws nothing: everything is what it is in the dullest run.
func newEvenDrawer() drawer { return drawer{stream: choice.NewEven(nil).Stream(choice.KindWorld, 0)} }

func (d drawer) workload(r scenarios.Range) int {
	return int(d.stream.Between(choice.SwarmWorkload, int64(r.Min), int64(r.Max)))
}

// oneOf draws one of the values; the first is the dull one.
func oneOf[T any](d drawer, site choice.Site, values ...T) T {
	return values[d.stream.Choose(site, uint64(len(values)))]
}

// build draws everything of one run: the trial's applications and the world's
// configuration. Where schedules are explored nothing is drawn, and the only
// faults are those.
func build(s *scenarios.Scenario, seed uint64, record *history.Recorder, explored []sim.Strike) (*trial, *sim.Config) {
	d := newDrawer(seed)
	t := &trial{scenario: s, record: record, explored: explored != nil}
	if t.explored {
		d = newEvenDrawer()
	}
	record.Reset(history.Header{})
	config := &sim.Config{
		Seed:        seed,
		Brokers:     s.Cluster.Brokers,
		Settings:    d.settings(s),
		Limits:      d.limits(),
		Quorum:      d.quorum(),
		Network:     d.network(),
		Disk:        d.disk(),
		Faults:      sim.Faults{Doses: doses(s)},
		Phases:      d.phases(s),
		WirePercent: oneOf[uint64](d, choice.SwarmWire, 0, 10, 50, 100),
		BatchSteps:  oneOf(d, choice.SwarmBatching, 1, 4, 32),
		CheckEvery:  oneOf(d, choice.SwarmLimit, 4096, 512, 64),
		Clock:       sim.Clock{OffsetMaxMs: oneOf[int64](d, choice.SwarmLimit, 0, 1000, hour/6), DriftMaxPpm: oneOf[int64](d, choice.SwarmLimit, 0, 200)},
	}
	for i := range s.Cluster.Brokers {
		config.Racks = append(config.Racks, s.Cluster.Rack(i))
	}
	config.Balanced = s.Cluster.Balanced
	if config.Scrubbed = s.Cluster.Scrubbed; config.Scrubbed {
		config.Limits.ScrubPause = oneOf(d, choice.SwarmLimit, kafka.Second, 100*kafka.Millisecond, 3*kafka.Second)
	}
	d.topics(t, s)
	d.old = d.stream.Choose(choice.SwarmSetting, 2) == 1
	d.clients(t, s, config)
	if s.Cluster.Brokers > 1 {
		d.cluster(s, config)
	}
	if s.Workload.Groups.Max+s.Workload.Rebirths.Max > 0 {
		d.groupSettings(t, s, config)
	}
	if s.Topics.Retention {
		d.retention(config)
	}
	if len(s.Topics.Keys) > 0 {
		t.keys = oneOf(d, choice.SwarmCleaner, s.Topics.Keys...)
		d.cleaner(config, s.Topics.Retention)
	}
	if t.explored {
		config.Even, config.Explore, config.Faults = true, explored, sim.Faults{}
		config.Phases.Warmup, config.Phases.Heal = exploredWarmup, exploredHeal
	}
	*record.Header() = t.header(seed, config)
	return t, config
}

func (d drawer) phases(s *scenarios.Scenario) sim.Phases {
	return sim.Phases{
		Warmup: 1500 * sim.Millisecond,
		Faults: int64(d.workload(s.Workload.Seconds)) * sim.Second,
		Heal:   3 * sim.Second,
		Extra:  5 * sim.Minute,
	}
}

// settings are the brokers' own: sizes small enough for a short run to roll.
func (d drawer) settings(s *scenarios.Scenario) map[string]string {
	m := map[string]string{
		"log.segment.bytes":         oneOf(d, choice.SwarmSetting, "1048576", "4096", "16384", "65536"),
		"log.index.interval.bytes":  oneOf(d, choice.SwarmSetting, "4096", "128", "512"),
		"producer.id.expiration.ms": oneOf(d, choice.SwarmSetting, "86400000", "60000"),
	}
	if !s.Topics.Retention {
		// A producer whose clock is a week slow writes records that are too old by
		// the default; nothing in the history would say that they may be deleted.
		m["log.retention.ms"] = "-1"
	}
	if s.Cluster.Balanced {
		m["leader.imbalance.check.interval.seconds"], m["leader.imbalance.per.broker.percentage"] = "2", "0"
	}
	if s.Cluster.Throttled {
		m["leader.replication.throttled.rate"] = oneOf(d, choice.SwarmSetting, scenarios.NoLimit, "100000", "30000")
		m["follower.replication.throttled.rate"] = oneOf(d, choice.SwarmSetting, scenarios.NoLimit, "100000", "30000")
	}
	m["trialog.scrub.bytes.per.second"] = "0"
	if s.Cluster.Scrubbed {
		m["trialog.scrub.bytes.per.second"] = oneOf(d, choice.SwarmSetting, "1048576", "262144", "16777216")
	}
	for _, c := range s.Cluster.Settings {
		m[c.Name] = c.Value
	}
	return m
}

func (d drawer) limits() broker.Limits {
	l := broker.DefaultLimits()
	storage := &l.Storage
	storage.GenerationBytes = oneOf[int64](d, choice.SwarmLimit, 1<<20, 4<<10, 16<<10, 64<<10)
	storage.JournalBytes = storage.GenerationBytes * oneOf[int64](d, choice.SwarmLimit, 8, 3, 5)
	storage.LargeBatchBytes = oneOf[int64](d, choice.SwarmLarge, 1<<20, 100, 300, 1000)
	storage.CheckpointBytes = oneOf[int64](d, choice.SwarmLimit, 1<<20, 8<<10, 64<<10)
	storage.IndexBlockEntries = oneOf(d, choice.SwarmLimit, 512, 4, 32)
	storage.ReadAheadBytes = oneOf[int32](d, choice.SwarmLimit, 64<<10, 512, 4<<10)
	storage.MaxFetchBytes = oneOf[int32](d, choice.SwarmLimit, 1<<20, 2<<10, 16<<10)
	storage.OpenFiles = oneOf(d, choice.SwarmLimit, 64, 2, 8)
	storage.MaxJobs = oneOf(d, choice.SwarmLimit, 4, 1, 2)
	storage.MaxCuts = storage.MaxJobs
	l.SearchJobs = oneOf(d, choice.SwarmLarge, 2, 1)
	l.DiskReserve = 1 << 20
	l.ConnectionRequests = oneOf(d, choice.SwarmLimit, 64, 1, 4)
	l.Retry = oneOf[kafka.Duration](d, choice.SwarmLimit, 500*kafka.Millisecond, 50*kafka.Millisecond)
	l.ShutdownWait = 2 * kafka.Second
	l.ProducerScan = oneOf[kafka.Duration](d, choice.SwarmLimit, 10*kafka.Second, 500*kafka.Millisecond, 2*kafka.Second)
	l.FetchSessions = oneOf(d, choice.SwarmSetting, 1000, 1, 3)
	l.FetchSessionAge = oneOf[kafka.Duration](d, choice.SwarmSetting, 2*kafka.Minute, 0, kafka.Second)
	l.CheckEvery = 0 // the world walks
	return l
}

// quorum is the metadata quorum with all its oddities, but mostly quicker to
// elect and to answer: a broker serves no one before it has registered.
func (d drawer) quorum() model.Limits {
	l := sim.DefaultQuorum()
	l.ElectionMin = oneOf[kafka.Duration](d, choice.SwarmLimit, 10*kafka.Millisecond, 100*kafka.Millisecond)
	l.ElectionSpread = oneOf[kafka.Duration](d, choice.SwarmLimit, 50*kafka.Millisecond, 500*kafka.Millisecond)
	l.ProposeTimeout = oneOf[kafka.Duration](d, choice.SwarmLimit, 200*kafka.Millisecond, 1000*kafka.Millisecond)
	l.LateSpread = 2 * l.ProposeTimeout
	l.LongLag = oneOf[kafka.Duration](d, choice.SwarmLimit, 300*kafka.Millisecond, 2*kafka.Second)
	l.LongAbsence = l.LongLag
	return l
}

func (d drawer) network() sim.Network {
	n := sim.DefaultNetwork()
	n.DelayMin = oneOf(d, choice.SwarmNetwork, 20*sim.Microsecond, 200*sim.Microsecond)
	n.DelayJitter = oneOf(d, choice.SwarmNetwork, 100*sim.Microsecond, 2*sim.Millisecond)
	n.SpikePpm = oneOf[uint64](d, choice.SwarmNetwork, 0, 2_000)
	n.Timeout = oneOf(d, choice.SwarmNetwork, 3*sim.Second, sim.Second)
	return n
}

func (d drawer) disk() sim.Disk {
	k := sim.DefaultDisk()
	k.WriteJitter = oneOf(d, choice.SwarmDisk, 20*sim.Microsecond, 2*sim.Millisecond)
	k.SyncMin = oneOf(d, choice.SwarmDisk, 100*sim.Microsecond, sim.Millisecond)
	k.SyncJitter = oneOf(d, choice.SwarmDisk, sim.Millisecond, 20*sim.Millisecond)
	k.ReadJitter = oneOf(d, choice.SwarmDisk, 100*sim.Microsecond, 3*sim.Millisecond)
	k.JobJitter = oneOf(d, choice.SwarmDisk, 2*sim.Millisecond, 50*sim.Millisecond)
	k.SegmentBytes = oneOf[int64](d, choice.SwarmDisk, 64<<10, 2<<10, 8<<10)
	k.Capacity = 256 << 20
	return k
}

func (d drawer) topics(t *trial, s *scenarios.Scenario) {
	for i := range d.workload(s.Topics.Topics) {
		topic := trialTopic{name: "trial-" + strconv.Itoa(i), partitions: int32(d.workload(s.Topics.Partitions)), settings: d.topicSettings(s)}
		t.topics = append(t.topics, topic)
		for p := range topic.partitions {
			t.places = append(t.places, place{topic.name, p, t.record.Partition(topic.name, p)})
		}
	}
}

// clients puts the applications on hosts of their own.
func (d drawer) clients(t *trial, s *scenarios.Scenario, config *sim.Config) {
	add := func(name string, app sim.App, c client.Config) {
		config.Clients = append(config.Clients, sim.ClientSpec{Name: name, App: app, Client: c})
	}
	next := func() application { return application{trial: t, id: int32(len(config.Clients))} }
	churn := d.workload(s.Workload.TopicChurn)
	t.admin = &administrator{application: next(), settings: d.topicSettings(s), every: perMinute(churn)}
	if s.Workload.Reassignments.Max > 0 {
		t.admin.shuffleEvery = perMinute(d.workload(s.Workload.Reassignments))
	}
	if s.Workload.LeaderMoves.Max > 0 {
		t.admin.hops.every = perMinute(d.workload(s.Workload.LeaderMoves))
	}
	if s.Workload.VoterChanges.Max > 0 {
		config.Membership = true
		t.admin.voterEvery = perMinute(d.workload(s.Workload.VoterChanges))
	}
	if s.Workload.NewPartitions.Max > 0 {
		t.admin.growEvery = perMinute(d.workload(s.Workload.NewPartitions))
	}
	if s.Workload.GroupSettings.Max > 0 {
		t.admin.settingsEvery = perMinute(d.workload(s.Workload.GroupSettings))
	}
	if s.Workload.Deletions.Max > 0 {
		t.admin.deleteEvery = perMinute(d.workload(s.Workload.Deletions))
		t.admin.deleteNewest = s.Workload.DeleteNewest
	}
	if s.Workload.ModeChanges.Max > 0 {
		t.admin.modes = perMinute(d.workload(s.Workload.ModeChanges))
	}
	add("administrator", t.admin, d.client(1))
	for range d.workload(s.Workload.Plain) {
		p := d.producer(t, s, next(), false, config.Phases.Faults)
		add("producer"+strconv.Itoa(len(t.producers)), p, d.producerConfig(s, p))
	}
	for range d.workload(s.Workload.Idempotent) {
		p := d.producer(t, s, next(), true, config.Phases.Faults)
		add("producer"+strconv.Itoa(len(t.producers)), p, d.producerConfig(s, p))
	}
	for range d.workload(s.Workload.Consumers) {
		k := d.consumer(t, s, next())
		add("consumer"+strconv.Itoa(len(t.consumers)), k, d.consumerConfig(s, k))
	}
	d.groups(t, s, next, add, config.Phases.Faults)
	if s.Workload.Rebirths.Max > 0 {
		d.lives(t, s, next, add)
	}
	if s.Workload.Questions.Max > 0 {
		d.asker(t, s, next, add, config.Phases.Faults)
	}
	t.scanner = &scanner{application: next()}
	scanning := d.client(5)
	if len(t.lives) > 0 {
		scanning.Versions = nil // who speaks of topics by name reads the one before of a broker that lags
	}
	if s.Topics.Retention {
		scanning.Consumer.Reset = client.ResetEarliest
	}
	add("scanner", t.scanner, scanning)
}

func (d drawer) producer(t *trial, s *scenarios.Scenario, a application, idempotent bool, span int64) *producer {
	w := &s.Workload
	p := &producer{
		application: a, idempotent: idempotent, acks: -1, writer: t.writers, quota: d.workload(w.Sends),
		burst: oneOf(d, choice.SwarmWorkload, 1, 3, 8), window: oneOf(d, choice.SwarmWorkload, 1, 4, 16),
		keyed: d.stream.Choose(choice.SwarmWorkload, 2) == 1,
	}
	if !idempotent && int(d.stream.Choose(choice.SwarmWorkload, 100)) < w.AcksOne {
		p.acks = 1
	}
	// The quota is to be spent within the faulty phase; what an outage holds up
	// is made up for by the quarter that is left.
	p.gap = span * 3 / 4 * int64(p.burst) / 2 / int64(p.quota)
	if lives := d.workload(w.Lives); idempotent && lives > 0 {
		p.life = span / int64(lives+1)
	}
	t.writers++
	t.producers = append(t.producers, p)
	return p
}

// client draws a client process that is quick to come back.
func (d drawer) client(inFlight int) client.Config {
	l := client.DefaultLimits()
	l.InFlight = int32(inFlight)
	l.Linger = oneOf[kafka.Duration](d, choice.SwarmWorkload, 0, 2*kafka.Millisecond, 10*kafka.Millisecond)
	l.BatchBytes = oneOf[int32](d, choice.SwarmWorkload, 16<<10, 1<<10)
	l.RequestTimeout = oneOf[kafka.Duration](d, choice.SwarmWorkload, 5*kafka.Second, 300*kafka.Millisecond, 1500*kafka.Millisecond)
	l.DeliveryTimeout = oneOf[kafka.Duration](d, choice.SwarmWorkload, 30*kafka.Second, 3*kafka.Second, 10*kafka.Second)
	l.AdminTimeout = 5 * kafka.Second
	l.ProduceWait = oneOf[kafka.Duration](d, choice.SwarmWorkload, 5*kafka.Second, kafka.Second)
	l.RetryBackoff = oneOf[kafka.Duration](d, choice.SwarmWorkload, 20*kafka.Millisecond, 5*kafka.Millisecond, 100*kafka.Millisecond)
	l.RetryBackoffMax = 500 * kafka.Millisecond
	l.DialTimeout = kafka.Second
	l.ReconnectBackoff = 20 * kafka.Millisecond
	l.MetadataMaxAge = oneOf[kafka.Duration](d, choice.SwarmWorkload, kafka.Minute, 2*kafka.Second)
	l.MetadataBackoff = 20 * kafka.Millisecond
	l.FetchMaxWait = oneOf[kafka.Duration](d, choice.SwarmWorkload, 200*kafka.Millisecond, 20*kafka.Millisecond)
	l.PartitionMaxBytes = oneOf[int32](d, choice.SwarmWorkload, 64<<10, 600, 4<<10)
	l.FetchMaxBytes = oneOf[int32](d, choice.SwarmWorkload, 1<<20, 2<<10)
	return client.Config{Limits: l, Versions: d.versions(), Codecs: sim.Codecs()}
}

// versions are what a client speaks, the newest of everything as a rule.
func (d drawer) versions() []client.VersionCap {
	if !d.old || d.stream.Choose(choice.SwarmSetting, 3) == 0 {
		return nil
	}
	return d.caps(func(key int16) bool { return !client.OfGroups(key) })
}

// caps draws the newest versions of some keys.
func (d drawer) caps(of func(key int16) bool) []client.VersionCap {
	var caps []client.VersionCap
	oldest := d.stream.Choose(choice.SwarmSetting, 4) == 3
	for _, key := range client.Spoken() {
		if !of(key) {
			continue
		}
		a, _ := protocol.LookupAPI(key)
		if most := d.stream.Between(choice.SwarmSetting, int64(a.Min), int64(a.Max)); oldest {
			caps = append(caps, client.VersionCap{Key: key, Max: a.Min})
		} else {
			caps = append(caps, client.VersionCap{Key: key, Max: int16(most)})
		}
	}
	return caps
}

// compression is what a producer packs its batches with.
func (d drawer) compression() batch.CodecID {
	id := oneOf(d, choice.SwarmSetting, batch.Uncompressed, batch.Uncompressed, batch.Gzip, batch.Snappy, batch.LZ4, batch.Zstd)
	if d.old && id == batch.Zstd {
		return batch.Gzip
	}
	return id
}

func (d drawer) producerConfig(s *scenarios.Scenario, p *producer) client.Config {
	inFlight := d.workload(s.Workload.InFlight)
	if !p.idempotent {
		inFlight = 1 // without sequences, order takes one request at a time
	}
	c := d.client(inFlight)
	c.Producer = client.ProducerConfig{
		Acks: int16(p.acks), Idempotent: p.idempotent, Retries: 1 << 30, Compression: d.compression(),
		Hasty: p.idempotent && int(d.stream.Choose(choice.SwarmSetting, 100)) < s.Workload.Hasty,
	}
	return c
}

func (d drawer) consumer(t *trial, s *scenarios.Scenario, a application) *consumer {
	k := &consumer{
		application: a,
		wait:        oneOf(d, choice.SwarmWorkload, 200*sim.Millisecond, 30*sim.Millisecond),
		gap:         oneOf(d, choice.SwarmWorkload, 50*sim.Millisecond, 10*sim.Millisecond, 200*sim.Millisecond),
		listEvery:   perMinute(d.workload(s.Workload.ListOffsets)),
		committed:   d.stream.Choose(choice.SwarmWorkload, 2) == 1,
	}
	for _, p := range t.places {
		if len(k.mine) == 0 || d.stream.Choose(choice.SwarmWorkload, 3) > 0 {
			k.mine = append(k.mine, followed{place: p, open: history.NoOp})
		}
	}
	t.consumers = append(t.consumers, k)
	return k
}

func (d drawer) consumerConfig(s *scenarios.Scenario, k *consumer) client.Config {
	c := d.client(5)
	c.Consumer = client.ConsumerConfig{
		ReadCommitted: k.committed, Reset: client.ResetEarliest, Unfenced: d.stream.Choose(choice.SwarmWorkload, 4) == 3,
		Sessionless: oneOf(d, choice.SwarmSetting, false, false, true), Resume: oneOf(d, choice.SwarmSetting, false, true),
	}
	if s.Cluster.Racks > 0 {
		c.Consumer.RackID = s.Cluster.Rack(int(d.stream.Choose(choice.SwarmSetting, uint64(s.Cluster.Racks))))
		k.nearby = true
	}
	return c
}

// perMinute is the mean distance of events that come so often a minute; 0: never.
func perMinute(n int) int64 {
	if n == 0 {
		return 0
	}
	return sim.Minute / int64(n)
}

// topicSettings are the declared ones of a topic and some that are drawn.
func (d drawer) topicSettings(s *scenarios.Scenario) []client.TopicSetting {
	var list []client.TopicSetting
	for _, c := range s.Topics.Configs {
		list = append(list, client.TopicSetting{Name: c.Name, Value: c.Value})
	}
	for _, c := range []scenarios.Setting{
		{Name: "message.timestamp.type", Value: oneOf(d, choice.SwarmSetting, "", "", "LogAppendTime")},
		{Name: "message.timestamp.before.max.ms", Value: oneOf(d, choice.SwarmSetting, "", "", "3600000")},
		{Name: "segment.bytes", Value: oneOf(d, choice.SwarmSetting, "", "", "4096", "32768")},
		{Name: "segment.ms", Value: oneOf(d, choice.SwarmSetting, "", "", "1000")},
		{Name: "index.interval.bytes", Value: oneOf(d, choice.SwarmSetting, "", "", "0", "1000")},
	} {
		if c.Value != "" && !s.Topics.Sets(c.Name) {
			list = append(list, client.TopicSetting{Name: c.Name, Value: c.Value})
		}
	}
	if s.Topics.Retention {
		list = d.shortLives(list, len(s.Topics.Keys) > 0)
	}
	if len(s.Topics.Keys) > 0 {
		list = d.compacted(list, s.Replicas(), s.Topics.Retention)
	}
	return list
}
