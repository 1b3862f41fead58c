package onsim

import (
	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim"
	"trialog/sim/choice"
)

// What a member's command was.
const (
	tagSubscribe = iota
	tagMemberPoll
	tagCommit
	tagLeave
)

// trialGroup is what the members of one consumer group share.
type trialGroup struct {
	name     string
	group    history.Name
	consumer bool // its members speak the consumer protocol
	migrates bool // some of its members speak one protocol, and some the other
	members  []*member
	every    int64 // between restarts of all members at once; 0: none
	at       int64
	wave     int

	// promises are its settings, one after the other; the first are the brokers'.
	promises []promise
}

// habit says when a member commits.
type habit uint8

const (
	afterPoll    habit = iota // what a poll has returned, at once
	nowAndThen                // now and then, before a poll, as auto-commit does
	whenItYields              // when it gives partitions up, and seldom else
)

// member reads a group's topics together with others, and commits.
type member struct {
	application
	group    *trialGroup
	instance string // group.instance.id; empty: a dynamic member
	twin     bool   // another host has the same instance ID; this one rests at the end
	habit    habit
	wait     int64 // of one poll
	gap      int64 // between polls
	every    int64 // between commits, for habits that have one
	life     int64 // until it leaves and another process joins; 0: it does not
	fickle   int64 // between changes of what it subscribes to; 0: none

	commitAt, ends, changeAt int64
	wave                     int
	subscribed, narrow       bool
	polling, leaving         bool
	all                      bool // the final scan has begun, and it wants everything
	owned                    []held
	past                     []held // what it once had: a zombie commits that
	beats                    beats
	records                  []history.Record
	offsets                  []client.GroupOffset
}

// held is a partition that a member owns, or once did.
type held struct {
	place
	member     string
	generation int32
	placed     bool
	lookup     history.OpID // the committed offset is being read
	knew       knowledge    // who was known not to coordinate when that began
	open       history.OpID // the poll that awaits this partition's next answer
	next       int64
	committed  int64
	epoch      kafka.LeaderEpoch
}

// foreign tells whether the history knows nothing of what lies there.
func (h *held) foreign() bool { return h.partition == history.NoPartition }

// Start begins a process, which is nobody yet.
func (k *member) Start(c *sim.ClientHost) {
	k.begin()
	k.subscribed, k.narrow, k.polling, k.leaving, k.all = false, false, false, false, false
	k.owned, k.past, k.wave, k.beats = k.owned[:0], k.past[:0], k.group.wave, beats{}
	k.ends = c.Now() + k.life/2 + int64(c.Choose(choice.AppDetail, uint64(k.life)+1))
	k.changeAt = c.Now() + k.fickle
	k.commitAt = c.Now() + k.every
	if k.group.migrates {
		consumer := c.Choose(choice.AppProtocol, 2) == 1
		c.Reconfigure(func(config *client.Config) { config.Consumer.Group.Consumer = consumer })
	}
	wakeIn(c, k.gap)
}

// Wake does what is due, and polls.
func (k *member) Wake(c *sim.ClientHost) {
	wakeIn(c, k.gap/2+int64(c.Choose(choice.AppGap, uint64(k.gap)+1)))
	if !k.trial.ready || k.leaving {
		return
	}
	if k.trial.working(c) {
		switch {
		case k.restarted(c):
			return
		case k.life > 0 && c.Now() >= k.ends && k.subscribed && !k.polling:
			k.leave(c)
			return
		case k.fickle > 0 && c.Now() >= k.changeAt && !k.polling:
			k.changeAt = c.Now() + k.fickle/2 + int64(c.Choose(choice.AppDetail, uint64(k.fickle)))
			k.narrow = !k.narrow
			k.subscribed = false
		}
		k.zombify(c)
	} else if !k.all {
		k.all = true
		if k.twin {
			k.leave(c)
			return
		}
		k.subscribed = k.subscribed && !k.narrow
		k.narrow = false
	}
	if k.polling || k.all && k.twin {
		return
	}
	if !k.subscribed {
		k.subscribe(c)
	}
	if k.habit != afterPoll && c.Now() >= k.commitAt {
		k.commitAt = c.Now() + k.every
		if k.habit == whenItYields {
			k.commitAt += 2 * k.every
		}
		k.commit(c, k.owned)
	}
	k.poll(c)
}

// restarted ends the process together with all others of the group, when that
// is due.
func (k *member) restarted(c *sim.ClientHost) bool {
	g := k.group
	if g.every > 0 && c.Now() >= g.at {
		g.at = c.Now() + g.every/2 + int64(c.Choose(choice.AppDetail, uint64(g.every)))
		g.wave++
	}
	if k.wave == g.wave {
		return false
	}
	c.Restart()
	k.leaving = true
	return true
}

// subscribe wants every topic of the run, and the administrator's own if it has
// one; a narrow member leaves one out.
func (k *member) subscribe(c *sim.ClientHost) {
	k.subscribed = true
	var topics []string
	for i := range k.trial.topics {
		if !k.narrow || i > 0 || len(k.trial.topics) == 1 {
			topics = append(topics, k.trial.topics[i].name)
		}
	}
	if extra := k.trial.admin.name; extra != "" && !k.all {
		topics = append(topics, extra)
	}
	op := history.NewOp(history.Subscribe, k.id, k.process, history.NoPartition)
	op.Incarnation, op.Group = int32(c.Incarnation()), k.group.group
	command := k.next()
	k.await(command, k.trial.record.Invoke(c.Now(), &op), tagSubscribe)
	c.Do(&client.Subscribe{Op: command, Topics: topics})
}

// operation begins an entry of the history about a partition that it holds.
func (k *member) operation(c *sim.ClientHost, kind history.Kind, h *held) history.Op {
	op := history.NewOp(kind, k.id, k.process, h.partition)
	op.Incarnation, op.Group = int32(c.Incarnation()), k.group.group
	op.Member, op.Generation = k.trial.record.Name(h.member), h.generation
	op.Instance = k.trial.record.Name(k.instance)
	return op
}

// instant puts an entry down that takes no time.
func (k *member) instant(c *sim.ClientHost, op *history.Op) {
	r := history.NewResult(history.OK)
	k.trial.record.Complete(c.Now(), k.trial.record.Invoke(c.Now(), op), &r)
}

// poll asks for events and records. What is not placed yet has its committed
// offset read from now on, and every partition that is placed has one open
// operation.
func (k *member) poll(c *sim.ClientHost) {
	k.polling = true
	for i := range k.owned {
		h := &k.owned[i]
		switch {
		case h.foreign():
		case !h.placed && h.lookup == history.NoOp:
			op := k.operation(c, history.FetchOffsets, h)
			h.lookup, h.knew = k.trial.record.Invoke(c.Now(), &op), k.trial.knowing(k.group.name)
		case h.placed && h.open == history.NoOp:
			op := k.operation(c, history.Poll, h)
			op.At = h.next
			h.open = k.trial.record.Invoke(c.Now(), &op)
		}
	}
	command := k.next()
	k.await(command, history.NoOp, tagMemberPoll)
	most := int32(c.Choose(choice.AppSize, 8)) * 4 // 0: as fetched
	if !k.trial.scenario.Topics.Synced() {
		most = 0 // as in consumer.poll
	}
	c.Do(&client.Poll{Op: command, Wait: kafka.Duration(k.wait), MaxRecords: most})
}

// commit writes what has been read and not yet committed of some partitions.
func (k *member) commit(c *sim.ClientHost, list []held) {
	k.offsets = k.offsets[:0]
	command := k.next()
	for i := range list {
		h := &list[i]
		if !h.placed || h.next <= h.committed {
			continue
		}
		tag := uint64(0)
		if !h.foreign() {
			op := k.operation(c, history.CommitOffsets, h)
			op.At = h.next
			id := k.trial.record.Invoke(c.Now(), &op)
			k.await(command, id, tagCommit)
			tag = uint64(id) + 1
		}
		h.committed = h.next
		k.offsets = append(k.offsets, client.GroupOffset{
			Topic: h.topic, Partition: kafka.PartitionIndex(h.index), Offset: kafka.Offset(h.next), LeaderEpoch: h.epoch, Tag: tag,
		})
	}
	if len(k.offsets) > 0 {
		c.Do(&client.Commit{Op: command, Member: list[0].member, Generation: list[0].generation, Offsets: k.offsets})
	}
}

// zombify commits, now and then, what the member had in a generation that is over.
func (k *member) zombify(c *sim.ClientHost) {
	if len(k.past) == 0 || c.Choose(choice.AppExtra2, 8) < 7 {
		return
	}
	at := int(c.Choose(choice.AppExtra3, uint64(len(k.past))))
	k.past[at].committed = -1
	k.commit(c, k.past[at:at+1])
	k.past = append(k.past[:at], k.past[at+1:]...)
}

// leave commits, and gives the membership up; another process follows.
func (k *member) leave(c *sim.ClientHost) {
	k.leaving = true
	k.commit(c, k.owned)
	for len(k.owned) > 0 {
		k.release(c, 0, false)
	}
	command := k.next()
	k.await(command, history.NoOp, tagLeave)
	c.Do(&client.Leave{Op: command})
}

// release puts down that a partition is not the member's any more.
func (k *member) release(c *sim.ClientHost, at int, keep bool) {
	h := &k.owned[at]
	if !h.foreign() {
		k.close(c, h)
		op := k.operation(c, history.Revoke, h)
		k.instant(c, &op)
		if keep && h.placed && h.next > 0 {
			k.past = append(k.past, *h)
		}
	}
	k.owned = append(k.owned[:at], k.owned[at+1:]...)
}

// close ends what is open about a partition: nothing will come of it.
func (k *member) close(c *sim.ClientHost, h *held) {
	r := history.NewResult(history.Fail)
	r.Error = "revoked"
	for _, id := range [...]history.OpID{h.lookup, h.open} {
		if id != history.NoOp {
			k.trial.record.Complete(c.Now(), id, &r)
		}
	}
	h.lookup, h.open = history.NoOp, history.NoOp
}

// Done puts an outcome down.
func (k *member) Done(c *sim.ClientHost, d *client.Done) {
	if len(d.Offsets) > 0 {
		k.committed(c, d)
		return
	}
	pending, ok := k.take(d.Op)
	if !ok {
		return
	}
	switch pending.tag {
	case tagSubscribe:
		r := result(d)
		k.trial.record.Complete(c.Now(), pending.op, &r)
	case tagLeave:
		if !k.all {
			c.Restart()
		}
	case tagMemberPoll:
		k.polling = false
		k.polled(c, d)
	}
}

// committed completes the operations of one commit, which are in its order.
func (k *member) committed(c *sim.ClientHost, d *client.Done) {
	for i := range d.Offsets {
		o := &d.Offsets[i]
		if o.Tag == 0 {
			continue
		}
		r := history.NewResult(outcomeOf(o.Outcome))
		r.Error, r.Broker = errorName(o.Err, d.Reason), int32(d.Broker)
		k.trial.record.Complete(c.Now(), history.OpID(o.Tag-1), &r)
		k.take(d.Op)
	}
}

// polled takes events, then records.
func (k *member) polled(c *sim.ClientHost, d *client.Done) {
	revoked := len(k.past)
	for i := range d.Rebalances {
		k.rebalanced(c, &d.Rebalances[i])
	}
	// It may still commit what it gives up; the next poll joins again after that.
	for i := revoked; i < len(k.past); i++ {
		if k.past[i].next > k.past[i].committed && c.Choose(choice.AppExtra0, 4) > 0 {
			k.commit(c, k.past[i:i+1])
		}
	}
	if over := len(k.past) - 16; over > 0 {
		k.past = append(k.past[:0], k.past[over:]...)
	}
	for i := range k.owned {
		k.owned[i].member, k.owned[i].generation = d.Member, d.Generation
	}
	for i := range d.Fetched {
		k.fetched(c, &d.Fetched[i])
	}
	if k.habit == afterPoll || k.all {
		k.commit(c, k.owned)
	}
	if d.Dead {
		k.leaving = true
		c.Restart()
	}
}

func (k *member) find(topic string, index int32) int {
	for i := range k.owned {
		if k.owned[i].index == index && k.owned[i].topic == topic {
			return i
		}
	}
	return -1
}

// rebalanced takes one event.
func (k *member) rebalanced(c *sim.ClientHost, e *client.Rebalance) {
	at := k.find(e.Topic, int32(e.Partition))
	switch e.Kind {
	case client.Assigned:
		h := held{
			place: k.trial.placeOf(e.Topic, int32(e.Partition)), member: e.Member, generation: e.Generation,
			lookup: history.NoOp, open: history.NoOp,
		}
		if !h.foreign() {
			op := k.operation(c, history.Assign, &h)
			k.instant(c, &op)
		}
		k.owned = append(k.owned, h)
	case client.Placed:
		if at >= 0 {
			k.placed(c, &k.owned[at], e)
		}
	default:
		if at >= 0 {
			k.release(c, at, true)
		}
	}
}

// placed puts down where reading begins: what was committed, or a reset.
func (k *member) placed(c *sim.ClientHost, h *held, e *client.Rebalance) {
	h.placed, h.next, h.committed, h.epoch = true, int64(e.Offset), -1, kafka.NoLeaderEpoch
	if e.Committed {
		h.committed = h.next
	}
	if h.foreign() {
		return
	}
	r := history.NewResult(history.OK)
	r.Broker, r.Deposed = int32(e.Broker), k.trial.deposed(k.group.name, &h.knew, int32(e.Broker))
	op := k.operation(c, history.Seek, h)
	op.At = h.next
	if e.Committed {
		r.Offset, r.Commit = h.next, history.OpID(e.Tag)-1
	} else {
		op.Flags |= history.Reset
	}
	k.trial.record.Complete(c.Now(), h.lookup, &r)
	h.lookup = history.NoOp
	k.instant(c, &op)
}

// fetched completes one partition's poll with what came back for it.
func (k *member) fetched(c *sim.ClientHost, d *client.Fetched) {
	at := k.find(d.Topic, int32(d.Partition))
	if at < 0 {
		return
	}
	h := &k.owned[at]
	failed := errorName(d.Err, d.Reason) != ""
	if h.foreign() {
		h.next = max(h.next, int64(d.To))
		return
	}
	if h.open == history.NoOp {
		// Looking its position up has failed: as an application would, it begins anew.
		if failed && !d.Reset {
			k.leaving = true
			c.Restart()
		}
		return
	}
	r := history.NewResult(history.OK)
	if r.Error = errorName(d.Err, d.Reason); failed {
		r.Outcome = history.Fail
	}
	r.Broker, r.LeaderEpoch = int32(d.Broker), int32(d.LeaderEpoch)
	k.records = appendRead(k.records[:0], d.Records)
	r.Records, r.To = k.records, int64(d.To)
	if d.Fresh && r.Outcome == history.OK {
		r.HighWatermark, r.LastStableOffset, r.LogStartOffset = int64(d.HighWatermark), int64(d.LastStableOffset), int64(d.LogStartOffset)
	}
	if d.Reset {
		r.To = h.next
	}
	k.trial.record.Complete(c.Now(), h.open, &r)
	h.open, h.next = history.NoOp, int64(d.To)
	if len(d.Records) > 0 {
		h.epoch = d.LeaderEpoch
	}
	if d.Reset {
		op := k.operation(c, history.Seek, h)
		op.At, op.Flags = h.next, op.Flags|history.Reset
		k.instant(c, &op)
	}
}

// Idle tells whether the group has read everything that the scan found.
func (k *member) Idle() bool {
	return k.trial.rotten || k.all && k.group.behind() == nil && !k.untold()
}

// behind returns a partition that no member has read to the end of the scan.
func (g *trialGroup) behind() *scanned {
	t := g.members[0].trial
	if !t.scanner.Idle() {
		return nil
	}
	for i := range t.scanner.parts {
		p := &t.scanner.parts[i]
		read := false
		for _, k := range g.members {
			at := k.find(p.topic, p.index)
			read = read || at >= 0 && k.owned[at].placed && k.owned[at].next >= p.end
		}
		if !read {
			return p
		}
	}
	return nil
}
