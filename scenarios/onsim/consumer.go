package onsim

import (
	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim"
	"trialog/sim/choice"
)

// What a consumer's command was.
const (
	tagAssign = iota
	tagPoll
	tagList
)

// timesKept is of one record in how many a consumer keeps the time, to ask for it.
const timesKept = 97

// consumer assigns itself some partitions and follows them.
type consumer struct {
	application
	mine      []followed
	committed bool  // isolation.level=read_committed
	nearby    bool  // it reads from followers in its rack
	wait      int64 // of one poll
	gap       int64 // between polls
	listEvery int64
	listAt    int64
	polling   bool
	last      bool // the final scan has begun
	read      int  // records, of which it keeps the time of every so manieth
	records   []history.Record
}

// followed is one partition that a consumer reads.
type followed struct {
	place
	open     history.OpID // the poll that awaits this partition's next answer
	next     int64
	stood    int64 // next, when the final scan began
	time     int64 // of a record that it has read some while ago; 0: none
	assigned bool
}

// Start begins a process: a new consumer, from the beginning.
func (k *consumer) Start(c *sim.ClientHost) {
	k.begin()
	k.polling, k.last = false, false
	k.listAt = c.Now() + k.listEvery
	for i := range k.mine {
		k.mine[i].open, k.mine[i].assigned, k.mine[i].next = history.NoOp, false, 0
	}
	wakeIn(c, k.gap)
}

// Wake assigns what is not assigned, polls, and asks for offsets now and then.
func (k *consumer) Wake(c *sim.ClientHost) {
	if k.trial.scanner.begun {
		k.getOn(c)
		return
	}
	wakeIn(c, k.gap+int64(c.Choose(choice.AppGap, uint64(k.gap)+1)))
	if !k.trial.ready {
		return
	}
	if len(k.pending) == 0 {
		k.assign(c)
	}
	if k.listEvery > 0 && c.Now() >= k.listAt && c.Phase() <= sim.Faulty {
		k.listAt = c.Now() + k.listEvery/2 + int64(c.Choose(choice.AppDetail, uint64(k.listEvery)))
		k.list(c)
	}
	if c.Choose(choice.AppOp, 8) > 0 {
		k.poll(c)
	}
}

// getOn shows, while the final scan goes on, that the consumer still reads: every
// partition that it has not read to the end that the scan was told moves once.
func (k *consumer) getOn(c *sim.ClientHost) {
	wakeIn(c, scanPause)
	if !k.last {
		k.last = true
		for i := range k.mine {
			k.mine[i].stood = k.mine[i].next
		}
	}
	if k.standing() == nil {
		return
	}
	if len(k.pending) == 0 {
		k.assign(c)
	}
	k.poll(c)
}

// standing returns a partition in which there is more to read and the consumer
// has not got on.
func (k *consumer) standing() *followed {
	for i := range k.mine {
		f := &k.mine[i]
		for j := range k.trial.scanner.parts {
			if p := &k.trial.scanner.parts[j]; p.partition == f.partition && f.next == f.stood && f.next < p.end {
				return f
			}
		}
	}
	return nil
}

func (k *consumer) assign(c *sim.ClientHost) {
	for i := range k.mine {
		f := &k.mine[i]
		if f.assigned {
			continue
		}
		op := history.NewOp(history.Assign, k.id, k.process, f.partition)
		op.Incarnation, op.At = int32(c.Incarnation()), f.next
		command := k.next()
		k.await(command, k.trial.record.Invoke(c.Now(), &op), tagAssign)
		c.Do(&client.Assign{Op: command, Topic: f.topic, Partition: kafka.PartitionIndex(f.index),
			From: client.Position{Kind: client.AtOffset, Offset: kafka.Offset(f.next)}})
		f.assigned = true
	}
}

// poll asks once for all partitions. Each of them has one open operation that
// the next answer about it completes: begun before the call, as bounds need it.
func (k *consumer) poll(c *sim.ClientHost) {
	if k.polling {
		return
	}
	k.polling = true
	for i := range k.mine {
		f := &k.mine[i]
		if f.open != history.NoOp {
			continue
		}
		op := history.NewOp(history.Poll, k.id, k.process, f.partition)
		op.Incarnation, op.At = int32(c.Incarnation()), f.next
		if k.committed {
			op.Flags |= history.ReadCommitted
		}
		if k.nearby {
			op.Flags |= history.MayReadFollower
		}
		f.open = k.trial.record.Invoke(c.Now(), &op)
	}
	command := k.next()
	k.await(command, history.NoOp, tagPoll)
	most := int32(c.Choose(choice.AppSize, 8)) * 4 // 0: as fetched
	if !k.trial.scenario.Topics.Synced() {
		// What is left over was fetched before the poll that returns it. Where a
		// power cut may take it back, the history must not say that it was read
		// after the cut.
		most = 0
	}
	c.Do(&client.Poll{Op: command, Wait: kafka.Duration(k.wait), MaxRecords: most})
}

// list asks for an offset: the end, the beginning, the largest timestamp, or a time, a record's too.
func (k *consumer) list(c *sim.ClientHost) {
	f := &k.mine[c.Choose(choice.AppTarget, uint64(len(k.mine)))]
	at := int64(-1)
	switch c.Choose(choice.AppExtra0, 6) {
	case 1:
		at = -2
	case 2:
		at = -3
	case 3:
		at = c.WallMs() - int64(c.Choose(choice.AppExtra1, 60_000))
	case 4, 5:
		if f.time > 0 {
			at = f.time
		}
	}
	op := history.NewOp(history.ListOffsets, k.id, k.process, f.partition)
	op.Incarnation, op.At = int32(c.Incarnation()), at
	if k.committed {
		op.Flags |= history.ReadCommitted
	}
	command := k.next()
	k.await(command, k.trial.record.Invoke(c.Now(), &op), tagList)
	c.Do(&client.ListOffsets{Op: command, Topic: f.topic, Partition: kafka.PartitionIndex(f.index), Timestamp: kafka.TimestampMs(at)})
}

// Done puts an outcome down.
func (k *consumer) Done(c *sim.ClientHost, d *client.Done) {
	pending, ok := k.take(d.Op)
	if !ok {
		return
	}
	if pending.tag == tagPoll {
		k.polling = false
		for i := range d.Fetched {
			k.fetched(c, &d.Fetched[i])
		}
		return
	}
	r := result(d)
	if pending.tag == tagList {
		r.LeaderEpoch = int32(d.AskedEpoch)
	}
	k.trial.record.Complete(c.Now(), pending.op, &r)
	if pending.tag == tagAssign && d.Outcome != client.OK {
		k.unassigned(d)
	}
}

func (k *consumer) unassigned(d *client.Done) {
	if f := k.find(d.Topic, int32(d.Partition)); f != nil {
		f.assigned = false
	}
}

func (k *consumer) find(topic string, index int32) *followed {
	for i := range k.mine {
		if k.mine[i].index == index && k.mine[i].topic == topic {
			return &k.mine[i]
		}
	}
	return nil
}

// fetched completes one partition's poll with what came back for it.
func (k *consumer) fetched(c *sim.ClientHost, d *client.Fetched) {
	f := k.find(d.Topic, int32(d.Partition))
	if f == nil || f.open == history.NoOp {
		return
	}
	r := history.NewResult(history.OK)
	r.Error = errorName(d.Err, d.Reason)
	if r.Error != "" {
		r.Outcome = history.Fail
	}
	r.Broker, r.LeaderEpoch = int32(d.Broker), int32(d.LeaderEpoch)
	k.records = appendRead(k.records[:0], d.Records)
	r.Records = k.records
	for i := range d.Records {
		if k.read++; k.read%timesKept == 0 {
			f.time = int64(d.Records[i].Timestamp)
		}
	}
	r.To, r.FromFollower = int64(d.To), d.FromFollower
	if d.Fresh && r.Outcome == history.OK {
		r.HighWatermark, r.LastStableOffset, r.LogStartOffset = int64(d.HighWatermark), int64(d.LastStableOffset), int64(d.LogStartOffset)
	}
	if d.Reset {
		r.To = f.next
	} else {
		f.next = r.To
	}
	k.trial.record.Complete(c.Now(), f.open, &r)
	f.open = history.NoOp
	if d.Reset {
		k.reset(c, f, int64(d.To))
	}
}

// reset puts down that the client moved the position by itself.
func (k *consumer) reset(c *sim.ClientHost, f *followed, to int64) {
	op := history.NewOp(history.Seek, k.id, k.process, f.partition)
	op.Incarnation, op.At = int32(c.Incarnation()), to
	op.Flags |= history.Reset
	r := history.NewResult(history.OK)
	r.Offset = to
	k.trial.record.Complete(c.Now(), k.trial.record.Invoke(c.Now(), &op), &r)
	f.next = to
}

// Idle tells whether the consumer has shown that it still gets on. Rot may have
// ended what it follows.
func (k *consumer) Idle() bool {
	return k.trial.rotten || k.last && k.standing() == nil
}

func appendRead(dst []history.Record, records []client.Record) []history.Record {
	for i := range records {
		dst = append(dst, history.Record{Offset: int64(records[i].Offset), Value: valueOf(&records[i])})
	}
	return dst
}
