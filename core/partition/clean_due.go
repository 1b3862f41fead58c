package partition

import (
	"slices"

	"trialog/core/batch"
	"trialog/core/cleaner"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// Dirt is what of a log the cleaner could go over: sealed segments below the
// high watermark, up to the first with a record that is younger than
// min.compaction.lag.ms.
type Dirt struct {
	From, To     kafka.Offset // the part that it has not been over
	Clean, Dirty int64        // bytes before that part, and of it
	Due          bool
}

// Dirt tells what there is to clean, and whether it is enough: more than
// min.cleanable.dirty.ratio of what would be read, or older than
// max.compaction.lag.ms, or with tombstones before it of which the time is over.
// policy is the PolicyClock's time.
func (l *Log) Dirt(policy kafka.TimestampMs, cfg *Config) Dirt {
	d := Dirt{From: max(l.cleaned, l.LogStartOffset)}
	d.To = d.From
	if !cfg.Compacted || !l.Serving() {
		return d
	}
	bound := l.LastStableOffset(l.HighWatermark)
	for i := 0; i+1 < len(l.segments) && l.segments[i+1].base <= bound; i++ {
		s, end := &l.segments[i], l.segments[i+1].base
		if end <= d.From {
			d.Clean += s.size
			continue
		}
		if cfg.MinCompactionLagMs > 0 && int64(policy-s.maxTimestamp) < cfg.MinCompactionLagMs {
			break
		}
		d.Due = d.Due || s.maxTimestamp != kafka.NoTimestamp && int64(policy-s.maxTimestamp) > cfg.MaxCompactionLagMs
		d.Dirty += s.size
		d.To = end
	}
	over := l.horizon != kafka.NoTimestamp && l.horizon <= policy && d.Clean > 0
	d.Due = d.Due || over || d.Dirty > 0 && exceeds(d.Dirty, d.Clean+d.Dirty, cfg.MinCleanableDirtyRatio)
	return d
}

// exceeds tells whether part is more of whole than so many millionths.
func exceeds(part, whole, millionths int64) bool {
	const size = 1_000_000
	if whole > 1<<62/size {
		part, whole = part/size, whole/size
	}
	return part*size > whole*millionths
}

// Cleaned is up to where the cleaner has been: below it every key stands once at most.
func (l *Log) Cleaned() kafka.Offset { return l.cleaned }

// Uncleanable says why the cleaner leaves the log alone, "" when it does not.
func (l *Log) Uncleanable() string { return l.upkeep.uncleanable }

// Swept tells how a pass of the cleaner ended.
type Swept struct {
	Log    *Log
	From   kafka.Offset // what it went over for the first time
	To     kafka.Offset
	Stats  CleanStats
	Given  bool   // it was given up: the log was cut or deleted, or is not to be cleaned any more
	NoRoom bool   // it was given up: the disk is full
	Bad    string // why the log is not cleaned any more, until the next start
}

// Cleaning tells whether a pass is under way.
func (j *Journal) Cleaning() bool { return j.upkeep.cleaning != nil }

// Swept returns how the last pass ended, once.
func (j *Journal) Swept() (Swept, bool) {
	s, ok := j.upkeep.swept, j.upkeep.hasSwept
	j.upkeep.swept, j.upkeep.hasSwept = Swept{}, false
	return s, ok
}

// CleanOptions are the settings of a pass that are not the topic's.
type CleanOptions struct {
	Policy   kafka.TimestampMs // the PolicyClock's time
	Wall     kafka.TimestampMs // the wall clock's, which may be ahead and come to be believed
	MapBytes int64             // log.cleaner.dedupe.buffer.size; 0: Limits.CleanerMapBytes alone
	Codecs   *batch.Codecs
}

// Clean begins a pass over a log if one is due there and none is under way
// anywhere. Due emits its jobs. The pass goes as far as a checkpoint vouches for
// the segments; for the rest it asks for one.
func (j *Journal) Clean(l *Log, cfg *Config, o *CleanOptions) bool {
	u := &j.upkeep
	if u.cleaning != nil || u.draining || !cfg.Compacted || l.upkeep.uncleanable != "" || l.LogStartOffset < l.nextStart {
		return false
	}
	l.sealOld(o.Policy, cfg)
	d := l.Dirt(o.Policy, cfg)
	if !d.Due {
		return false
	}
	room := l.limits.CleanerMapBytes
	if o.MapBytes > 0 {
		room = min(room, o.MapBytes)
	}
	c := &cleaning{
		log: l, incarnation: l.Incarnation, limits: l.limits, interval: cfg.IndexIntervalBytes, largest: int64(cfg.SegmentBytes), next: l.versions + 1,
		rules: cleaner.Rules{
			Keys: cleaner.NewKeys(int64(d.To-d.From), room), From: d.From, Through: d.To,
			Policy: o.Policy, Latest: max(o.Policy, o.Wall), HorizonMs: cfg.DeleteRetentionMs, Standing: l.standing(), Codecs: o.Codecs,
		},
	}
	for i := 0; i+1 < len(l.segments) && l.segments[i].base < d.To; i++ {
		s := &l.segments[i]
		if s.base >= l.upkeep.synced { // no checkpoint vouches for it yet: the next pass
			j.press(l)
			if d.To = s.base; d.To <= d.From {
				return false
			}
			break
		}
		c.sources = append(c.sources, source{s.segmentName, s.size, l.segments[i+1].base})
	}
	c.rules.Through = d.To
	c.sweeper.Begin(c.rules)
	u.cleaning = c
	return true
}

// sealOld seals the active segment of a log that is not written to any more, so
// that max.compaction.lag.ms holds for its last records, too.
func (l *Log) sealOld(policy kafka.TimestampMs, cfg *Config) {
	s := l.active()
	if l.Serving() && s.size > 0 && l.HighWatermark == l.LogEndOffset && s.maxTimestamp != kafka.NoTimestamp && int64(policy-s.maxTimestamp) > cfg.MaxCompactionLagMs {
		l.roll()
	}
}

// StopCleaning ends a pass over a log that is not to be cleaned any more.
func (j *Journal) StopCleaning(l *Log) {
	if c := j.upkeep.cleaning; c != nil && c.log == l {
		j.upkeep.unwanted = true
	}
}

// standing are the last offsets of the batches that stay: of every producer,
// and of the log, if its active segment is empty.
func (l *Log) standing() (offsets []kafka.Offset) {
	for i := range l.producers.slots {
		if e := &l.producers.slots[i]; e.used && e.n > 0 {
			offsets = append(offsets, e.cached[e.n-1].lastOffset)
		}
	}
	if l.active().size == 0 {
		offsets = append(offsets, l.LogEndOffset-1)
	}
	slices.Sort(offsets)
	return offsets
}

// CleanBy tells the pass that is under way what time it is by now: a tombstone stays
// for delete.retention.ms from when it is written again, about when what it deletes
// goes, and not from when the pass began.
func (j *Journal) CleanBy(policy, wall kafka.TimestampMs) {
	if c := j.upkeep.cleaning; c != nil && !c.log.upkeep.busy {
		r := &c.sweeper.Rules
		r.Policy = max(r.Policy, policy)
		r.Latest = max(r.Latest, policy, wall)
	}
}

// sweepOn emits the next job of the pass that is under way.
func (j *Journal) sweepOn(out []disk.Job) []disk.Job {
	u := &j.upkeep
	c := u.cleaning
	if c.log.upkeep.busy || u.running >= j.limits.MaxJobs {
		return out
	}
	if !j.goesOn(c) || u.draining || u.unwanted {
		j.giveUp(Swept{Given: true})
		return out
	}
	c.log.upkeep.busy = true
	u.running++
	return append(out, disk.Job{Name: "clean", Run: Clean, Args: c, Hasty: true})
}

// swept takes the result of a job.
func (j *Journal) swept(r *CleanResult) {
	c, u := r.pass, &j.upkeep
	if u.cleaning != c {
		return
	}
	l := c.log
	l.versions = max(l.versions, c.next-1)
	switch {
	case r.full || r.bad != "":
		l.upkeep.uncleanable = r.bad
		j.giveUp(Swept{NoRoom: r.full, Bad: r.bad})
	case r.swap && (u.unwanted || !j.swap(c)):
		j.giveUp(Swept{Given: true})
	case r.done:
		if !j.goesOn(c) {
			j.giveUp(Swept{Given: true})
			return
		}
		l.cleaned, l.horizon = max(l.cleaned, c.rules.Through), c.sweeper.Horizon
		j.end(Swept{})
	}
}

// swap puts the segment that a group has left into the place of the group. False:
// the pass cannot go on.
func (j *Journal) swap(c *cleaning) bool {
	if !j.goesOn(c) {
		return false
	}
	if c.out.version == 0 {
		return true // some of the group has gone, and the rest is swept again
	}
	l := c.log
	i := c.place(c.first)
	var left []segment
	if c.out.size > 0 {
		left = append(left, c.out)
	}
	l.rewritten = max(l.rewritten, l.segments[i+c.group-c.first].base)
	l.replace(i, c.group-c.first, left)
	l.gaps = true
	c.out = segment{}
	j.shed(l)
	return true
}

// giveUp ends a pass before its time. What it has written and not swapped in
// goes like a segment that was replaced.
func (j *Journal) giveUp(s Swept) {
	c := j.upkeep.cleaning
	l := c.log
	l.versions = max(l.versions, c.next-1)
	if c.out.version != 0 && !l.deleted && !c.swappedIn() {
		j.discard(c)
	}
	j.end(s)
}

// discard has what is left of the group at hand removed.
func (j *Journal) discard(c *cleaning) {
	l := c.log
	l.gone = append(l.gone, goneSegment{segmentName: c.out.segmentName, layout: l.layout})
	c.out, c.unsaved, c.open = segment{}, c.unsaved[:0], false
	j.shed(l)
}

func (c *cleaning) swappedIn() bool {
	i := c.log.segmentFor(c.out.base)
	return c.log.segments[i].segmentName == c.out.segmentName
}

func (j *Journal) end(s Swept) {
	c := j.upkeep.cleaning
	s.Log, s.From, s.To, s.Stats = c.log, c.rules.From, c.rules.Through, c.counted()
	u := &j.upkeep
	u.swept, u.hasSwept, u.cleaning, u.unwanted = s, true, nil, false
}
