package partition

import (
	"slices"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// upkeep is the Journal's list of what is to be done off the hot path.
type upkeep struct {
	queue    ring[claim]       // logs with journal entries beyond their snapshots, by the first of those
	heavy    ring[*Log]        // logs to checkpoint whatever the journal holds
	waiting  []*Log            // truncations and deletions whose entry is not settled
	taken    []*CheckpointArgs // snapshots whose appends are not all written
	covering []*Log            // logs with a snapshot or deletion that is not done
	shedding []*Log            // logs with segments that have left the table, or are about to
	cleaning *cleaning         // the pass of the cleaner that is under way, nil when none is
	swept    Swept             // how the last one ended
	unwanted bool              // its log is not to be cleaned any more
	hasSwept bool              // and Swept was not asked for it
	running  int               // jobs emitted and not done
	freeing  bool              // a Release runs
	draining bool              // Drain was called
	marking  bool              // MarkClean was emitted
	marked   bool              // and is done
	epoch    kafka.BrokerEpoch // for the clean mark
}

// claim says that log needs the journal from lsn on. It is stale once the log's
// claim is another one.
type claim struct {
	log *Log
	lsn kafka.LSN
}

// upkeepState is what a Log knows of its own upkeep.
type upkeepState struct {
	claim    kafka.LSN    // first journal entry beyond the newest snapshot, 0 when none
	covers   kafka.LSN    // first journal entry that the snapshot in the making covers, 0 when none
	lastRef  kafka.Ref    // of the newest append
	lastLSN  kafka.LSN    // its LSN, 0 when it was not journaled
	bytes    int64        // appended since the newest snapshot
	synced   kafka.Offset // segments below this base are durable
	named    kafka.Offset // files of segments below this base have durable names
	queued   bool         // in heavy
	shedding bool         // in upkeep.shedding
	urgent   bool         // a change of mode waits for a checkpoint
	modes    uint32       // changes of mode so far
	busy     bool         // a job of this log is in the making or runs

	uncleanable string // why the cleaner leaves the log alone, "" when it does not
}

// touch notes an append of l.
func (j *Journal) touch(l *Log, a *disk.Append) {
	u := &l.upkeep
	u.lastRef, u.lastLSN = a.Ref, a.LSN
	if a.LSN != 0 && u.claim == 0 {
		u.claim = a.LSN
		j.upkeep.queue.push(claim{log: l, lsn: a.LSN})
	}
	if a.Kind == disk.EntryLogStart {
		j.shed(l)
	}
	switch {
	case a.Kind == disk.EntryTruncateTo || a.Kind == disk.EntryDelete:
		j.upkeep.waiting = append(j.upkeep.waiting, l)
	case u.urgent || u.bytes >= j.limits.CheckpointBytes:
		j.press(l)
	}
}

// shed has Due look after the segments that leave a log's table.
func (j *Journal) shed(l *Log) {
	if !l.upkeep.shedding {
		l.upkeep.shedding = true
		j.upkeep.shedding = append(j.upkeep.shedding, l)
	}
}

// press asks for a checkpoint of l soon.
func (j *Journal) press(l *Log) {
	if !l.upkeep.queued {
		l.upkeep.queued = true
		j.upkeep.heavy.push(l)
	}
}

// Fence stops a log from being served, and has a checkpoint keep the reason.
func (j *Journal) Fence(l *Log, reason string) {
	l.Fence(reason)
	j.press(l)
}

// needed is the first LSN that recovery would still read.
func (j *Journal) needed() kafka.LSN {
	lsn := j.next
	for j.upkeep.queue.len() > 0 {
		c := j.upkeep.queue.front()
		if c.log.upkeep.claim == c.lsn {
			lsn = c.lsn
			break
		}
		j.upkeep.queue.pop()
	}
	for _, l := range j.upkeep.covering {
		lsn = min(lsn, l.upkeep.covers)
	}
	return lsn
}

// Due appends the jobs to emit now. The caller fills in their Refs, and hands
// every result to Done. Call it after Written and Synced, and whenever a log
// was truncated, deleted or appended to; it is cheap when nothing is due.
func (j *Journal) Due(now kafka.Now, out []disk.Job) []disk.Job {
	u := &j.upkeep
	if len(u.waiting) > 0 {
		out = j.settled(now, out)
	}
	if len(u.shedding) > 0 {
		out = j.shedAll(out)
	}
	most := j.limits.MaxJobs
	if u.draining { // file systems join the syncs of many files that come at once
		most = max(most, j.limits.MaxCuts)
	}
	for u.running+len(u.taken) < most {
		l := j.pick()
		if l == nil {
			break
		}
		u.taken = append(u.taken, j.take(now, l))
	}
	for i := 0; i < len(u.taken); {
		a := u.taken[i]
		if a.ref > j.written {
			i++
			continue
		}
		u.taken = slices.Delete(u.taken, i, i+1)
		u.running++
		out = append(out, disk.Job{Name: "checkpoint", Run: Checkpoint, Args: a, Closing: u.draining})
	}
	if u.cleaning != nil {
		out = j.sweepOn(out)
	}
	if r := j.releasable(); r != nil {
		u.freeing = true
		out = append(out, disk.Job{Name: "release", Run: Release, Args: r})
	}
	if u.draining && !u.marking && j.idle() {
		u.marking = true
		out = append(out, disk.Job{Name: "mark clean", Run: MarkClean, Args: &MarkCleanArgs{lsn: j.next - 1, epoch: u.epoch}})
	}
	return out
}

// settled emits truncations and deletions whose journal entry is settled:
// durable, or, where it was not journaled, carried out by the writer. No more than
// MaxCuts run at once: each holds a thread of the driver, and a broker may have to
// cut or delete ten thousand logs at a time.
func (j *Journal) settled(now kafka.Now, out []disk.Job) []disk.Job {
	u := &j.upkeep
	kept := u.waiting[:0]
	for i, l := range u.waiting {
		if u.running >= j.limits.MaxCuts {
			kept = append(kept, u.waiting[i:]...)
			break
		}
		if l.upkeep.busy || !j.isSettled(l) {
			kept = append(kept, l)
			continue
		}
		l.upkeep.busy = true
		u.running++
		j.cover(l)
		if !l.deleted {
			out = append(out, disk.Job{Name: "truncate", Run: Truncate, Args: j.truncateArgs(now, l)})
			continue
		}
		out = append(out, disk.Job{Name: "delete", Run: Delete, Args: &DeleteArgs{log: l, dir: LogDir(l.Log)}})
	}
	clear(u.waiting[len(kept):])
	u.waiting = kept
	return out
}

func (j *Journal) isSettled(l *Log) bool {
	return l.upkeep.lastRef <= j.written && l.upkeep.lastLSN <= j.durable
}

// cover moves a log's claim to the job that will end it.
func (j *Journal) cover(l *Log) {
	l.upkeep.covers = l.upkeep.claim
	l.upkeep.claim = 0
	if l.upkeep.covers != 0 {
		j.upkeep.covering = append(j.upkeep.covering, l)
	}
}

// uncover ends a cover.
func (j *Journal) uncover(l *Log) {
	l.upkeep.covers = 0
	if i := slices.Index(j.upkeep.covering, l); i >= 0 {
		j.upkeep.covering = slices.Delete(j.upkeep.covering, i, i+1)
	}
}

// pick chooses the next log to checkpoint, nil when none is due: those that
// asked for it, and, while the journal is more than half full, the log that
// holds on to the oldest entries of a closed generation.
func (j *Journal) pick() *Log {
	u := &j.upkeep
	for range u.heavy.len() {
		l := u.heavy.pop()
		if l.deleted {
			l.upkeep.queued = false
			continue
		}
		if !l.upkeep.busy && !l.truncating {
			l.upkeep.queued = false
			return l
		}
		u.heavy.push(l)
	}
	if j.total <= j.limits.JournalBytes/2 || j.needed() >= j.Generation() || u.queue.len() == 0 {
		return nil
	}
	c := u.queue.front()
	if c.log.upkeep.claim != c.lsn || c.log.upkeep.busy || c.log.truncating || c.log.deleted {
		return nil
	}
	return c.log
}

// take takes a snapshot of l.
func (j *Journal) take(now kafka.Now, l *Log) *CheckpointArgs {
	l.upkeep.busy = true
	j.cover(l)
	return l.snapshot(now, j.next-1, j.durable)
}

// releasable names the generations of which every entry is below every claim.
func (j *Journal) releasable() *ReleaseArgs {
	if j.upkeep.freeing || j.generations.len() < 2 {
		return nil
	}
	var r *ReleaseArgs
	needed := j.needed()
	for i := 0; i+1 < j.generations.len() && j.generations.at(i+1).first <= needed; i++ {
		if r == nil {
			r = &ReleaseArgs{}
		}
		r.generations = append(r.generations, j.generations.at(i).first)
	}
	return r
}

// Done takes a job's result. It returns false for results of jobs that are not
// upkeep's. A job that failed ends the broker; its error never comes here.
func (j *Journal) Done(now kafka.Now, result any) bool {
	u := &j.upkeep
	switch r := result.(type) {
	case *CheckpointResult:
		j.finish(r.args.log)
		r.args.log.checkpointed(r.args)
	case *TruncateResult:
		j.finish(r.log)
		r.log.truncated(r)
	case *DeleteResult:
		j.finish(r.log)
	case *RemoveResult:
		j.finish(r.log)
		r.log.removed(r.Count)
	case *CleanResult:
		j.finish(r.pass.log)
		j.swept(r)
	case *ReleaseResult:
		u.freeing = false
		for range r.count {
			j.total -= j.generations.pop().bytes
		}
	case *MarkCleanResult:
		u.marked = true
	default:
		return false
	}
	return true
}

// LogOf is the log that a job was about, whose result Done has taken; nil: none.
func LogOf(result any) *Log {
	switch r := result.(type) {
	case *CheckpointResult:
		return r.args.log
	case *TruncateResult:
		return r.log
	case *DeleteResult:
		return r.log
	case *RemoveResult:
		return r.log
	case *CleanResult:
		return r.pass.log
	}
	return nil
}

func (j *Journal) finish(l *Log) {
	must.True(l.upkeep.busy, "a job's result comes once")
	l.upkeep.busy = false
	j.upkeep.running--
	j.uncover(l)
}

// Drain makes Due checkpoint all logs and then leave the clean mark, which
// names the broker epoch of the incarnation that ends. No append may be emitted
// after it. Drained tells when the mark is on disk.
func (j *Journal) Drain(logs []*Log, epoch kafka.BrokerEpoch) {
	j.upkeep.draining = true
	j.upkeep.epoch = epoch
	for _, l := range logs {
		if !l.deleted && (l.upkeep.claim != 0 || l.upkeep.bytes > 0 || l.CheckpointLSN == 0) {
			j.press(l)
		}
	}
}

// Drained tells that the clean mark is on disk.
func (j *Journal) Drained() bool { return j.upkeep.marked }

// AtRest tells whether no job runs and no pass of the cleaner is under way.
func (j *Journal) AtRest() bool { return j.upkeep.running == 0 && j.upkeep.cleaning == nil }

// Tidy tells whether no file waits for its removal: of a segment that has left a
// log's table, of a log that was deleted. Of the logs that it is given none has a
// segment that was left without its job.
func (j *Journal) Tidy(logs func(yield func(*Log) bool)) bool {
	if len(j.upkeep.waiting)+len(j.upkeep.shedding) > 0 {
		return false
	}
	for l := range logs {
		if l.Fenced == "" && (l.truncating || len(l.gone) > 0) {
			return false
		}
	}
	return true
}

// idle tells that no job runs or is due.
func (j *Journal) idle() bool {
	u := &j.upkeep
	return u.running == 0 && u.heavy.len() == 0 && len(u.taken) == 0 && len(u.waiting) == 0 && !u.freeing
}
