package partition

import (
	"cmp"
	"slices"

	"trialog/core/kafka"
)

// syncJournal makes what was read durable. After a mere crash of the process
// the newest entries may stand in the page cache only.
func (r *recovery) syncJournal(generations []generationFiles) error {
	if len(generations) == 0 {
		return nil
	}
	g := &generations[len(generations)-1]
	for _, path := range g.files {
		if err := syncFile(r.fs, path); err != nil {
			return err
		}
	}
	return r.fs.SyncDir(GenerationDir(g.first))
}

// cutJournal removes what stands behind the last entry that counts, durably: the
// next generation gives its LSNs out again. Nothing is cut from a journal with
// damage, where what stands behind may be all that tells of it.
func (r *recovery) cutJournal(generations []generationFiles) error {
	tail := r.survey.tail
	for i := range generations {
		g := &generations[i]
		at := slices.Index(g.files, tail.path)
		if at < 0 {
			continue
		}
		for _, path := range slices.Backward(g.files[at+1:]) {
			if err := r.fs.Remove(path); err != nil {
				return err
			}
		}
		if _, err := cutFile(r.fs, tail.path, tail.end); err != nil {
			return err
		}
		return r.fs.SyncDir(GenerationDir(g.first))
	}
	return nil
}

// renewJournal removes generations that nothing needs and begins an empty one.
func (r *recovery) renewJournal(generations []generationFiles, next kafka.LSN) error {
	kept := 0
	for i := range generations {
		g := &generations[i]
		if r.keep && r.survey.bytes[i] > 0 {
			kept++
			continue
		}
		if err := removeDir(r.fs, GenerationDir(g.first)); err != nil {
			return err
		}
	}
	if err := r.fs.MkdirAll(GenerationDir(next)); err != nil {
		return err
	}
	if err := r.fs.SyncDir(journalDir); err != nil {
		return err
	}
	j := NewJournal(next, max(r.highest+1, kafka.LogID(next)), r.args.Limits)
	if kept > 0 {
		r.adopt(j, generations)
	}
	r.result.Journal = j
	return nil
}

// adopt puts the old generations before the journal's new one, and has every
// log hold on to them from its first entry on, whatever its checkpoint says: that
// one may not be durable yet.
func (r *recovery) adopt(j *Journal, generations []generationFiles) {
	newest := j.generations.pop()
	for i := range generations {
		if n := r.survey.bytes[i]; n > 0 {
			j.generations.push(generation{first: generations[i].first, bytes: n})
			j.total += n
		}
	}
	j.generations.push(newest)
	var claims []claim
	for _, id := range r.order {
		x := r.logs[id]
		if lsn, ok := r.survey.first[id]; ok && !x.saved {
			x.log.upkeep.claim = lsn
			claims = append(claims, claim{log: x.log, lsn: lsn})
		}
	}
	slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(a.lsn, b.lsn) })
	for _, c := range claims {
		j.upkeep.queue.push(c)
	}
}
