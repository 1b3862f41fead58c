package onsim

import (
	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/scenarios"
	"trialog/sim"
	"trialog/sim/choice"
)

// producer sends batches to the run's partitions in bursts.
type producer struct {
	application
	idempotent bool
	acks       int8
	window     int // commands that may be open
	quota      int // sends
	gap        int64
	burst      int
	keyed      bool
	life       int64 // until it makes way for another process; 0: it does not
	ends       int64 // the present one does

	writer  uint32
	sent    int    // batches
	written uint64 // records
	values  []history.Value
	records []client.Record
	payload []byte
	age     int64 // of the CreateTime of the batch that was composed, ms; -1: none
}

const (
	day  = 24 * 3600 * 1000 // milliseconds
	hour = 3600 * 1000
)

// Start begins a process.
func (p *producer) Start(c *sim.ClientHost) {
	p.begin()
	p.ends = c.Now() + p.life/2 + int64(c.Choose(choice.AppDetail, uint64(p.life)+1))
	wakeIn(c, p.gap)
}

// Wake sends a burst, as far as the window allows.
func (p *producer) Wake(c *sim.ClientHost) {
	if c.Phase() >= sim.Healing {
		return
	}
	over := p.life > 0 && c.Now() >= p.ends && p.trial.working(c)
	if over && len(p.pending) == 0 {
		c.Restart()
		return
	}
	if !over && p.trial.working(c) {
		n := int(c.Choose(choice.AppOp, uint64(p.burst)+1))
		for range n {
			if len(p.pending) >= p.window || p.sent >= p.quota {
				break
			}
			p.send(c)
		}
	}
	wakeIn(c, p.gap/4+int64(c.Choose(choice.AppGap, uint64(p.gap)*3/2+1)))
}

func (p *producer) send(c *sim.ClientHost) {
	w := &p.trial.scenario.Workload
	at := &p.trial.places[c.Choose(choice.AppTarget, uint64(len(p.trial.places)))]
	shape := c.Choose(choice.AppSize, 1<<32)
	count := w.BatchRecords.Min + int(shape%uint64(w.BatchRecords.Max-w.BatchRecords.Min+1))
	size := w.RecordBytes.Min + int(shape>>8%uint64(w.RecordBytes.Max-w.RecordBytes.Min+1))
	p.compose(c, count, size)
	op := history.NewOp(history.Send, p.id, p.process, at.partition)
	op.Incarnation = int32(c.Incarnation())
	op.Acks, op.At = p.acks, max(p.age, history.Unset)
	if p.idempotent {
		op.Flags |= history.Idempotent
	}
	command := p.next()
	p.await(command, p.trial.record.Invoke(c.Now(), &op, p.values...), 0)
	p.sent++
	c.Do(&client.Produce{Op: command, Topic: at.topic, Partition: kafka.PartitionIndex(at.index), Records: p.records})
}

// compose fills values and records of one batch.
func (p *producer) compose(c *sim.ClientHost, count, size int) {
	timestamp := p.timestamp(c)
	p.values, p.records, p.payload = p.values[:0], p.records[:0], p.payload[:0]
	for range count {
		v := history.MakeValue(p.writer, p.count())
		began := len(p.payload)
		p.payload = scenarios.AppendPayload(p.payload, v, size)
		p.values = append(p.values, v)
		p.records = append(p.records, client.Record{Timestamp: timestamp, Value: p.payload[began:len(p.payload):len(p.payload)]})
		if keys := p.trial.keys; keys > 0 {
			p.payload = label(p.payload, v, keys, &p.records[len(p.records)-1])
		} else if p.keyed {
			p.records[len(p.records)-1].Key = p.payload[began : began+2 : began+2]
		}
	}
}

// count numbers the records of this producer.
func (p *producer) count() uint64 {
	p.written++
	return p.written - 1
}

// timestamp draws a CreateTime: now, as a rule; days ago; or almost an hour ahead.
func (p *producer) timestamp(c *sim.ClientHost) kafka.TimestampMs {
	w := &p.trial.scenario.Workload
	const thousand = 1000
	behind := (sim.Epoch+c.Now())/sim.Millisecond - c.WallMs() // of the client's clock
	dice := int(c.Choose(choice.AppTime, thousand))
	switch {
	case dice >= thousand-w.OldTimestamps:
		p.age = behind + day + int64(dice)*hour
		return kafka.TimestampMs(c.WallMs() - day - int64(dice)*hour)
	case dice >= thousand-w.OldTimestamps-w.FutureTimestamps:
		p.age = behind - hour/2
		return kafka.TimestampMs(c.WallMs() + hour/2)
	default:
		p.age = behind
		return kafka.NoTimestamp
	}
}

// Done puts an outcome down. After an unclear one the producer goes on as
// another process, since what it sends next may overtake what is open.
func (p *producer) Done(c *sim.ClientHost, d *client.Done) {
	pending, ok := p.take(d.Op)
	if !ok {
		return
	}
	r := result(d)
	p.trial.record.Complete(c.Now(), pending.op, &r)
	if d.Outcome == client.Info {
		p.process = p.trial.process()
	}
	if d.Dead {
		c.Restart()
	}
}

// Idle tells whether every send has its outcome.
func (p *producer) Idle() bool { return len(p.pending) == 0 }
