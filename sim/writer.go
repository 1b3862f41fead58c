package sim

import (
	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/sim/choice"
	simdisk "trialog/sim/disk"
)

// writer is core/partition's Writer, or a test's stand-in.
type writer interface {
	Write(appends []disk.Append) error
	Sync() error
	Close() error
}

// writeQueue is the process' writer: it writes what has gathered, syncs it, and
// meanwhile gathers the next batch.
type writeQueue struct {
	writer   writer // opened once recovery has said where the journal goes on
	gathered []disk.Append
	taken    []disk.Append
	busy     bool
	syncTo   kafka.Ref // what the fsync under way covers
	failed   bool
}

func (q *writeQueue) reset() {
	clear(q.gathered[:cap(q.gathered)])
	clear(q.taken[:cap(q.taken)])
	*q = writeQueue{gathered: q.gathered[:0], taken: q.taken[:0]}
}

// recovered opens the journal where the recovery job says that it goes on, and
// starts the node's part of the metadata quorum.
func (w *World) recovered(b *brokerHost, r *partition.RecoverResult) error {
	sink := simdisk.NewJournal(b.mount, w.config.Disk.SegmentBytes)
	files, err := partition.NewWriter(b.mount, sink, r.Salt, r.Journal.Generation(), &w.config.Limits.Storage)
	if err != nil {
		return err
	}
	b.writer.writer = files
	w.quorumUp(b.host)
	return nil
}

// takeAppends queues writes.
func (w *World) takeAppends(b *brokerHost, appends []disk.Append) {
	d := &w.trace.current
	for i := range appends {
		a := &appends[i]
		d.add2(uint64(a.Ref)^uint64(a.LSN)<<24, uint64(a.Pos)<<20^uint64(a.Log)<<8^uint64(a.Kind))
		d.add2(uint64(a.BaseOffset)^uint64(uint32(a.LeaderEpoch))<<40, uint64(a.Timestamp))
		d.bytes(a.Bytes[:min(len(a.Bytes), 64)])
		d.add(uint64(len(a.Bytes)))
		if a.Kind == disk.EntryMode && w.config.Observer != nil {
			w.config.Observer.Mode(w.now, b.host.node, a.Log, partition.Mode(a.Bytes[0]) == partition.Synced)
		}
	}
	w.appends += uint64(len(appends))
	if b.writer.failed {
		return
	}
	b.writer.gathered = append(b.writer.gathered, appends...)
	w.kick(b)
}

// kick starts a write when the writer is idle.
func (w *World) kick(b *brokerHost) {
	q := &b.writer
	if q.busy || len(q.gathered) == 0 || q.failed {
		return
	}
	q.busy = true
	c := &w.config.Disk
	w.schedule(b.host, w.now+w.latency(b, choice.DiskWrite, c.WriteMin, c.WriteJitter), evWrite, 0, uint64(b.stall))
}

// roomEvery is how often a call is made again that the disk had no room for.
const roomEvery = 10 * Millisecond

// waitsForRoom tells whether calls of the process that need room wait for it, as
// a node's do.
func (b *brokerHost) waitsForRoom() bool { return b.disk.Faults.Full && b.patient }

// tellFull tells a broker of a disk that has no room: the call that met it does,
// beside what is asked of the disk now and then.
func (w *World) tellFull(b *brokerHost) {
	b.in.space.Free = 0
	w.stepBroker(b, &b.in.space)
}

// latency draws how long an operation of a disk takes.
func (w *World) latency(b *brokerHost, site choice.Site, least, jitter int64) int64 {
	return b.disk.Draw().Between(site, least, least+jitter) + b.stall
}

// write takes what has gathered and writes it.
func (w *World) write(b *brokerHost) {
	q := &b.writer
	if b.waitsForRoom() {
		w.schedule(b.host, w.now+roomEvery, evWrite, 0, 0)
		w.tellFull(b)
		return
	}
	q.gathered, q.taken = q.taken[:0], q.gathered
	err := q.writer.Write(q.taken)
	if w.diedInCall(b) {
		return
	}
	if err != nil {
		w.writeFailed(b, err)
		return
	}
	journaled := false
	var last kafka.Ref
	for i := range q.taken {
		last = q.taken[i].Ref
		journaled = journaled || q.taken[i].Journaled()
	}
	clear(q.taken)
	q.syncTo = last
	took, stall := int64(0), int64(0) // there is nothing to sync
	if journaled {
		c := &w.config.Disk
		took = w.latency(b, choice.DiskSync, c.SyncMin, c.SyncJitter)
		stall = b.stall
	}
	w.schedule(b.host, w.now+took, evSync, 0, uint64(stall))
	b.in.written.Ref = last
	w.stepBroker(b, &b.in.written)
}

// sync ends an fsync.
func (w *World) sync(b *brokerHost) {
	q := &b.writer
	err := q.writer.Sync()
	if w.diedInCall(b) {
		return
	}
	w.syncs++
	if err != nil {
		w.writeFailed(b, err)
		return
	}
	q.busy = false
	b.disk.EndRound()
	b.in.synced = broker.Synced{Ref: q.syncTo}
	w.stepBroker(b, &b.in.synced)
	if b.host.running {
		w.kick(b)
	}
}

func (w *World) writeFailed(b *brokerHost, err error) {
	b.writer.failed = true
	b.in.failed.Err = err
	w.trace.current.str(err.Error())
	w.stepBroker(b, &b.in.failed)
}

// drain writes and syncs what is left, before a clean end. An error leaves the
// end unclean on the disk, which is what it is.
func (q *writeQueue) drain() {
	if q.failed || q.writer == nil {
		return
	}
	if len(q.gathered) > 0 && q.writer.Write(q.gathered) != nil {
		return
	}
	if q.writer.Sync() == nil {
		q.failed = q.writer.Close() != nil
	}
}
