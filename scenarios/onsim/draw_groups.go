package onsim

import (
	"strconv"

	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/core/protocol"
	"trialog/scenarios"
	"trialog/sim"
	"trialog/sim/choice"
)

// groupSettings are the coordinators', quick enough for a short run. Nothing is
// drawn where there are no groups.
func (d drawer) groupSettings(t *trial, s *scenarios.Scenario, config *sim.Config) {
	set := func(name, value string) {
		if _, given := config.Settings[name]; !given {
			config.Settings[name] = value
		}
	}
	set("group.min.session.timeout.ms", "100")
	set("group.initial.rebalance.delay.ms", oneOf(d, choice.SwarmSetting, "0", "100", "1000"))
	set("offsets.topic.num.partitions", oneOf(d, choice.SwarmSetting, "3", "1", "8"))
	set("offsets.topic.segment.bytes", oneOf(d, choice.SwarmSetting, "65536", "4096"))
	set("offsets.commit.timeout.ms", oneOf(d, choice.SwarmSetting, "5000", "500"))
	// A group that is empty and has no offsets would be forgotten, and its
	// generations begin anew: the judge takes a smaller one for an older one.
	set("offsets.retention.check.interval.ms", "86400000")
	if s.Workload.ConsumerProtocol > 0 || s.Workload.Migrating > 0 {
		session := oneOf(d, choice.SwarmProtocol, 2000, 600, 6000)
		set("group.consumer.session.timeout.ms", strconv.Itoa(session))
		set("group.consumer.heartbeat.interval.ms", strconv.Itoa(session/5))
		set("group.consumer.min.session.timeout.ms", "100")
		set("group.consumer.min.heartbeat.interval.ms", "10")
		for _, g := range t.groups {
			g.promises = append(g.promises, promiseOf(config.Settings))
		}
		set("group.consumer.assignors", oneOf(d, choice.SwarmProtocol, "uniform,range", "range"))
	}
	n, _ := strconv.Atoi(config.Settings["offsets.topic.num.partitions"])
	t.coordinators = n
	set("offsets.retention.minutes", "2147483647") // a clock may step by days
	if n := s.Replicas(); n < 3 {
		set("offsets.topic.replication.factor", strconv.Itoa(n))
	}
	d.cleanedOffsets(s.Replicas(), config)
}

// cleanedOffsets has the cleaner go over what groups have come to, in half of the seeds,
// all the time: a coordinator that loads then finds what it left of it. Of several
// replicas one that is away for long keeps what tombstones have deleted. A segment has
// to hold the record of a whole group.
func (d drawer) cleanedOffsets(replicas int, config *sim.Config) {
	if d.stream.Choose(choice.SwarmCleaner, 2) == 0 {
		return
	}
	config.Settings["offsets.topic.segment.bytes"] = oneOf(d, choice.SwarmCleaner, "8192", "20000")
	config.Settings["log.cleaner.backoff.ms"] = oneOf(d, choice.SwarmCleaner, "50", "400")
	config.Settings["log.cleaner.min.cleanable.ratio"] = oneOf(d, choice.SwarmCleaner, "0.01", "0.3")
	if replicas == 1 {
		config.Settings["log.cleaner.delete.retention.ms"] = oneOf(d, choice.SwarmCleaner, "86400000", "1000")
	}
	storage := &config.Limits.Storage
	storage.CleanerMapBytes = oneOf[int64](d, choice.SwarmCleaner, 1<<20, 300, 2<<10)
	storage.CleanBytes = oneOf[int64](d, choice.SwarmCleaner, 1<<20, 4000)
}

// groups puts the members of consumer groups, and ledgers, on hosts of their own.
func (d drawer) groups(t *trial, s *scenarios.Scenario, next func() application, add func(string, sim.App, client.Config), span int64) {
	w := &s.Workload
	for n := range d.workload(w.Groups) {
		g := &trialGroup{name: "group-" + strconv.Itoa(n)}
		g.group = t.record.Name(g.name)
		if waves := d.workload(w.MassRestarts); waves > 0 {
			g.every = span / int64(waves+1)
			g.at = sim.Second + g.every
		}
		t.groups = append(t.groups, g)
		config := d.groupConfig(g)
		if percent := w.ConsumerProtocol; percent > 0 && int(d.stream.Choose(choice.SwarmProtocol, 100)) < percent {
			g.consumer, config.Consumer = true, true
		}
		if percent := w.Migrating; percent > 0 && int(d.stream.Choose(choice.SwarmProtocol, 100)) < percent {
			g.migrates, config.Consumer = true, n%2 == 1
		}
		if w.Anchored {
			config.SessionTimeout, config.MaxPollInterval, config.HeartbeatInterval = 30*kafka.Second, 0, 300*kafka.Millisecond
		}
		static := n > 0 && int(d.stream.Choose(choice.SwarmWorkload, 100)) < w.Static
		twins := static && d.stream.Choose(choice.SwarmWorkload, 4) == 3
		for i := range d.workload(w.Members) {
			k := d.member(t, w, g, next(), span)
			c := d.client(5)
			c.Consumer = client.ConsumerConfig{Reset: client.ResetEarliest, Group: config}
			c.Versions = append(c.Versions, d.groupVersions()...)
			if static {
				k.instance = g.name + "-" + strconv.Itoa(i)
				if twins && i == 1 {
					k.instance, k.twin = g.name+"-0", true
				}
				c.Consumer.Group.InstanceID = k.instance
				if static && c.Versions != nil {
					c.Versions = nil // old ones know no static members
				}
			}
			if g.consumer || g.migrates {
				c.Versions = nil // nor this protocol
			}
			add(g.name+"-"+strconv.Itoa(i), k, c)
		}
	}
	if len(t.groups) == 0 {
		return
	}
	for i := range d.workload(w.Ledgers) {
		l := &ledger{application: next(), name: "ledger", gap: oneOf(d, choice.SwarmWorkload, 300*sim.Millisecond, 80*sim.Millisecond)}
		l.group = t.record.Name(l.name)
		c := d.client(5)
		c.Versions = append(c.Versions, d.groupVersions()...)
		t.ledgers = append(t.ledgers, l)
		add("ledger"+strconv.Itoa(i), l, c)
	}
}

// lives puts those who make topics again and again on hosts of their own. They
// speak of topics by ID, which old versions of the protocol do not.
func (d drawer) lives(t *trial, s *scenarios.Scenario, next func() application, add func(string, sim.App, client.Config)) {
	for i := range d.workload(s.Workload.Rebirths) {
		l := &lives{group: "lives-" + strconv.Itoa(i), writer: t.writers}
		l.application = next()
		l.wait = oneOf(d, choice.SwarmWorkload, 200*sim.Millisecond, 30*sim.Millisecond)
		l.gap = oneOf(d, choice.SwarmWorkload, 40*sim.Millisecond, 10*sim.Millisecond, 100*sim.Millisecond)
		l.topic = trialTopic{name: "again-" + strconv.Itoa(i), partitions: int32(1 + d.stream.Choose(choice.SwarmWorkload, 3)), settings: d.topicSettings(s)}
		t.writers++
		t.lives = append(t.lives, l)
		c := d.client(5)
		c.Versions = nil
		c.Producer = client.ProducerConfig{Acks: -1, Idempotent: true, Retries: 1 << 30, Compression: d.compression()}
		c.Consumer = client.ConsumerConfig{Reset: client.ResetEarliest}
		add(l.topic.name, l, c)
	}
}

// groupConfig is what the members of one group agree on.
func (d drawer) groupConfig(g *trialGroup) client.GroupConfig {
	session := oneOf(d, choice.SwarmWorkload, 2*kafka.Second, 500*kafka.Millisecond, 6*kafka.Second)
	return client.GroupConfig{
		ID: g.name, SessionTimeout: session, HeartbeatInterval: session / 5,
		RebalanceTimeout: oneOf(d, choice.SwarmWorkload, 3*kafka.Second, 600*kafka.Millisecond),
		MaxPollInterval:  oneOf(d, choice.SwarmWorkload, 0, 2*kafka.Second),
		Assignors: oneOf(d, choice.SwarmWorkload, []string{client.AssignRange}, []string{client.AssignCooperativeSticky},
			[]string{client.AssignCooperativeSticky, client.AssignRange}),
	}
}

func (d drawer) member(t *trial, w *scenarios.Workload, g *trialGroup, a application, span int64) *member {
	k := &member{
		application: a, group: g,
		habit: oneOf(d, choice.SwarmWorkload, afterPoll, nowAndThen, whenItYields),
		wait:  oneOf(d, choice.SwarmWorkload, 200*sim.Millisecond, 30*sim.Millisecond),
		gap:   oneOf(d, choice.SwarmWorkload, 50*sim.Millisecond, 10*sim.Millisecond, 300*sim.Millisecond),
		every: oneOf(d, choice.SwarmWorkload, sim.Second, 200*sim.Millisecond),
	}
	if lives := d.workload(w.MemberLives); lives > 0 {
		k.life = span / int64(lives+1)
	}
	k.fickle = perMinute(d.workload(w.SubscriptionChanges))
	if w.Anchored && len(g.members) == 0 {
		k.life = 0
	}
	g.members = append(g.members, k)
	return k
}

// groupVersions are what an old client speaks to a coordinator.
func (d drawer) groupVersions() []client.VersionCap {
	if !d.old {
		return nil
	}
	return d.caps(func(key int16) bool { return client.OfGroups(key) && key != protocol.KeyConsumerGroupHeartbeat })
}
