package broker

import (
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// completion is what the broker remembers of an append until the disk has
// answered: whom to tell what.
type completion struct {
	host        *host
	kind        disk.EntryKind
	journaled   bool
	bytes       int32             // of a batch
	incarnation uint32            // of the log
	end         kafka.Offset      // the log's end once this is in
	epoch       kafka.LeaderEpoch // of an EntryEpochStart
}

// completions are the appends that the disk has not finished with, first in
// first out. Refs are dense and both kinds of answers cover everything before.
type completions struct {
	queue   ring[completion]
	first   kafka.Ref // of the front of queue
	written kafka.Ref // the last one known written
	synced  kafka.Ref // the last one known durable
	// unwritten is how many bytes of batches wait for the writer, and with it how
	// much memory they hold.
	unwritten int64
}

// startAt says which ref was the last one of recovery.
func (c *completions) startAt(ref kafka.Ref) { c.first, c.written, c.synced = ref+1, ref, ref }

// next is the ref that the next append must have.
func (c *completions) next() kafka.Ref { return c.first + kafka.Ref(c.queue.len()) }

// at returns the completion of an append that is still queued.
func (c *completions) at(ref kafka.Ref) *completion { return c.queue.at(int(ref - c.first)) }

// trim forgets what nothing more is to come for.
func (c *completions) trim() {
	for c.queue.len() > 0 {
		done := c.first <= c.synced || !c.queue.at(0).journaled && c.first <= c.written
		if !done {
			return
		}
		c.queue.pop()
		c.first++
	}
}

// number gives the appends that a replica asked for their place in the journal
// and emits them.
func (b *Broker) number(h *host) {
	for i := range b.replicated.Appends {
		a := &b.replicated.Appends[i]
		must.True(b.phase != PhaseHalted && !b.session.drained, "B8 nothing is appended once the logs are closed")
		b.journal.Number(&a.Append, h.replica.Log)
		must.True(a.Ref == b.appends.next(), "B7 refs of appends are dense")
		b.appends.queue.push(completion{
			host: h, kind: a.Kind, journaled: a.LSN != 0,
			bytes: int32(len(a.Bytes)), incarnation: a.Incarnation, end: a.End, epoch: a.LeaderEpoch,
		})
		b.appends.unwritten += int64(len(a.Bytes))
		b.out.Appends = append(b.out.Appends, a.Append)
		b.upkeepDue = true
	}
}

// written takes the driver's word that appends are in the page cache.
func (b *Broker) written(ref kafka.Ref) {
	if b.journal == nil || !b.out.Watch.Believe(ref < b.appends.next(), must.CompletionMatchesAppend) {
		return
	}
	b.journal.Written(ref)
	for at := max(b.appends.written+1, b.appends.first); at <= ref; at++ {
		c := b.appends.at(at)
		b.appends.unwritten -= int64(c.bytes)
		if c.kind == disk.EntryAppend {
			b.in.written.Incarnation, b.in.written.End = c.incarnation, c.end
			c.host.replica.Step(b.now, &b.in.written, &b.replicated)
			b.touch(c.host)
		}
	}
	b.appends.written = max(b.appends.written, ref)
	b.appends.trim()
	b.upkeepDue = true
}

// synced takes the driver's word that journaled appends are durable. What is
// durable can be read.
func (b *Broker) synced(ref kafka.Ref) {
	if b.journal == nil || !b.out.Watch.Believe(ref < b.appends.next(), must.CompletionMatchesAppend) {
		return
	}
	if ref > b.appends.written {
		b.written(ref)
	}
	b.journal.Synced(ref)
	for at := max(b.appends.synced+1, b.appends.first); at <= ref; at++ {
		c := b.appends.at(at)
		if !c.journaled {
			continue
		}
		switch c.kind {
		case disk.EntryAppend:
			b.in.synced.Incarnation, b.in.synced.End = c.incarnation, c.end
			c.host.replica.Step(b.now, &b.in.synced, &b.replicated)
			b.touch(c.host)
		case disk.EntryEpochStart:
			b.in.epochStarted.Epoch = c.epoch
			b.stepReplica(c.host, &b.in.epochStarted)
		case disk.EntryLogStart:
			b.in.logStarted.Start = c.end
			b.stepReplica(c.host, &b.in.logStarted)
		default:
			// Nobody waits for the others: the journal's order keeps them before
			// the appends that depend on them.
		}
	}
	b.appends.synced = max(b.appends.synced, ref)
	b.appends.trim()
	b.upkeepDue = true
}
