package broker

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/partition"
	"trialog/core/replication"
)

// applyRoles acts on the difference that a new image makes. Nothing happens
// before the image contains this incarnation: an older one speaks of roles
// that another incarnation had.
func (b *Broker) applyRoles(d *metadata.Delta) {
	b.groups.topics.changed(d)
	if !b.session.registered || b.session.drained {
		return
	}
	if d.Replaced {
		b.applyAllRoles()
		b.forgetDeleted(d)
		return
	}
	for i := range d.Topics {
		t := &d.Topics[i]
		if t.Change == metadata.TopicDeleted {
			b.retireTopic(t.ID, d.From.Topic(t.ID))
			continue
		}
		topic := d.To.Topic(t.ID)
		for _, p := range t.Partitions {
			b.applyRole(topic, topic.Partition(p))
		}
	}
	b.applySettings(d)
	b.forgetDeleted(d)
}

// applyAllRoles makes the logs on disk those that the image assigns to this broker.
func (b *Broker) applyAllRoles() {
	image := b.state.Image()
	var strays []*host
	for _, h := range b.hosts {
		p := image.Partition(h.tp)
		if !h.retired && (p == nil || !slices.Contains(p.Replicas, b.config.NodeID)) {
			strays = append(strays, h)
		}
	}
	for _, h := range strays {
		b.note(Note{Level: Warn, Text: "deleting a log that the cluster does not assign to this broker", Topic: h.tp.Topic.String(),
			Partition: h.tp.Partition, Epoch: h.replica.Log.LatestEpoch(), Offset: h.replica.Log.LogEndOffset})
		b.retire(h, kafka.ErrUnknownTopicOrPartition)
	}
	image.EachTopic(func(t *metadata.TopicImage) bool {
		for _, p := range t.Partitions.All {
			b.fenceNameless(t.ID, p)
			b.applyRole(t, p)
		}
		return true
	})
}

// fenceNameless fences a partition whose log is not there while some log on
// disk has lost its name: it may be that one, and an empty log in its place
// would hide what is lost.
func (b *Broker) fenceNameless(topic kafka.TopicID, p *metadata.Partition) {
	tp := kafka.TopicPartition{Topic: topic, Partition: p.Index}
	if b.nameless == 0 || b.find(tp) != nil || !slices.Contains(p.Replicas, b.config.NodeID) {
		return
	}
	const reason = "a log on this disk has lost its name and may be this one"
	b.fenced(b.createLog(tp, p, 0, reason))
	b.out.Watch.Reached(must.NamelessFenced)
	b.upkeepDue = true
	b.note(Note{Level: Error, Text: "log is missing and will not be made anew", Topic: topic.String(), Partition: p.Index, Detail: reason,
		Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
}

// retireTopic ends this broker's logs of a deleted topic.
func (b *Broker) retireTopic(id kafka.TopicID, was *metadata.TopicImage) {
	if was == nil {
		return
	}
	for _, p := range was.Partitions.All {
		if h := b.find(kafka.TopicPartition{Topic: id, Partition: p.Index}); h != nil {
			b.retire(h, kafka.ErrUnknownTopicOrPartition)
		}
	}
}

// applyRole gives this broker's replica of a partition the role that the image
// has for it, making its log if there is none, or ends it.
func (b *Broker) applyRole(t *metadata.TopicImage, p *metadata.Partition) {
	tp := kafka.TopicPartition{Topic: t.ID, Partition: p.Index}
	h := b.find(tp)
	if !slices.Contains(p.Replicas, b.config.NodeID) {
		if h != nil {
			b.retire(h, kafka.ErrNotLeaderOrFollower)
		}
		return
	}
	lost := p.Lost(b.config.NodeID)
	if lost && h != nil && !h.anew {
		b.name(h, t)
		if h = b.beginAnew(h, p); h == nil {
			return
		}
	}
	if h == nil {
		h = b.createLog(tp, p, 0, "")
		h.anew = lost
	}
	b.name(h, t)
	if h.anew = lost; lost || h.damage.found {
		b.tellDirectory(h)
	}
	if h.roleDue = h.replica.Log.Truncating(); h.roleDue {
		return // touchBehind comes back to it
	}
	was := h.replica.Epoch()
	if p.Leader == b.config.NodeID {
		b.stepReplica(h, &replication.Lead{
			Epoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch,
			Replicas: p.Replicas, ISR: p.ISR, Mode: p.Mode,
		})
	} else {
		b.stepReplica(h, &replication.Follow{Epoch: p.LeaderEpoch, PartitionEpoch: p.PartitionEpoch, Leader: p.Leader, Mode: p.Mode})
	}
	if h.replica.Epoch() != was {
		if p.Leader == b.config.NodeID && len(p.Replicas) > 1 {
			b.leadsAnew()
		}
		b.note(Note{Level: Info, Text: roleText(h.replica), Topic: h.topic, Partition: tp.Partition,
			Epoch: h.replica.Epoch(), Offset: h.replica.Log.LogEndOffset})
	}
	b.healed(h, p)
}

// name tells a replica what its topic is called.
func (b *Broker) name(h *host, t *metadata.TopicImage) {
	if h.topic != t.Name {
		h.topic, h.coordinates = t.Name, t.Name == offsetsTopic
		b.configure(h)
	}
}

// roleText says for people what a replica has become.
func roleText(r *replication.Replica) string {
	switch r.Role() {
	case replication.RoleStarting, replication.RoleLeader:
		return "leader of a partition"
	case replication.RoleFollower:
		return "follower of a partition"
	case replication.RoleNone:
	}
	return "no role in a partition"
}

// createLog begins the log of a partition that this broker has none of, at an
// offset; fenced if there is a reason.
func (b *Broker) createLog(tp kafka.TopicPartition, p *metadata.Partition, start kafka.Offset, fenced string) *host {
	a := &replication.Append{}
	if fenced == "" {
		return b.hostNew(partition.New(b.now, b.identify(tp, p), start, &b.limits.Storage, &a.Append), a)
	}
	return b.hostNew(partition.NewFenced(b.now, b.identify(tp, p), start, &b.limits.Storage, fenced, &a.Append), a)
}

// createFrom begins one at base, which is that of a batch; all below start, which
// may lie within it, is deleted.
func (b *Broker) createFrom(tp kafka.TopicPartition, p *metadata.Partition, base, start kafka.Offset) *host {
	if start <= base {
		return b.createLog(tp, p, base, "")
	}
	create, logStart := &replication.Append{}, &replication.Append{}
	return b.hostNew(partition.NewWithin(b.now, b.identify(tp, p), base, start, &b.limits.Storage, &create.Append, &logStart.Append), create, logStart)
}

func (b *Broker) identify(tp kafka.TopicPartition, p *metadata.Partition) partition.Identity {
	id := partition.Identity{Log: b.journal.NewLogID(), Partition: tp, Mode: partition.Synced}
	if p.Mode == kafka.ModeReplicated {
		id.Mode = partition.Replicated
	}
	return id
}

// hostNew makes a new log one of this broker's, with its first entries.
func (b *Broker) hostNew(log *partition.Log, entries ...*replication.Append) *host {
	h := b.addHost(log)
	for _, a := range entries {
		a.Incarnation, a.End = log.Incarnation, log.LogEndOffset
		b.replicated.Appends = append(b.replicated.Appends, *a)
	}
	b.takeEffects(h)
	return h
}

// applySettings gives replicas the settings that a new image changes.
func (b *Broker) applySettings(d *metadata.Delta) {
	if len(d.Configs) == 0 {
		return
	}
	for _, r := range d.Configs {
		if r.Type != kafka.ResourceTopic {
			for _, h := range b.hosts {
				b.configure(h)
			}
			return
		}
	}
	for _, r := range d.Configs {
		t := d.To.TopicByName(r.Name)
		if t == nil {
			continue
		}
		for _, p := range t.Partitions.All {
			if h := b.find(kafka.TopicPartition{Topic: t.ID, Partition: p.Index}); h != nil {
				b.configure(h)
			}
		}
	}
}

// configure gives a replica its topic's settings.
func (b *Broker) configure(h *host) {
	in := &replication.Configure{Settings: b.settingsOf(h.topic), LagMax: kafka.Ms(b.cluster.ReplicaLagTimeMaxMs)}
	b.throttleAnew(h, &in.Settings)
	b.stepReplica(h, in)
}

// resolved are the settings of the topic that was looked at last, so that a topic
// of many partitions is looked at once for a change and not once for each of them.
type resolved struct {
	image    *metadata.Image
	topic    string
	settings kafka.TopicConfig
}

func (b *Broker) settingsOf(topic string) kafka.TopicConfig {
	if image := b.state.Image(); b.resolved.image != image || b.resolved.topic != topic {
		layers := b.layers(topic)
		b.resolved = resolved{image, topic, kafka.LoadTopicConfig(&layers)}
	}
	return b.resolved.settings
}
