package partition

import (
	"cmp"
	"slices"

	"trialog/core/kafka"
)

// syncJournal makes what was read durable. After a mere crash of the process
// the newest entries may stand in the page cache only, and where an fsync has
// failed no later one takes them to the disk: what no mark vouches for is
// written again first.
func (r *recovery) syncJournal(generations []generationFiles) error {
	if len(generations) == 0 {
		return nil
	}
	g := &generations[len(generations)-1]
	from, at := r.survey.unmarked()
	for i, path := range g.files {
		if from >= 0 && i >= from {
			size, err := sizeOf(r.fs, path)
			if err != nil {
				return err
			}
			if err := writeAgain(r.fs, path, at, size); err != nil {
				return err
			}
			at = 0
		}
		if err := syncFile(r.fs, path); err != nil {
			return err
		}
	}
	return r.fs.SyncDir(GenerationDir(g.first))
}

// renewJournal removes generations that nothing needs and begins an empty one.
// Its name ends the one before: what stands behind the last entry that counts
// there is nobody's from now on.
func (r *recovery) renewJournal(generations []generationFiles, next kafka.LSN) error {
	kept := 0
	for i := range generations {
		g := &generations[i]
		if r.keep && g.first < next {
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
	for _, l := range r.result.Logs {
		if len(l.gone) > 0 {
			j.shed(l)
		}
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
		if first := generations[i].first; first < newest.first {
			n := r.survey.bytes[i]
			j.generations.push(generation{first: first, bytes: n})
			j.total += n
		}
	}
	j.generations.push(newest)
	var claims []claim
	for _, id := range r.order {
		x := r.logs[id]
		if lsn, ok := r.survey.first[id]; ok && lsn < newest.first && !x.saved {
			x.log.upkeep.claim = lsn
			claims = append(claims, claim{log: x.log, lsn: lsn})
		}
	}
	slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(a.lsn, b.lsn) })
	for _, c := range claims {
		j.upkeep.queue.push(c)
	}
}
