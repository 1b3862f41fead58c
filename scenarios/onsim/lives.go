package onsim

import (
	"slices"
	"strconv"

	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/scenarios"
	"trialog/sim"
	"trialog/sim/choice"
)

// What a command of somebody who makes topics again was, beside those of a consumer.
const (
	tagBirth    = iota + 10 // creates the topic
	tagIdentify             // asks which topic has the name
	tagDeath                // deletes it
	tagAdd                  // sends
	tagWrites
	tagReadBack // reads what was committed
	tagMove     // gives a partition other replicas
)

// lifeStep is what comes next.
type lifeStep uint8

const (
	creating lifeStep = iota
	identifying
	living
	deleting
	resting // after everything healed: the last life goes on until it is scanned
)

// lives makes a topic, writes, reads and commits, deletes it, and makes another
// under its name, again and again. It speaks of topics by ID, so that it knows
// which life whatever it is told is of; each has partitions of its own in the
// history. It is one idempotent producer over many lives, and one group commits.
type lives struct {
	consumer // of the life that there is
	topic    trialTopic
	group    string
	writer   uint32
	number   int // of the present life, from 1
	topicID  kafka.TopicID
	past     []kafka.TopicID
	step     lifeStep
	todo     int // operations until it is deleted
	sender   int32
	count    uint64
	values   []history.Value
	batch    []client.Record
	payload  []byte
	offsets  []client.GroupOffset
	knew     knowledge
	heard    []bool // which partitions have answered this process in this life
}

// Start begins a process, which goes on where the last one was.
func (l *lives) Start(c *sim.ClientHost) {
	for _, id := range l.past {
		c.Do(&client.Outlived{Topic: l.topic.name, ID: id})
	}
	l.consumer.Start(c)
	l.sender = l.trial.process()
	clear(l.heard)
}

// Wake does what is next.
func (l *lives) Wake(c *sim.ClientHost) {
	wakeIn(c, l.gap/2+int64(c.Choose(choice.AppGap, uint64(l.gap)+1)))
	if !l.trial.ready || l.step == resting || len(l.pending) >= 4 {
		return
	}
	switch {
	case l.step == living && c.Phase() >= sim.Healing:
		l.step = resting
		l.leave(c)
	case l.step == living && l.todo > 0:
		l.live(c)
	case l.step == living:
		l.step = deleting
		l.leave(c)
	case l.busy():
	default:
		l.ask(c)
	}
}

// busy tells whether something else than a send is under way. A send is of the
// topic that it was made for, however late it comes; what a client asks about a
// group would be of the next one.
func (l *lives) busy() bool {
	return slices.ContainsFunc(l.pending, func(p pendingOp) bool { return p.tag != tagAdd })
}

// ask carries the step on that leads to the next life.
func (l *lives) ask(c *sim.ClientHost) {
	command := l.next()
	switch l.step {
	case creating:
		op := history.NewOp(history.CreateTopic, l.id, l.process, l.trial.record.Partition(lifeName(l.topic.name, l.number+1), 0))
		op.Incarnation, op.At = int32(c.Incarnation()), int64(l.topic.partitions)
		l.await(command, l.trial.record.Invoke(c.Now(), &op), tagBirth)
		c.Do(&client.CreateTopic{Op: command, Topic: l.topic.name, Partitions: l.topic.partitions, Replicas: -1, Settings: l.topic.settings})
	case identifying:
		l.await(command, history.NoOp, tagIdentify)
		c.Do(&client.DescribeTopic{Op: command, Topic: l.topic.name})
	default:
		op := history.NewOp(history.DeleteTopic, l.id, l.process, l.trial.record.Partition(lifeName(l.topic.name, l.number), 0))
		op.Incarnation = int32(c.Incarnation())
		l.await(command, l.trial.record.Invoke(c.Now(), &op), tagDeath)
		c.Do(&client.DeleteTopic{Op: command, Topic: l.topic.name, ID: l.topicID})
	}
}

// live does one of the things that are done with a topic. First it is read from
// the beginning, until every partition has answered.
func (l *lives) live(c *sim.ClientHost) {
	if !slices.ContainsFunc(l.pending, func(p pendingOp) bool { return p.tag == tagAssign }) {
		l.assign(c)
	}
	if slices.Contains(l.heard, false) {
		l.poll(c)
		return
	}
	l.todo--
	at := &l.mine[c.Choose(choice.AppTarget, uint64(len(l.mine)))]
	switch c.Choose(choice.AppOp, 10) {
	case 0:
		l.commit(c, at)
	case 1, 2:
		l.committed(c, at)
	case 3, 4, 5:
		l.poll(c)
	case 6:
		l.move(c, at)
	default:
		l.send(c, at)
	}
}

func (l *lives) send(c *sim.ClientHost, at *followed) {
	w := &l.trial.scenario.Workload
	shape := c.Choose(choice.AppSize, 1<<32)
	size := w.RecordBytes.Min + int(shape>>8%uint64(w.RecordBytes.Max-w.RecordBytes.Min+1))
	l.values, l.batch, l.payload = l.values[:0], l.batch[:0], l.payload[:0]
	for range 1 + shape%2 {
		v := history.MakeValue(l.writer, l.count)
		l.count++
		began := len(l.payload)
		l.payload = scenarios.AppendPayload(l.payload, v, size)
		l.values = append(l.values, v)
		l.batch = append(l.batch, client.Record{Timestamp: kafka.NoTimestamp, Value: l.payload[began:len(l.payload):len(l.payload)]})
	}
	op := history.NewOp(history.Send, l.id, l.sender, at.partition)
	op.Incarnation = int32(c.Incarnation())
	op.Flags |= history.Idempotent
	command := l.next()
	l.await(command, l.trial.record.Invoke(c.Now(), &op, l.values...), tagAdd)
	c.Do(&client.Produce{Op: command, Topic: at.topic, Partition: kafka.PartitionIndex(at.index), Records: l.batch})
}

func (l *lives) commit(c *sim.ClientHost, at *followed) {
	op := history.NewOp(history.CommitOffsets, l.id, l.process, at.partition)
	op.Incarnation, op.Group, op.At = int32(c.Incarnation()), l.trial.record.Name(l.group), int64(c.Choose(choice.AppSize, 1000))
	command := l.next()
	id := l.trial.record.Invoke(c.Now(), &op)
	l.await(command, id, tagWrites)
	l.offsets = append(l.offsets[:0], client.GroupOffset{
		Topic: at.topic, Partition: kafka.PartitionIndex(at.index), Offset: kafka.Offset(op.At), LeaderEpoch: kafka.NoLeaderEpoch, Tag: uint64(id) + 1,
	})
	c.Do(&client.Commit{Op: command, Group: l.group, Standalone: true, KeepMs: keptForever, Offsets: l.offsets})
}

// committed asks what the group has committed, one question at a time.
func (l *lives) committed(c *sim.ClientHost, at *followed) {
	if slices.ContainsFunc(l.pending, func(p pendingOp) bool { return p.tag == tagReadBack }) {
		return
	}
	op := history.NewOp(history.FetchOffsets, l.id, l.process, at.partition)
	op.Incarnation, op.Group = int32(c.Incarnation()), l.trial.record.Name(l.group)
	command := l.next()
	l.await(command, l.trial.record.Invoke(c.Now(), &op), tagReadBack)
	l.knew = l.trial.knowing(l.group)
	l.offsets = append(l.offsets[:0], client.GroupOffset{Topic: at.topic, Partition: kafka.PartitionIndex(at.index)})
	c.Do(&client.FetchCommitted{Op: command, Group: l.group, Offsets: l.offsets})
}

// move gives a partition other replicas, where there are more brokers than those,
// or the same ones in another order.
func (l *lives) move(c *sim.ClientHost, at *followed) {
	if l.trial.scenario.Cluster.Brokers == 1 {
		return
	}
	command := l.next()
	l.await(command, history.NoOp, tagMove)
	c.Do(&client.Reassign{Op: command, Topic: at.topic, Partition: kafka.PartitionIndex(at.index), Replicas: l.trial.admin.drawReplicas(c)})
}

// leave ends reading, so that nothing of this life is taken for the next one's.
func (l *lives) leave(c *sim.ClientHost) {
	for i := range l.mine {
		f := &l.mine[i]
		c.Do(&client.Unassign{Op: l.next(), Topic: f.topic, Partition: kafka.PartitionIndex(f.index)})
		f.open = history.NoOp
	}
}

// lifeName is how histories call one of the topics that have a name.
func lifeName(topic string, number int) string { return topic + "@" + strconv.Itoa(number) }

// born begins another life.
func (l *lives) born(id kafka.TopicID) {
	l.number++
	l.topicID, l.step = id, living
	l.mine, l.heard = l.mine[:0], make([]bool, l.topic.partitions)
	name := lifeName(l.topic.name, l.number)
	for p := range l.topic.partitions {
		l.mine = append(l.mine, followed{place: place{l.topic.name, p, l.trial.record.Partition(name, p)}, open: history.NoOp})
	}
	h := l.trial.record.Header()
	h.Topics = append(h.Topics, l.trial.promise(name, int(l.topic.partitions)))
}

// Done puts an outcome down.
func (l *lives) Done(c *sim.ClientHost, d *client.Done) {
	pending, ok := l.take(d.Op)
	if !ok {
		return
	}
	if d.Dead {
		defer c.Restart()
	}
	switch pending.tag {
	case tagPoll:
		l.polling = false
		for i := range d.Fetched {
			l.fetched(c, &d.Fetched[i])
			l.hear(&d.Fetched[i])
		}
		return
	case tagWrites, tagReadBack:
		l.told(c, pending, d)
		return
	}
	r := result(d)
	if pending.op != history.NoOp {
		l.trial.record.Complete(c.Now(), pending.op, &r)
	}
	switch pending.tag {
	case tagAdd:
		if d.Outcome == client.Info {
			l.sender = l.trial.process()
		}
	case tagAssign:
		if d.Outcome != client.OK {
			l.unassigned(d)
		}
	case tagBirth, tagIdentify, tagDeath:
		l.passed(c, pending.tag, d, r.Error)
	}
}

// hear takes note of a partition that has answered: the client knows the topic's ID.
func (l *lives) hear(d *client.Fetched) {
	for i := range l.mine {
		if l.mine[i].index == int32(d.Partition) && d.Err.OK() && d.Reason == client.ReasonNone {
			l.heard[i] = true
		}
	}
}

// told puts an answer about the group's offsets down.
func (l *lives) told(c *sim.ClientHost, pending pendingOp, d *client.Done) {
	if len(d.Offsets) != 1 {
		return
	}
	o := &d.Offsets[0]
	r := history.NewResult(outcomeOf(o.Outcome))
	r.Error, r.Broker, r.Attempts = errorName(o.Err, d.Reason), int32(d.Broker), int16(min(d.Attempts, 1<<15-1))
	if pending.tag == tagReadBack && o.Outcome == client.OK {
		r.Offset, r.Commit = int64(o.Offset), history.OpID(o.Tag)-1
		r.Deposed = l.trial.deposed(l.group, &l.knew, r.Broker)
	}
	l.trial.record.Complete(c.Now(), pending.op, &r)
}

// passed acts on the outcome of a step between two lives. That a topic is there
// already, or no more, may be the work of an earlier attempt, or what a controller
// says that lags behind: which topic has the name, its ID tells.
func (l *lives) passed(c *sim.ClientHost, tag int, d *client.Done, code string) {
	known := d.TopicID != kafka.TopicID{}
	switch {
	case tag == tagBirth && d.Outcome == client.OK && known, tag == tagIdentify && known && !slices.Contains(l.past, d.TopicID):
		l.todo = 4 + int(c.Choose(choice.AppExtra0, 30))
		l.born(d.TopicID)
	case tag == tagBirth && (d.Outcome == client.OK || code == "TOPIC_ALREADY_EXISTS"):
		l.step = identifying
	case tag == tagIdentify && known:
		l.topicID, l.step = d.TopicID, deleting
	case tag == tagIdentify:
		l.step = creating
	case tag == tagDeath && (d.Outcome == client.OK || code == "UNKNOWN_TOPIC_ID" || code == "UNKNOWN_TOPIC_OR_PARTITION"):
		if !slices.Contains(l.past, l.topicID) {
			l.past = append(l.past, l.topicID)
		}
		c.Do(&client.Outlived{Topic: l.topic.name, ID: l.topicID})
		l.step = creating
	}
}

// Idle tells whether the last life is at rest.
func (l *lives) Idle() bool { return l.step == resting && len(l.pending) == 0 }
