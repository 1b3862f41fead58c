package sim

import (
	"errors"
	"io"

	"trialog/core/broker"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/sim/choice"
	simdisk "trialog/sim/disk"
)

// readOp is a read under way.
type readOp struct{ read disk.Read }

// jobOp is a job under way.
type jobOp struct {
	job    disk.Job
	ran    bool
	result any
	err    error
}

// startRead lets a read take its time.
func (w *World) startRead(b *brokerHost, r *disk.Read) {
	w.trace.current.add2(uint64(r.Ref)<<8^uint64(r.File), uint64(r.Log)<<48^uint64(r.Segment)<<20^uint64(r.Pos))
	if w.trace.on() {
		w.trace.say("read", partition.ReadPath(r))
		w.trace.number("pos", r.Pos)
		w.trace.number("len", int64(r.Len))
	}
	i, op := b.reads.take()
	op.read = *r
	c := &w.config.Disk
	w.reads++
	w.schedule(b.host, w.now+w.latency(b, choice.DiskRead, c.ReadMin, c.ReadJitter), evRead, i, uint64(b.stall))
}

// finishRead answers a read.
func (w *World) finishRead(b *brokerHost, i uint64) {
	r := b.reads.list[i].read
	b.reads.put(i)
	bytes, err := w.readFile(b, &r)
	if w.diedInCall(b) {
		return
	}
	w.trace.current.add2(uint64(r.Ref), uint64(len(bytes)))
	b.in.read = broker.ReadDone{Ref: r.Ref, Bytes: bytes, Err: err}
	w.stepBroker(b, &b.in.read)
	b.in.read = broker.ReadDone{}
}

func (w *World) readFile(b *brokerHost, r *disk.Read) ([]byte, error) {
	file, err := b.files.open(b, r)
	if err != nil {
		return nil, err
	}
	size, err := file.Size()
	if err != nil {
		return nil, err
	}
	n := max(min(int64(r.Len), size-r.Pos), 0)
	bytes := w.memory.bytes(int(n))
	got, err := file.ReadAt(bytes, r.Pos)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return bytes[:got], nil
}

// fileCache keeps the descriptors of the files that were read last, as long as
// no name on the disk changes.
type fileCache struct {
	tree    uint64
	entries [16]cachedFile
}

type cachedFile struct {
	log, segment uint64
	version      uint32
	kind         disk.FileKind
	path         string    // empty: the entry is
	file         disk.File // nil: closed
}

func (c *fileCache) reset() { *c = fileCache{} }

func (c *fileCache) open(b *brokerHost, r *disk.Read) (disk.File, error) {
	if tree := b.disk.Tree(); tree != c.tree {
		for i := range c.entries {
			if f := c.entries[i].file; f != nil && f.Close() != nil {
				return nil, disk.ErrIO
			}
			c.entries[i].file = nil
		}
		c.tree = tree
	}
	log, segment := uint64(r.Log), uint64(r.Segment)
	e := &c.entries[kafka.Mix64(log<<32^segment<<2^uint64(r.File)^uint64(r.Version)<<33)%uint64(len(c.entries))]
	path := e.path
	if path == "" || e.log != log || e.segment != segment || e.version != r.Version || e.kind != r.File {
		path = partition.ReadPath(r)
	} else if e.file != nil {
		return e.file, nil
	}
	file, err := b.mount.Open(path)
	if err != nil {
		return nil, err
	}
	if e.file != nil && e.file.Close() != nil {
		return nil, disk.ErrIO
	}
	*e = cachedFile{log, segment, r.Version, r.File, path, file}
	return file, nil
}

// startJob lets a job begin.
func (w *World) startJob(b *brokerHost, j *disk.Job) {
	w.trace.current.add(uint64(j.Ref))
	w.trace.current.str(j.Name)
	if w.trace.on() {
		w.trace.say("job", j.Name)
	}
	i, op := b.jobs.take()
	op.job = *j
	w.jobCount++
	w.schedule(b.host, w.now+b.host.draw.Between(choice.NodeJob, 0, w.config.Disk.JobJitter), evJob, i, 0)
}

// job runs a job at once, then lets the time pass that its calls take, then
// tells its result.
func (w *World) job(b *brokerHost, i uint64) {
	op := &b.jobs.list[i]
	if !op.ran && !op.job.Hasty && b.waitsForRoom() {
		w.schedule(b.host, w.now+roomEvery, evJob, i, 0)
		return
	}
	if !op.ran {
		op.ran = true
		b.mount.Work = simdisk.Work{}
		op.result, op.err = op.job.Run(b.mount, op.job.Args)
		if r, ok := op.result.(*partition.RecoverResult); ok && op.err == nil {
			op.err = w.recovered(b, r)
		}
		if w.diedInCall(b) {
			return
		}
		work := b.mount.Work
		w.trace.current.add2(uint64(work.Calls)<<32^uint64(work.Syncs), uint64(work.Bytes))
		c := &w.config.Disk
		sync := b.disk.Draw().Between(choice.DiskSync, c.SyncMin, c.SyncMin+c.SyncJitter)
		stall := min(work.Syncs, 2) * b.stall
		took := c.JobMin + work.Calls*2*Microsecond + work.Bytes + work.Syncs*sync + stall
		w.schedule(b.host, w.now+took, evJob, i, uint64(stall))
		return
	}
	done := *op
	b.jobs.put(i)
	if done.err != nil {
		w.trace.current.str(done.err.Error())
	}
	b.in.job = broker.JobDone{Ref: done.job.Ref, Result: done.result, Err: done.err}
	w.stepBroker(b, &b.in.job)
	b.in.job = broker.JobDone{}
	if _, ok := done.result.(*partition.RecoverResult); ok && done.err == nil && b.host.running && b.recovered() {
		w.tellNode(b.host, NodeRecovered, "")
	}
}

// recovered tells whether a broker has taken what its recovery found: one that was
// told to stop before that has ended, and holds nothing.
func (b *brokerHost) recovered() bool { return b.core == nil || b.core.Phase() != broker.PhaseHalted }

// diedInCall ends the process whose call to the file system was its last.
func (w *World) diedInCall(b *brokerHost) bool {
	if !b.mount.Dead() {
		return false
	}
	power := b.crash.power
	w.crash(b.host, power, "in a call to the file system")
	w.restartSoon(b.host)
	return true
}
