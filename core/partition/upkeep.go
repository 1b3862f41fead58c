package partition

import (
	"trialog/core/disk"
	"trialog/core/kafka"
)

// upkeep is the Journal's list of what is to be done off the hot path.
type upkeep struct {
	queue    ring[claim] // logs with journal entries beyond their checkpoint, by the first of those
	heavy    ring[*Log]  // logs to checkpoint whatever the journal holds
	waiting  []*Log      // truncations and deletions that wait for their entry's durability
	taken    []*Log      // snapshots that wait until what they cover is written
	running  int         // jobs emitted and not done
	freeing  int         // generations that a running Release removes
	draining bool        // Drain was called
	logs     []*Log      // what Drain must leave clean
	marked   bool
	epoch    kafka.BrokerEpoch // for the clean mark
}

// claim says that log needs the journal from lsn on; stale once the log claims
// from elsewhere.
type claim struct {
	log *Log
	lsn kafka.LSN
}

// upkeepState is what a Log knows of its own upkeep.
type upkeepState struct {
	claims   kafka.LSN // first journal entry beyond the newest snapshot, 0 when none
	covers   kafka.LSN // first journal entry that a snapshot in the making covers, 0 when none
	lastRef  kafka.Ref // of the log's newest append
	cutRef   kafka.Ref // of the EntryTruncateTo or EntryDelete that waits
	cutLSN   kafka.LSN
	bytes    int64 // appended since the newest snapshot
	queued   bool  // in heavy
	urgent   bool  // a change of mode waits for a checkpoint
	busy     bool  // a job of this log is in the making or runs
	synced   kafka.Offset
	snapshot *CheckpointArgs
}

// Due appends the jobs to emit now. The caller fills in their Refs, and hands
// every result to Done. Call it after Written and Synced, and whenever a log
// was truncated, deleted or appended to; it is cheap when nothing is due.
func (j *Journal) Due(now kafka.Now, out []disk.Job) []disk.Job {
	return out
}

// Done takes a job's result. It returns false for results of jobs that are not
// upkeep's. A job that failed ends the broker; its error never comes here.
func (j *Journal) Done(now kafka.Now, result any) bool {
	return false
}

// Drain makes Due checkpoint all logs and then leave the clean mark, which
// names the broker epoch of the incarnation that ends. No append may be emitted
// after it. Drained tells when the mark is on disk.
func (j *Journal) Drain(logs []*Log, epoch kafka.BrokerEpoch) {
	j.upkeep.draining = true
	j.upkeep.logs = logs
	j.upkeep.epoch = epoch
}

// Drained tells that the clean mark is on disk.
func (j *Journal) Drained() bool { return j.upkeep.marked }

func (u *upkeep) touch(l *Log, limits *Limits) {}
func (u *upkeep) dirty(l *Log, a *disk.Append) {}
