package partition

import (
	"errors"

	"trialog/core/batch"
	"trialog/core/cleaner"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// A pass of the cleaner goes over a log in jobs of bounded size. First it notes
// the keys of the dirty part, from what was cleaned before up to where the pass
// is to end, or its map is full. Then it sweeps all segments below that, oldest
// first and several small ones together: what is left of them it writes into a
// segment of a new version, makes that durable, and has it swapped in
// (Log.replace). Between two jobs the log may be checkpointed, appended to,
// truncated or deleted; the last two end the pass, and what it has not swapped
// in is removed. Retention may take segments; what is left the pass goes over.
//
// The old files stay until a checkpoint on disk names the new ones and nobody
// reads the old. So recovery finds either all of a group as it was, or all of it
// as it is, whatever call a crash meets.

// cleaning is a pass. A job that runs has it for itself.
type cleaning struct {
	log         *Log
	incarnation uint32
	limits      *Limits
	interval    int32
	largest     int64 // segment.bytes
	rules       cleaner.Rules
	sweeper     cleaner.Sweeper
	sources     []source // the sealed segments below the end of the pass
	next        uint32   // the version of the next segment that is written

	sweeping bool
	at       int          // the source that is read
	pos      int64        // how far
	expected kafka.Offset // where its next batch begins, or behind
	budget   int64        // what the job may still read

	first   int // the first source of the group that is swept
	group   int // one past its last
	open    bool
	changed bool
	out     segment    // what is left of it
	unsaved []byte     // of that, not in the file yet
	before  CleanStats // when the group began

	stats CleanStats
}

// source is a segment as it was when the pass began.
type source struct {
	segmentName
	size int64
	end  kafka.Offset
}

// CleanStats tell what a pass has done.
type CleanStats struct {
	Read, Written    int64 // bytes
	Removed, Emptied int64 // records, and batches of which the header has stayed
	Keys             int64
	MapBytes         int64
	LeftOut          int64 // segments that retention took before they were swept
	Anew             int64 // groups that it took a part of while they were, and whose rest was swept again
	Full             bool  // the map had no room for all that was dirty
}

// CleanResult is what a job of a pass has done.
type CleanResult struct {
	pass *cleaning
	swap bool   // the group that ended with this job is to be swapped
	done bool   // it was the last
	full bool   // the disk had no room
	bad  string // why the log cannot be cleaned, "" when it can
}

var errCleaned = errors.New("a segment does not hold what it held")

// Clean is a job of a pass. What it meets on the disk ends the pass, not the
// broker: all that it may have left half done are files that nothing names.
func Clean(fs disk.FS, args any) (any, error) {
	c := args.(*cleaning)
	r := &CleanResult{pass: c}
	c.budget = c.limits.CleanBytes
	err := c.run(fs, r)
	switch {
	case err == nil:
		return r, nil
	case errors.Is(err, disk.ErrCrashed):
		return nil, err
	case errors.Is(err, disk.ErrNoSpace):
		r.full = true
	default:
		r.bad = err.Error()
	}
	return r, nil
}

func (c *cleaning) run(fs disk.FS, r *CleanResult) error {
	for c.budget > 0 {
		switch {
		case !c.sweeping && c.at < len(c.sources):
			if err := c.note(fs); err != nil {
				return err
			}
		case !c.sweeping:
			c.noted()
		case c.at == len(c.sources) && !c.open:
			r.done = true
			return nil
		default:
			swap, err := c.sweep(fs)
			if err != nil {
				return err
			}
			if swap {
				r.swap = true
				return nil
			}
		}
	}
	return c.save(fs)
}

// read visits batches of the source at hand, as many as the budget allows, and
// tells whether it has come to its end.
func (c *cleaning) read(fs disk.FS, visit func(batch.View) error) (end bool, err error) {
	s := &c.sources[c.at]
	if c.pos == 0 {
		c.expected = s.base
	}
	paused := false
	c.pos, err = walkFor(fs, s.path(c.log.Log, disk.FileLog), c.pos, s.size, func(v batch.View) (bool, error) {
		if paused = c.budget <= 0; paused {
			return false, nil
		}
		if v.BaseOffset() < c.expected || v.LastOffsetDelta() < 0 || v.NextOffset() > s.end || v.Count() < 0 {
			return false, errCleaned
		}
		c.budget -= int64(len(v))
		c.stats.Read += int64(len(v))
		c.expected = v.NextOffset()
		return true, visit(v)
	})
	switch {
	case err != nil:
		return false, err
	case c.pos == s.size:
		c.at, c.pos = c.at+1, 0
		return true, nil
	case !paused:
		return false, errCleaned
	}
	return false, nil
}

// walkFor is walk with errors.
func walkFor(fs disk.FS, path string, from, limit int64, visit func(batch.View) (bool, error)) (pos int64, err error) {
	pos, failed := walk(fs, path, from, limit, func(v batch.View, _ int64) (more bool) {
		more, err = visit(v)
		return more && err == nil
	})
	return pos, errors.Join(err, failed)
}

// note puts keys into the map. Once that is full the pass ends where it is.
func (c *cleaning) note(fs disk.FS) error {
	if c.sources[c.at].end <= c.rules.From {
		c.at++
		return nil
	}
	through := c.rules.Through
	_, err := c.read(fs, func(v batch.View) error {
		if v.NextOffset() <= c.rules.From || through < c.rules.Through {
			return nil
		}
		next, err := c.sweeper.Note(v, c.rules.From)
		if err == nil && next < v.NextOffset() {
			through, c.stats.Full = next, true
			c.budget = 0
		}
		return err
	})
	c.rules.Through = through
	if c.stats.Full {
		c.at = len(c.sources)
	}
	return err
}

// noted begins the sweep.
func (c *cleaning) noted() {
	c.sweeping, c.at, c.pos = true, 0, 0
	c.stats.Keys, c.stats.MapBytes = int64(c.rules.Keys.Len()), c.rules.Keys.Bytes()
	for n := len(c.sources); n > 0 && c.sources[n-1].base >= c.rules.Through; n-- {
		c.sources = c.sources[:n-1]
	}
	c.sweeper.Begin(c.rules)
}

// stats of the sweeper are the pass's.
func (c *cleaning) counted() CleanStats {
	s := c.stats
	s.Removed, s.Emptied = c.sweeper.Removed, c.sweeper.Emptied
	return s
}
