package logtrial

import (
	"errors"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
	"trialog/scenarios"
	"trialog/sim/choice"
	simdisk "trialog/sim/disk"
)

// start runs recovery, over and over if the process dies in it, and opens the
// writer where the journal goes on.
func (t *trial) start() {
	for {
		t.mount = t.disk.Mount()
		if t.draw.Choose(choice.FaultDetail, 6) == 5 && t.result.Recoveries > 0 {
			calls := uint64(60) << t.draw.Choose(choice.FaultDetail, 4) // with many logs, checkpoints come late
			t.mount.CrashIn(1 + int64(t.draw.Choose(choice.FaultAmount, calls)))
		}
		r, err := t.recover()
		if err == nil {
			t.mount.CrashIn(0)
			t.compare(r)
			t.result.Recoveries++
			return
		}
		if !errors.Is(err, disk.ErrCrashed) && !t.mount.Dead() {
			t.fail(scenarios.ClassCrash, "recovery failed without a fault: %v", err)
		}
		t.say("died in recovery", 0, 0)
		t.draining = false // the mark may be gone
		t.end(t.draw.Choose(choice.FaultDetail, 2) == 1)
	}
}

func (t *trial) recover() (*partition.RecoverResult, error) {
	args := &partition.RecoverArgs{Now: t.now, NodeID: 1, Limits: &t.limits, IndexIntervalBytes: t.topic.IndexIntervalBytes}
	args.Directory[0] = 7
	result, err := partition.Recover(t.mount, args)
	if err != nil {
		return nil, err
	}
	r := result.(*partition.RecoverResult)
	sink := simdisk.NewJournal(t.mount, t.segment)
	w, err := partition.NewWriter(t.mount, sink, r.Salt, r.Journal.Generation(), &t.limits)
	if err != nil {
		return nil, err
	}
	t.journal, t.writer = r.Journal, w
	return r, nil
}

// write gives some of what is queued to the writer.
func (t *trial) write() {
	if len(t.queue) == 0 {
		return
	}
	n := 1 + int(t.draw.Choose(choice.AppSize, uint64(len(t.queue))))
	t.writeSome(n)
}

func (t *trial) writeSome(n int) bool {
	batch := make([]disk.Append, n)
	for i := range batch {
		batch[i] = t.queue[i].append
	}
	if err := t.writer.Write(batch); err != nil {
		// What of it reached the page cache is unknown: all of it may have.
		t.unsynced = append(t.unsynced, t.queue[:n]...)
		t.written(n)
		t.failed(err)
		return false
	}
	ref := t.queue[n-1].append.Ref
	t.say("written", int64(ref), int64(n))
	t.unsynced = append(t.unsynced, t.queue[:n]...)
	for i := range t.queue[:n] {
		q := &t.queue[i]
		q.log.Written(q.incarnation, q.end)
		if q.append.Kind == disk.EntryAppend && !q.append.Journaled() {
			t.result.Durable++
		}
	}
	t.journal.Written(ref)
	t.written(n)
	return true
}

// written moves the models on.
func (t *trial) written(n int) {
	ref := uint64(t.queue[n-1].append.Ref)
	t.queue = append(t.queue[:0], t.queue[n:]...)
	for _, s := range t.logs {
		s.model.advance(ref, 0)
	}
}

// sync makes what was written durable.
func (t *trial) sync() bool {
	if len(t.unsynced) == 0 {
		return true
	}
	if err := t.writer.Sync(); err != nil {
		t.failed(err)
		return false
	}
	ref := t.unsynced[len(t.unsynced)-1].append.Ref
	t.say("synced", int64(ref), int64(len(t.unsynced)))
	for i := range t.unsynced {
		q := &t.unsynced[i]
		if !q.append.Journaled() {
			continue
		}
		if q.append.Kind == disk.EntryAppend {
			t.result.Durable++
		}
		if q.subject.model.synced {
			q.log.Synced(q.incarnation, q.end)
		}
	}
	t.journal.Synced(ref)
	t.unsynced = t.unsynced[:0]
	for _, s := range t.logs {
		t.commit(s)
		if s.model.synced {
			s.model.advance(uint64(ref), uint64(ref))
		}
	}
	return true
}

// upkeep takes the jobs that are due.
func (t *trial) upkeep() {
	if t.journal != nil {
		t.jobs = t.journal.Due(t.now, t.jobs)
	}
}

// work runs a job that is due, or tells the result of one that ran.
func (t *trial) work() {
	if len(t.results) > 0 && t.draw.Choose(choice.AppDetail, 2) == 1 {
		t.tell()
		return
	}
	if len(t.jobs) > 0 {
		t.job(int(t.draw.Choose(choice.AppDetail, uint64(len(t.jobs)))))
	}
}

func (t *trial) job(i int) bool {
	j := t.jobs[i]
	t.jobs = append(t.jobs[:i], t.jobs[i+1:]...)
	result, err := j.Run(t.mount, j.Args)
	if err != nil {
		t.failed(err)
		return false
	}
	t.result.Jobs++
	t.say(j.Name, int64(i), int64(len(t.jobs)))
	t.results = append(t.results, result)
	return true
}

// tell hands the oldest result over.
func (t *trial) tell() {
	result := t.results[0]
	t.results = append(t.results[:0], t.results[1:]...)
	if !t.journal.Done(t.now, result) {
		t.fail(scenarios.ClassInvariant, "upkeep does not know the result of its own job: %T", result)
	}
	for _, s := range t.logs {
		if s.log.Serving() && s.model.filesCut() {
			t.examine(s)
		}
	}
}

// arm draws how the process will end next.
func (t *trial) arm() {
	if t.dying != 0 {
		return
	}
	t.dying = t.budget[0]
	t.budget = t.budget[1:]
	if t.draw.Choose(choice.FaultFire, 16) == 0 {
		t.dying = 0
		return
	}
	t.say(t.dying.String(), 0, 0)
	t.result.Deaths[t.dying]++
	soon := 1 + int64(t.draw.Choose(choice.FaultAmount, 40))
	switch t.dying {
	case InCall:
		t.mount.CrashIn(soon)
	case WriteError:
		t.disk.Faults.Writes = 1
	case SyncError:
		t.disk.Faults.Syncs = 1
	case ShortWrite:
		t.disk.Faults.ShortWrites = 1
	default:
		t.die()
	}
}

// failed ends the process after an error: nothing may follow it.
func (t *trial) failed(err error) {
	if t.dying == 0 {
		t.fail(scenarios.ClassInvariant, "the disk has no fault, yet: %v", err)
	}
	t.die()
}

// die ends the process as was armed, and starts it again.
func (t *trial) die() {
	how := t.dying
	t.dying = 0
	t.disk.Faults = simdisk.Faults{}
	t.mount.CrashIn(0)
	if how == Clean && !t.shutDown() {
		return // it died on the way
	}
	power := how == Power || how != Clean && t.draw.Choose(choice.FaultSpan, 2) == 1
	if how == Kill {
		power = false
	}
	t.end(power)
	t.start()
	// Sometimes it does not live long: what one recovery left to the next may
	// have to serve twice, before any checkpoint.
	if t.draw.Choose(choice.FaultGap, 2) == 1 {
		t.next = t.result.At + 1 + int(t.draw.Choose(choice.FaultGap, 200))
	}
}

// shutDown leaves the storage clean; false when that failed, which only
// happens when something was armed before.
func (t *trial) shutDown() bool {
	if len(t.queue) > 0 && !t.writeSome(len(t.queue)) || !t.sync() {
		return false
	}
	logs := make([]*partition.Log, len(t.logs))
	for i, s := range t.logs {
		logs[i] = s.log
	}
	t.journal.Drain(logs, kafka.BrokerEpoch(1))
	for n := 0; !t.journal.Drained(); n++ {
		t.upkeep()
		switch {
		case len(t.jobs) > 0:
			t.job(0)
		case len(t.results) > 0:
			t.tell()
		default:
			t.fail(scenarios.ClassInvariant, "a drained journal has nothing to do and is not clean")
		}
	}
	t.draining = true
	if err := t.writer.Close(); err != nil {
		t.fail(scenarios.ClassInvariant, "closing the writer: %v", err)
	}
	return true
}

// end takes the process away, and with power what was not synced.
func (t *trial) end(power bool) {
	for _, s := range t.logs {
		s.spare(power, t.journal != nil)
	}
	t.mount.Kill()
	if power {
		lost := t.disk.PowerCut()
		t.say("power is gone", lost, 0)
	} else {
		t.say("process is gone", 0, 0)
	}
	t.queue, t.unsynced, t.jobs, t.results = t.queue[:0], t.unsynced[:0], t.jobs[:0], t.results[:0]
	t.journal, t.writer = nil, nil
}

// commit moves the high watermark to what is durable, as with one replica.
func (t *trial) commit(s *subject) {
	if at := s.log.DurableEndOffset; int64(at) > int64(s.log.HighWatermark) {
		s.log.HighWatermark = at
	}
}

// spare notes what a log that does not journal its appends must still have:
// what was written, or, without power, what a checkpoint covers. A process that
// dies in recovery has written nothing more.
func (s *subject) spare(power, lived bool) {
	if lived {
		s.required = int64(s.log.WrittenEndOffset)
	}
	if power {
		s.required = min(s.required, int64(s.log.DurableEndOffset))
	}
}
