package broker

import (
	"slices"
	"strconv"

	"trialog/core/controller"
	"trialog/core/kafka"
	"trialog/core/metadata"
	"trialog/core/must"
	"trialog/core/replication"
)

// A replica whose bytes are damaged heals from its peers, in three steps:
//
//  1. The controller is told that the replica is lost. If somebody else surely has
//     what it had, it leaves ISR and ELR, whoever is left leads in a new leader
//     epoch, and what the replica has said in the old one counts for nothing.
//  2. Once an image says so and somebody else leads, the log is given up and an
//     empty one begun in its place, which the controller is told of.
//  3. It follows like any replica that has nothing, and is in sync again once it
//     has caught up.
//
// Until the first step is done the replica goes on: nothing that is damaged is
// ever served, and what is not is as good as before. Where nobody else surely has
// what it has it stays so, and is asked about again and again.

// damage is what is wrong with a replica's log.
type damage struct {
	found  bool
	reason string
	offset kafka.Offset // of the first record that cannot be read, NoOffset: not known
	last   bool         // nobody else surely has what the replica has
}

// text says for people what is wrong; empty: nothing.
func (d *damage) text() string {
	if !d.found {
		return ""
	}
	text := d.reason
	if d.offset != kafka.NoOffset {
		text = "from offset " + strconv.FormatInt(int64(d.offset), 10) + " on: " + text
	}
	if d.last {
		return text + "; no other replica surely has it"
	}
	return text
}

// healing are the replicas of which the controller is to be told something.
type healing struct {
	hosts   []*host
	sent    []*host // that the request under way is about
	asking  bool
	retryAt kafka.Instant
}

// damaged takes note that a log's bytes are not what they must be.
func (b *Broker) damaged(h *host, offset kafka.Offset, reason string) {
	if h.damage.found || h.retired || h.gone {
		return
	}
	h.damage = damage{found: true, reason: reason, offset: offset}
	b.note(Note{Level: Error, Text: "log is damaged: what cannot be read is not served, and the replica is to be made anew", Topic: nameOf(h), Partition: h.tp.Partition,
		Detail: reason, Epoch: h.replica.Log.LatestEpoch(), Offset: offset})
	b.tellDirectory(h)
}

// nameOf is the name of a replica's topic, or its ID before an image has told it.
func nameOf(h *host) string {
	if h.topic == "" {
		return h.tp.Topic.String()
	}
	return h.topic
}

// tellDirectory has the controller told where a replica lies now.
func (b *Broker) tellDirectory(h *host) {
	if !slices.Contains(b.healing.hosts, h) {
		b.healing.hosts = append(b.healing.hosts, h)
	}
	b.healing.retryAt = b.now.Mono
}

// fenced takes note of a log that is damaged as a whole.
func (b *Broker) fenced(h *host) {
	if reason := h.replica.Log.Fenced; reason != "" {
		b.damaged(h, kafka.NoOffset, reason)
	}
}

// healDue tells the controller what it does not know yet, and looks after logs that
// wait to be given up. One request is under way at a time.
func (b *Broker) healDue() {
	q := &b.healing
	if q.asking || len(q.hosts) == 0 || b.now.Mono < q.retryAt || !b.session.registered || b.session.drained {
		return
	}
	q.retryAt = b.now.Mono.Add(b.limits.Retry)
	c := &controller.AssignDirectories{Broker: b.config.NodeID, Epoch: b.session.epoch}
	all := q.hosts
	q.hosts = nil
	hopeless := true
	for _, h := range all {
		topic := b.state.Image().Topic(h.tp.Topic)
		if h.retired || h.gone || topic == nil || topic.Partition(h.tp.Partition) == nil {
			continue
		}
		if h.damage.offset != kafka.NoOffset && h.damage.offset < h.replica.Log.LogStartOffset {
			h.damage = damage{} // it has gone with what was deleted
		}
		p := topic.Partition(h.tp.Partition)
		directory, lost := b.directory, p.Lost(b.config.NodeID)
		switch {
		case h.damage.found && lost: // a new one that is damaged, too, or an old one that had nobody to heal from
			h.anew = false
			b.applyRole(topic, p)
			continue
		case h.damage.found:
			directory = kafka.LostDirectory
		case !lost:
			continue
		}
		hopeless = hopeless && h.damage.last
		q.hosts, q.sent = append(q.hosts, h), append(q.sent, h)
		c.Replicas = append(c.Replicas, controller.AssignedReplica{Partition: h.tp, LeaderEpoch: p.LeaderEpoch, Directory: directory})
	}
	if len(c.Replicas) == 0 {
		return
	}
	if hopeless { // an image may bring hope
		q.retryAt = b.now.Mono.Add(hopelessRetries * b.limits.Retry)
	}
	q.asking = true
	b.ask(pendingCommand{kind: commandDirectories}, c)
}

// hopelessRetries is how much longer the controller is left alone that has said of
// everything there is to ask that nobody else has it.
const hopelessRetries = 32

// healAnswered takes the controller's answer. What it has taken shows in the image.
func (b *Broker) healAnswered(result *controller.AssignDirectoriesResult) {
	q := &b.healing
	q.asking = false
	if result != nil && len(result.Codes) == len(q.sent) {
		for i, h := range q.sent {
			last := h.damage.found && result.Codes[i] == kafka.ErrEligibleLeadersNotAvailable
			if last && !h.damage.last {
				b.note(Note{Level: Error, Text: "no other replica surely has what a damaged one has: what of it cannot be read stays so", Topic: nameOf(h), Partition: h.tp.Partition,
					Detail: h.damage.reason, Epoch: h.replica.Epoch(), Offset: h.damage.offset})
			}
			h.damage.last = last
		}
	}
	clear(q.sent)
	q.sent = q.sent[:0]
}

// healDeadline is when healDue has something to do.
func (b *Broker) healDeadline() kafka.Instant {
	if b.healing.asking || len(b.healing.hosts) == 0 || !b.session.registered || b.session.drained {
		return never
	}
	return b.healing.retryAt
}

// beginAnew replaces a log that the image says is lost by an empty one, and returns
// its replica; nil: nobody else leads whom it could be had from.
func (b *Broker) beginAnew(h *host, p *metadata.Partition) *host {
	if p.Leader == kafka.NoBroker || p.Leader == b.config.NodeID {
		return nil
	}
	b.out.Watch.Reached(must.ReplicaBegunAnew)
	b.counters.ReplicasBegunAnew++
	b.note(Note{Level: Warn, Text: "a damaged log is given up, and made anew from the leader's", Topic: nameOf(h), Partition: h.tp.Partition,
		Detail: h.damage.reason, Epoch: p.LeaderEpoch, Offset: h.replica.Log.LogEndOffset})
	b.retire(h, kafka.ErrNotLeaderOrFollower)
	n := b.createLog(h.tp, p, 0, "")
	n.anew, n.heals, n.replaces = true, true, true
	return n
}

// healed notices that a replica which was made anew is in sync again.
func (b *Broker) healed(h *host, p *metadata.Partition) {
	if h.heals && slices.Contains(p.ISR, b.config.NodeID) && h.replica.Role() != replication.RoleNone {
		h.heals = false
		b.out.Watch.Reached(must.ReplicaHealed)
		b.counters.ReplicasHealed++
		b.note(Note{Level: Info, Text: "a replica that was damaged is in sync again", Topic: nameOf(h), Partition: h.tp.Partition,
			Epoch: h.replica.Epoch(), Offset: h.replica.Log.LogEndOffset})
	}
}
