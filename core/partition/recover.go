package partition

import (
	"errors"
	"fmt"
	"slices"

	"trialog/core/disk"
	"trialog/core/kafka"
)

// Recover reads the data directory, formats it if it is new, repairs it, and
// returns the logs and the journal. It may stop at any call and be run again:
// the journal stays until its logs have checkpoints of all that was redone.
//
//  1. meta.properties; whether anything written may be missing (kept); the clean
//     mark, whose removal is durable first.
//  2. The checkpoints: each log as of some LSN.
//  3. The journal: where it ends, and what of it is damaged (surveyJournal).
//  4. Replay of every entry beyond its log's checkpoint.
//  5. Per log: cut behind what counts, verify, rebuild.
//  6. A new generation begins behind the old ones, which stay until upkeep has
//     checkpointed the logs that need them: with thousands of logs to sync, a
//     restart would take long. Only where the journal has damage or a gap in its
//     numbers is every log checkpointed at once, and the old generations go.
func Recover(fs disk.FS, args any) (any, error) {
	a := args.(*RecoverArgs)
	m, formatted, err := openDirectory(fs, a)
	if err != nil {
		return nil, err
	}
	result, err := recoverDirectory(fs, a, &m, formatted)
	if err != nil {
		return nil, doubt(fs, err)
	}
	return result, nil
}

func recoverDirectory(fs disk.FS, a *RecoverArgs, m *meta, formatted bool) (*RecoverResult, error) {
	since, err := keep(fs, a)
	if err != nil {
		return nil, err
	}
	mark, clean, err := takeCleanMark(fs)
	if err != nil {
		return nil, err
	}
	r := &recovery{
		fs:   fs,
		args: a,
		salt: SaltOf(m.directory),
		logs: make(map[kafka.LogID]*recovered),
		result: &RecoverResult{
			Directory: m.directory,
			Salt:      SaltOf(m.directory),
			ClusterID: m.clusterID,
			Formatted: formatted,
			Clean:     clean,
			Previous:  mark.epoch,
			KeptSince: since,
		},
	}
	if r.result.Time, err = keptTime(fs); err != nil {
		return nil, err
	}
	if err := r.loadLogs(); err != nil {
		return nil, err
	}
	generations, err := listJournal(fs)
	if err != nil {
		return nil, err
	}
	next := max(mark.lsn, r.covered) + 1
	if !clean {
		if next, err = r.redo(generations, next); err != nil {
			return nil, err
		}
	}
	// LSNs up to a checkpoint's may have been given out and lost; they are not
	// given out again, or the next recovery would take new entries for contained.
	last := next - 1
	next = max(next, r.covered+1)
	r.keep = r.survey != nil && len(r.survey.damaged) == 0 && next == last+1
	if err := r.finish(last); err != nil {
		return nil, err
	}
	if err := r.secure(); err != nil {
		return nil, err
	}
	return r.result, r.renewJournal(generations, next)
}

// recovery is the state of Recover.
type recovery struct {
	fs      disk.FS
	args    *RecoverArgs
	salt    Salt
	logs    map[kafka.LogID]*recovered
	order   []kafka.LogID // of logs, ascending once loaded
	strays  []kafka.LogID // directories without a checkpoint
	covered kafka.LSN     // the largest LSN of a checkpoint
	durable kafka.LSN     // the newest durable mark of a checkpoint
	highest kafka.LogID   // the largest log ID met
	survey  *survey       // nil after a clean shutdown
	keep    bool          // the journal goes on behind what it holds
	result  *RecoverResult

	pointers pointers
}

// recovered is one log in the making.
type recovered struct {
	log     *Log
	covered kafka.LSN    // its checkpoint's LSN, 0 when it has none
	base    kafka.Offset // its checkpoint's log end
	stop    kafka.LSN    // the first entry that is not replayed, 0 when all are
	cut     kafka.Offset // the lowest truncation replayed
	dirty   bool         // not what the checkpoint on disk says
	must    bool         // and the journal does not say it either: checkpoint before serving
	saved   bool         // checkpointed by this recovery
	epochs  []EpochEntry // of a replicated log, until its batches have been met
}

const noCut kafka.Offset = 1<<63 - 1

func (r *recovery) add(x *recovered) *recovered {
	x.cut = noCut
	x.log.interval = r.args.IndexIntervalBytes
	r.logs[x.log.Log] = x
	r.order = append(r.order, x.log.Log)
	return x
}

// loadLogs reads the checkpoint of every log.
func (r *recovery) loadLogs() error {
	names, err := liveNames(r.fs, logsDir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if id, ok := parse20(name); ok {
			if err := r.loadLog(kafka.LogID(id)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *recovery) loadLog(id kafka.LogID) error {
	r.highest = max(r.highest, id)
	b, err := readFile(r.fs, checkpointPath(id))
	if errors.Is(err, disk.ErrNotExist) {
		r.strays = append(r.strays, id)
		return nil
	}
	if err != nil {
		return err
	}
	c, err := decodeCheckpoint(b, r.args.Now, r.args.Limits)
	if err != nil || c.log.Log != id {
		return r.recall(id)
	}
	r.covered = max(r.covered, c.lsn)
	r.durable = max(r.durable, c.durable)
	l := c.log
	l.upkeep.synced, l.upkeep.named = l.active().base, l.active().base
	if l.active().size > 0 {
		l.upkeep.named++
	}
	r.add(&recovered{log: l, covered: c.lsn, base: l.LogEndOffset})
	return l.loadIndexes(r.fs)
}

// recall stands a ghost in for a log whose checkpoint is damaged, under the name
// that its label has kept.
func (r *recovery) recall(id kafka.LogID) error {
	x := r.ghost(id, "its checkpoint is damaged")
	names, err := r.fs.ReadDir(LogDir(id))
	for _, name := range names {
		if tp, ok := parseLabel(name); ok {
			x.log.Partition = tp
		}
	}
	return err
}

// ghost stands for a log of which too little is left to know what it was.
func (r *recovery) ghost(id kafka.LogID, reason string) *recovered {
	l := newLog(Identity{Log: id, Mode: Synced}, 0, r.args.Limits, r.args.Now.Wall)
	l.Fence(reason)
	return r.add(&recovered{log: l, stop: 1, dirty: true, must: true})
}

// redo surveys the journal and replays it. It returns one past the last LSN
// that counts, all of which are durable.
func (r *recovery) redo(generations []generationFiles, start kafka.LSN) (kafka.LSN, error) {
	s, err := surveyJournal(r.fs, generations, r.salt, r.durable, start)
	if err != nil {
		return 0, err
	}
	r.highest = max(r.highest, s.highest)
	r.survey = s
	if err := r.settleLarge(s); err != nil {
		return 0, err
	}
	r.result.TornTail = s.torn
	if err := r.syncJournal(generations); err != nil {
		return 0, err
	}
	if err := r.removeDeleted(s); err != nil {
		return 0, err
	}
	if len(s.damaged) > 0 {
		if err := r.fenceDamaged(generations, s); err != nil {
			return 0, err
		}
	}
	if err := r.replay(generations, s.next); err != nil {
		return 0, err
	}
	return s.next, nil
}

// removeDeleted removes what is left of logs whose EntryDelete is in the journal.
func (r *recovery) removeDeleted(s *survey) error {
	names, err := r.fs.ReadDir(logsDir)
	if err != nil {
		return err
	}
	for _, name := range names {
		id, ok := parse20(name)
		if !ok || !s.isDeleted(kafka.LogID(id)) {
			continue
		}
		if err := removeDir(r.fs, logsDir+"/"+name); err != nil {
			return err
		}
		r.result.Strays = append(r.result.Strays, logsDir+"/"+name)
	}
	for id := range s.deleted { //order: each is forgotten on its own
		if s.isDeleted(id) {
			r.forget(id)
		}
	}
	return nil
}

// forget drops a log that was deleted.
func (r *recovery) forget(id kafka.LogID) {
	is := func(x kafka.LogID) bool { return x == id }
	delete(r.logs, id)
	r.order = slices.DeleteFunc(r.order, is)
	r.strays = slices.DeleteFunc(r.strays, is)
}

// fenceDamaged fences the logs that damaged entries may have belonged to, and
// no others.
func (r *recovery) fenceDamaged(generations []generationFiles, s *survey) error {
	a, err := attribute(r.fs, generations, r.salt, s)
	if err != nil {
		return err
	}
	r.result.Unattributed = a.unattributed()
	ids := slices.Clone(r.order)
	for id := range a.hits { //order: sorted below
		ids = append(ids, id)
	}
	for id := range a.links { //order: sorted below
		ids = append(ids, id)
	}
	ids = append(ids, r.strays...)
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		x := r.logs[id]
		var covered kafka.LSN
		if x != nil {
			covered = x.covered
		}
		stop, hit := a.concerned(id, covered)
		if !hit || s.isDeleted(id) {
			continue
		}
		if x == nil {
			x = r.ghost(id, "")
		}
		x.stop = stop
		x.dirty, x.must = true, true
		x.log.Fence(fmt.Sprintf("journal entries from %d on are damaged", uint64(stop)))
	}
	return nil
}

// finish completes every log and checkpoints those that need it, as of the last
// entry that counts.
func (r *recovery) finish(last kafka.LSN) error {
	slices.Sort(r.order)
	for _, id := range r.strays {
		if _, ok := r.logs[id]; !ok { // its creation never became durable
			if err := removeDir(r.fs, LogDir(id)); err != nil {
				return err
			}
			r.result.Strays = append(r.result.Strays, LogDir(id))
		}
	}
	for _, id := range r.order {
		x := r.logs[id]
		if err := r.complete(x); err != nil {
			return err
		}
		if x.must || x.dirty && !r.keep {
			if err := r.checkpoint(x, last); err != nil {
				return err
			}
		}
		if x.log.Fenced != "" {
			r.result.Fenced++
		}
		r.result.Logs = append(r.result.Logs, x.log)
	}
	return nil
}

// secure makes durable what recovery went by, where nothing else will. A clean
// mark vouches for it all. After a crash of the process a checkpoint may have
// been renamed in memory only: that is harmless as long as the journal holds
// what it covers, and not where that is about to go. And what was cut in memory
// only from a replicated log must not come back behind what is appended now, and
// what was acknowledged of it must count if its mode changes: its bytes are
// synced. A synced log has a journal to be redone from.
func (r *recovery) secure() error {
	for _, id := range r.order {
		x := r.logs[id]
		if x.saved || r.result.Clean || r.redoable(x.log) {
			continue
		}
		if x.log.Mode == Replicated && x.log.Fenced == "" {
			if err := x.log.syncTail(r.fs); err != nil {
				return err
			}
		}
		if err := r.fs.SyncDir(LogDir(id)); err != nil {
			return err
		}
	}
	if err := r.fs.SyncDir(logsDir); err != nil {
		return err
	}
	return r.fs.SyncDir(".")
}

// syncTail makes the bytes durable that the checkpoint on disk does not vouch for.
func (l *Log) syncTail(fs disk.FS) error {
	for i := l.segmentFor(l.upkeep.synced); i < len(l.segments); i++ {
		err := syncFile(fs, l.segments[i].path(l.Log, disk.FileLog))
		if err != nil && !errors.Is(err, disk.ErrNotExist) {
			return err
		}
	}
	return nil
}

// checkpoint says of a log that it contains the journal up to its last entry, all
// of which is durable, or what its checkpoint has contained already. To say more
// would hide from the next recovery, while the journal still stands, that a large
// batch is missing from its segment: it would take the entry for contained, and
// those behind it for the log's.
func (r *recovery) checkpoint(x *recovered, last kafka.LSN) error {
	l := x.log
	x.saved = true
	if err := r.fs.MkdirAll(LogDir(l.Log)); err != nil { // a ghost may have none
		return err
	}
	snapshot := l.snapshot(r.args.Now, max(last, x.covered), last)
	snapshot.recovering = true
	if _, err := Checkpoint(r.fs, snapshot); err != nil {
		return err
	}
	l.checkpointed(snapshot)
	return nil
}
