package broker

import (
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
	"trialog/core/replication"
)

// pendingJob is a job that a driver runs.
type pendingJob struct {
	name   string
	search pendingSearch // of a search
}

// start begins the incarnation with recovery.
func (b *Broker) start() {
	must.True(b.phase == PhaseNew, "B12 an incarnation starts once")
	b.phase = PhaseRecovering
	layers := b.layers("")
	settings := kafka.LoadTopicConfig(&layers)
	b.emitJob("recover", partition.Recover, &partition.RecoverArgs{
		Now: b.now, NodeID: b.config.NodeID, Directory: kafka.DirectoryID(b.rand.UUID()),
		Incarnation: b.config.Incarnation, Boot: b.config.Boot,
		Limits: &b.limits.Storage, IndexIntervalBytes: settings.IndexIntervalBytes,
	})
}

// emitJob emits a job and remembers it.
func (b *Broker) emitJob(name string, run func(disk.FS, any) (any, error), args any) *pendingJob {
	ref, p := b.jobs.add()
	*p = pendingJob{name: name}
	b.out.Jobs = append(b.out.Jobs, disk.Job{Ref: ref, Name: name, Run: run, Args: args})
	return p
}

// jobDone takes a job's result. A failed job ends the incarnation: what it
// left on the disk is for recovery to find out.
func (b *Broker) jobDone(in *JobDone) {
	p := b.jobs.get(in.Ref)
	if p == nil {
		return
	}
	name, search := p.name, p.search
	b.jobs.finish(in.Ref)
	if in.Err != nil {
		b.halt(name+" failed: "+in.Err.Error(), false)
		return
	}
	switch result := in.Result.(type) {
	case *partition.RecoverResult:
		b.recovered(result)
	case *partition.SearchResult:
		b.searched(search, result)
	case *partition.NoteTimeArgs:
		b.noting = false
	case *partition.ScrubResult:
		b.scrubbed(result)
	default:
		if r, ok := in.Result.(*partition.RemoveResult); ok {
			b.out.Watch.Reached(must.SegmentsRemoved)
			b.counters.SegmentsRemoved += uint64(r.Count)
		}
		if b.journal.Done(b.now, in.Result) {
			b.upkeepDue = true
			b.touchBehind(partition.LogOf(in.Result))
		}
	}
}

// touchBehind lets the replica look again whose log a job was about: how far it
// counts may be another, what it may do, and which segments it has.
func (b *Broker) touchBehind(l *partition.Log) {
	h := b.hostOf(l)
	if h == nil || b.session.drained {
		return
	}
	if l.Fenced != "" && h.replica.Role() != replication.RoleNone {
		b.journal.Fence(l, l.Fenced) // bytes below a truncation are damaged
		b.fenced(h)
		b.in.retire.Err = kafka.ErrKafkaStorageError
		b.stepReplica(h, &b.in.retire)
	}
	if h.roleDue && !l.Truncating() {
		if t := b.state.Image().Topic(h.tp.Topic); t != nil && t.Partition(h.tp.Partition) != nil {
			b.applyRole(t, t.Partition(h.tp.Partition))
		}
	}
	b.touch(h)
}

// recovered takes over what recovery found on the disk.
func (b *Broker) recovered(r *partition.RecoverResult) {
	b.phase = PhaseRegistering
	b.journal, b.directory = r.Journal, r.Directory
	b.appends.startAt(r.Journal.LastRef())
	b.policy.Begin(b.now, r.Time, &b.limits.Storage)
	b.session.diskCluster = r.ClusterID
	b.session.previous, b.session.keptSince = r.Previous, r.KeptSince
	b.noteRecovery(r)
	for _, log := range r.Logs {
		if !log.Known() {
			b.nameless++
			b.note(Note{Level: Error, Text: "a damaged log is of a partition that nobody knows any more", Detail: log.Fenced,
				Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
			continue
		}
		if older := b.byTopic[log.Partition]; older != nil {
			// A replica that was taken away and given back before its old log had
			// ended: only the newer one counts.
			b.retire(older, kafka.ErrUnknownTopicOrPartition)
		}
		h := b.addHost(log)
		b.fenced(h)
		b.touch(h)
	}
	b.session.retryAt = b.now.Mono
	b.upkeepDue = true
}

func (b *Broker) noteRecovery(r *partition.RecoverResult) {
	text := "recovered after a clean shutdown"
	level := Info
	switch {
	case r.Formatted:
		text = "formatted an empty data directory"
	case !r.Clean:
		text = "recovered after an unclean stop"
	}
	if r.Unattributed > 0 {
		level = Error
	}
	b.note(Note{Level: level, Text: text, Detail: recoveryDetail(r), Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
	b.countRecovery(r)
}

// upkeep emits the storage jobs that are due, and looks whether anybody waited
// for what the last ones did.
func (b *Broker) upkeep() {
	b.upkeepDue = false
	if b.journal == nil {
		return
	}
	from := len(b.out.Jobs)
	if b.journal.Cleaning() {
		b.journal.CleanBy(b.policyTime(), b.now.Wall)
	}
	b.out.Jobs = b.journal.Due(b.now, b.out.Jobs)
	b.noteSwept()
	for i := from; i < len(b.out.Jobs); i++ {
		ref, p := b.jobs.add()
		*p = pendingJob{name: b.out.Jobs[i].Name}
		b.out.Jobs[i].Ref, b.out.Jobs[i].Run = ref, partition.Doubting(b.out.Jobs[i].Run)
		b.counters.Jobs++
	}
	if b.noRoom && b.room() {
		b.pollAll()
	}
	if len(b.stalled) > 0 && b.phase >= PhaseServing && b.room() {
		b.unstall()
	}
	if b.journal.Drained() {
		b.halt("", true)
	}
}

// fail ends the incarnation after a failed write or sync. Nothing is answered
// that has not been: what reached the disk is not known, and a sync that is
// tried again proves nothing.
func (b *Broker) fail(err error) {
	b.halt("write or sync failed: "+err.Error(), false)
}

// halt is the last thing that an incarnation does.
func (b *Broker) halt(reason string, clean bool) {
	if b.phase == PhaseHalted {
		return
	}
	b.phase = PhaseHalted
	b.out.Halt = Halt{Set: true, Clean: clean, Reason: reason}
	if !clean {
		b.note(Note{Level: Error, Text: "the broker stops", Detail: reason, Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset})
	}
}

// diskSpace takes the free bytes. Below the reserve produce is refused, and
// accepted again once there is an eighth more than that.
func (b *Broker) diskSpace(free int64) {
	b.diskFree = free
	low := free < b.limits.DiskReserve
	if b.diskLow {
		low = free < b.limits.DiskReserve+b.limits.DiskReserve/8
	}
	if low == b.diskLow {
		return
	}
	b.diskLow = low
	n := Note{Level: Info, Text: "free disk space is back above the reserve: produce is accepted", Epoch: kafka.NoLeaderEpoch, Offset: kafka.NoOffset}
	if low {
		b.out.Watch.Reached(must.DiskReserveReached)
		n.Level, n.Text = Error, "free disk space is below the reserve: produce is refused"
	}
	b.note(n)
}

func (b *Broker) note(n Note) { b.out.Notes = append(b.out.Notes, n) }

// retire takes a replica's role away and, once no read holds its files, ends its log.
func (b *Broker) retire(h *host, code kafka.ErrorCode) {
	must.True(!h.retired, "B6 a replica is retired once")
	h.retired = true
	if b.byTopic[h.tp] == h {
		delete(b.byTopic, h.tp)
	}
	b.stepReplica(h, &replication.Retire{Err: code})
	if h.reads > 0 {
		b.out.Watch.Reached(must.DeleteWaitedForRead)
		return
	}
	b.endLog(h)
}

// endLog journals the end of a log. Its files go once that is durable.
func (b *Broker) endLog(h *host) {
	if h.gone || b.session.drained {
		return // after a restart the log is a stray, and ends then
	}
	b.replicated.Appends = append(b.replicated.Appends, replication.Append{})
	a := &b.replicated.Appends[len(b.replicated.Appends)-1]
	h.replica.Log.Delete(&a.Append)
	a.Incarnation, a.End = h.replica.Log.Incarnation, h.replica.Log.LogEndOffset
	b.takeEffects(h)
	b.dropHost(h)
}

// probeRecovery marks what recovery met: a job has no effects of its own.
func (b *Broker) probeRecovery(r *partition.RecoverResult) {
	if r.TornTail {
		b.out.Watch.Reached(must.TornTailCut)
	}
	if r.Fenced > 0 {
		b.out.Watch.Reached(must.DamageFenced)
	}
	if r.Redone > 0 {
		b.out.Watch.Reached(must.RedoneFromJournal)
	}
	if r.Large > 0 {
		b.out.Watch.Reached(must.LargeBatchFound)
	}
	if r.TornLarge > 0 {
		b.out.Watch.Reached(must.LargeBatchTorn)
	}
}
