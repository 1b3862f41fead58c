package partition

import (
	"trialog/core/disk"
)

// shedAll has the files of segments removed that have left their log's table:
// first a checkpoint that does not name them, which it asks for, then, once
// nobody reads them, the job.
func (j *Journal) shedAll(out []disk.Job) []disk.Job {
	u := &j.upkeep
	kept := u.shedding[:0]
	for _, l := range u.shedding {
		if l.deleted || l.Fenced != "" || len(l.gone) == 0 && l.nextStart <= l.LogStartOffset {
			l.upkeep.shedding = false
			continue
		}
		kept = append(kept, l)
		if l.upkeep.busy || l.truncating || u.draining {
			continue
		}
		if len(l.gone) > l.unnamed {
			j.press(l)
		}
		if n := l.removable(); n > 0 && u.running < j.limits.MaxJobs {
			l.upkeep.busy = true
			u.running++
			out = append(out, disk.Job{Name: "remove segments", Run: Remove, Args: l.removeArgs(n)})
		}
	}
	clear(u.shedding[len(kept):])
	u.shedding = kept
	return out
}
