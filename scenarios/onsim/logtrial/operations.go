package logtrial

import (
	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/sim/choice"
)

// operation does one thing, drawn; 0 does nothing.
func (t *trial) operation() {
	const weights = 200
	switch dice := t.draw.Choose(choice.AppOp, weights); {
	case dice == 0:
	case dice < 90:
		t.append()
	case dice < 120:
		t.write()
	case dice < 150:
		t.sync()
	case dice < 170:
		t.work()
	case dice < 180:
		t.read()
	case dice < 188:
		t.newEpoch()
	case dice < 194:
		t.truncate()
	case dice < 195:
		t.moveStart()
	case dice < 196:
		t.remove()
	case dice < 198:
		t.expire()
	default:
		if t.living() < t.config.Logs {
			t.create()
		}
	}
}

// living counts the logs that were not deleted. Deleted ones stay listed until
// the next recovery, which must not bring them back.
func (t *trial) living() int {
	n := 0
	for _, s := range t.logs {
		if !s.log.Deleted() {
			n++
		}
	}
	return n
}

// pick draws a log that was not deleted, or nil when there is none.
func (t *trial) pick() *subject {
	n := t.living()
	if n == 0 {
		return nil
	}
	left := int(t.draw.Choose(choice.AppTarget, uint64(n)))
	for _, s := range t.logs {
		if s.log.Deleted() {
			continue
		}
		if left == 0 {
			return s
		}
		left--
	}
	return nil
}

// emit numbers an append and queues it.
func (t *trial) emit(s *subject, a *disk.Append, c change) {
	t.journal.Number(a, s.log)
	c.ref = uint64(a.Ref)
	s.model.add(c)
	t.queue = append(t.queue, queued{*a, s, s.log, s.log.Incarnation, s.log.LogEndOffset})
	t.say("emit", int64(a.Ref), int64(a.LSN))
}

// create begins a log.
func (t *trial) create() {
	mode := partition.Synced
	if t.draw.Choose(choice.AppDetail, 3) == 2 {
		mode = partition.Replicated
	}
	s := &subject{leads: t.draw.Choose(choice.AppDetail, 3) > 0}
	s.name = kafka.TopicPartition{Partition: kafka.PartitionIndex(t.nextID)}
	s.name.Topic[15] = 1
	s.partition = t.config.Record.Partition("log", int32(t.nextID))
	t.nextID++
	id := partition.Identity{Log: t.journal.NewLogID(), Partition: s.name, Mode: mode}
	var a disk.Append
	s.log = partition.New(t.now, id, 0, &t.limits, &a)
	s.model = &model{id: uint64(id.Log), synced: mode == partition.Synced}
	t.logs = append(t.logs, s)
	t.emit(s, &a, change{kind: changeCreate})
	t.lead(s, 1)
}

// lead begins a leader epoch.
func (t *trial) lead(s *subject, by int32) {
	s.epoch += by
	if !s.leads {
		return // a follower learns of it with the first batch
	}
	var a disk.Append
	if s.log.BecomeLeader(kafka.LeaderEpoch(s.epoch), &a) {
		t.emit(s, &a, change{kind: changeEpoch, epoch: s.epoch, offset: int64(s.log.LogEndOffset)})
	}
}

func (t *trial) newEpoch() {
	if s := t.pick(); s != nil && s.log.Appendable() {
		t.lead(s, 1+int32(t.draw.Choose(choice.AppDetail, 2)))
	}
}

// append adds a batch, as the leader or as a follower does.
func (t *trial) append() {
	s := t.pick()
	if s == nil || !s.log.Appendable() || t.journal.Full() {
		return
	}
	if s.deposed {
		s.deposed = false
		t.lead(s, 1)
	}
	p := t.compose(s)
	b := batch.View(append([]byte(nil), t.builder.BuildFor(p.header())...))
	if p.id >= 0 && !t.decide(s, p, b) {
		return
	}
	base := int64(s.log.LogEndOffset)
	var a disk.Append
	if s.leads {
		s.log.AppendAsLeader(t.now, kafka.LeaderEpoch(s.epoch), b, &t.topic, &a)
	} else {
		b.Stamp(kafka.Offset(base), kafka.LeaderEpoch(s.epoch), kafka.NoTimestamp)
		s.log.AppendVerbatim(t.now, b, &t.topic, &a)
	}
	t.result.Appended++
	t.emit(s, &a, change{kind: changeAppend, batch: t.expected(s, b, base, &a)})
}

// expected is the batch as it must stand on disk.
func (t *trial) expected(s *subject, b batch.View, base int64, a *disk.Append) record {
	stamped := batch.View(append([]byte(nil), b...))
	stamped.Stamp(kafka.Offset(base), kafka.LeaderEpoch(s.epoch), a.Timestamp)
	return record{
		base: base, last: base + int64(b.LastOffsetDelta()), epoch: s.epoch, hash: hashBytes(stamped),
		producer: int64(b.ProducerID()), producerEpoch: int16(b.ProducerEpoch()),
		firstSeq: int32(b.BaseSequence()), endSeq: int32(b.LastSequence()), times: t.times(a),
	}
}

// times are the timestamps of the records just composed.
func (t *trial) times(a *disk.Append) []int64 {
	list := append([]int64(nil), t.stamps...)
	if at := int64(a.Timestamp); at >= 0 {
		for i := range list {
			list[i] = at
		}
	}
	return list
}

// truncate undoes the end of a log, as a follower does whose leader has
// another one; sometimes what was durable, too.
func (t *trial) truncate() {
	s := t.pick()
	if s == nil || !s.log.Appendable() || len(s.model.now.batches) == 0 {
		return
	}
	batches := s.model.now.batches
	keep := len(batches) - int(t.draw.Choose(choice.AppSize, uint64(min(len(batches), 12))+1))
	to := s.model.now.start
	if keep > 0 {
		to = max(to, batches[keep-1].last+1)
	}
	if to > s.model.now.end {
		return
	}
	var a disk.Append
	s.log.TruncateTo(kafka.Offset(to), &a)
	t.result.Truncated++
	t.emit(s, &a, change{kind: changeTruncate, offset: to})
	t.forgetProducers(s)
	s.deposed = true
}

// moveStart moves the log's start to the beginning of a durable batch.
func (t *trial) moveStart() {
	s := t.pick()
	if s == nil || !s.log.Appendable() || t.still {
		return
	}
	durable := int64(s.log.HighWatermark)
	for _, b := range s.model.now.batches {
		if b.base > s.model.now.start && b.last < durable && t.draw.Choose(choice.AppDetail, 4) == 3 {
			var a disk.Append
			s.log.SetLogStart(kafka.Offset(b.base), &a)
			s.log.LogStarted(kafka.Offset(b.base))
			t.emit(s, &a, change{kind: changeStart, offset: b.base})
			return
		}
	}
}

// expire lets a log forget producers that have been silent.
func (t *trial) expire() {
	if s := t.pick(); s != nil && s.log.Serving() && s.log.ExpireProducers(t.now) > 0 {
		s.forgetful = true
		t.examine(s)
	}
}

// remove ends a log.
func (t *trial) remove() {
	s := t.pick()
	if s == nil || !s.log.Appendable() || t.living() < 2 {
		return
	}
	var a disk.Append
	s.log.Delete(&a)
	t.emit(s, &a, change{kind: changeDelete})
}
