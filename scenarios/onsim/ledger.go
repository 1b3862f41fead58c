package onsim

import (
	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim"
	"trialog/sim/choice"
)

// What a ledger's command was.
const (
	tagLedgerCommit = iota
	tagLedgerFetch
)

// ledger writes offsets of a group without members, and reads those of every
// group: many clients at one register.
type ledger struct {
	application
	group   history.Name // the group without members
	name    string
	gap     int64
	offsets []client.GroupOffset
	reads   []ledgerRead
}

// ledgerRead is who was known not to coordinate a group when a read began.
type ledgerRead struct {
	command client.OpID
	group   string
	knew    knowledge
}

// Start begins a process.
func (l *ledger) Start(c *sim.ClientHost) {
	l.begin()
	l.reads = l.reads[:0]
	wakeIn(c, l.gap)
}

// Wake commits or reads, a few operations at a time. It goes on until the final
// scan is over: what was committed before must be there to the end.
func (l *ledger) Wake(c *sim.ClientHost) {
	if l.trial.scanner.Idle() {
		return
	}
	wakeIn(c, l.gap/4+int64(c.Choose(choice.AppGap, uint64(l.gap)*3/2+1)))
	if !l.trial.ready || len(l.pending) >= 3 {
		return
	}
	at := &l.trial.places[c.Choose(choice.AppTarget, uint64(len(l.trial.places)))]
	if c.Choose(choice.AppOp, 2) == 1 && l.trial.working(c) {
		l.commit(c, at)
		return
	}
	group, name := l.group, l.name
	if n := c.Choose(choice.AppDetail, uint64(len(l.trial.groups))+1); n > 0 {
		group, name = l.trial.groups[n-1].group, l.trial.groups[n-1].name
	}
	op := history.NewOp(history.FetchOffsets, l.id, l.process, at.partition)
	op.Incarnation, op.Group = int32(c.Incarnation()), group
	command := l.next()
	l.await(command, l.trial.record.Invoke(c.Now(), &op), tagLedgerFetch)
	l.reads = append(l.reads, ledgerRead{command, name, l.trial.knowing(name)})
	l.offsets = append(l.offsets[:0], client.GroupOffset{Topic: at.topic, Partition: kafka.PartitionIndex(at.index)})
	c.Do(&client.FetchCommitted{Op: command, Group: name, Offsets: l.offsets})
}

// keptForever is longer than any clock is wrong, in ms: what is committed with an
// expiry of its own has another record.
const keptForever = 10 * 365 * 24 * 3_600_000

// commit writes any number; nobody reads from there.
func (l *ledger) commit(c *sim.ClientHost, at *place) {
	op := history.NewOp(history.CommitOffsets, l.id, l.process, at.partition)
	op.Incarnation, op.Group, op.At = int32(c.Incarnation()), l.group, int64(c.Choose(choice.AppSize, 1000))
	command := l.next()
	id := l.trial.record.Invoke(c.Now(), &op)
	l.await(command, id, tagLedgerCommit)
	l.offsets = append(l.offsets[:0], client.GroupOffset{
		Topic: at.topic, Partition: kafka.PartitionIndex(at.index), Offset: kafka.Offset(op.At), LeaderEpoch: kafka.NoLeaderEpoch, Tag: uint64(id) + 1,
	})
	c.Do(&client.Commit{Op: command, Group: l.name, Standalone: true, KeepMs: keptForever, Offsets: l.offsets})
}

// Done puts an outcome down.
func (l *ledger) Done(c *sim.ClientHost, d *client.Done) {
	pending, ok := l.take(d.Op)
	if !ok || len(d.Offsets) != 1 {
		return
	}
	o := &d.Offsets[0]
	r := history.NewResult(outcomeOf(o.Outcome))
	r.Error, r.Broker, r.Attempts = errorName(o.Err, d.Reason), int32(d.Broker), int16(min(d.Attempts, 1<<15-1))
	if pending.tag == tagLedgerFetch && o.Outcome == client.OK {
		r.Offset, r.Commit = int64(o.Offset), history.OpID(o.Tag)-1
	}
	for i := range l.reads {
		if q := l.reads[i]; q.command == d.Op {
			r.Deposed = r.Outcome == history.OK && l.trial.deposed(q.group, &q.knew, r.Broker)
			l.reads = append(l.reads[:i], l.reads[i+1:]...)
			break
		}
	}
	l.trial.record.Complete(c.Now(), pending.op, &r)
}

// Idle tells whether every operation has its outcome.
func (l *ledger) Idle() bool { return len(l.pending) == 0 }
