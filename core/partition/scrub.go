package partition

import (
	"errors"
	"slices"

	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// Scrub is where the scrubbing of a log stands: everything that can be read of it
// is, from the first segment to the end, a piece at a time, and its checkpoint with
// the last. Between two pieces the log may be appended to, cut, cleaned or deleted.
//
//	s := log.BeginScrub()
//	for job, ok := log.ScrubOn(&s, bytes); ok; … {   // emit ScrubPiece
//		damage := log.Scrubbed(&s, result)
//	}
type Scrub struct {
	segment segmentName
	pos     int64        // in the segment
	next    kafka.Offset // the first offset that has not been read
	last    bool         // the log's end was reached, and the checkpoint is left
	over    bool
}

// ScrubArgs is a piece of a log. The files stay until the job is done (BeginRead).
type ScrubArgs struct {
	log         kafka.LogID
	incarnation uint32
	segment     segmentName
	from, to    int64 // bytes of the segment's file
	bytes       int64 // about how much is read
	next, limit kafka.Offset
	end         kafka.Offset // of a sealed segment, NoOffset: of the active one
	whole       bool         // to is where the segment ends
	gaps        bool
	epochs      []EpochEntry
	checkpoint  bool // instead of a segment: the checkpoint
	now         kafka.Now
	limits      *Limits
}

// ScrubResult is what a piece was found to be.
type ScrubResult struct {
	args *ScrubArgs
	pos  int64
	next kafka.Offset
	bad  bool // what is at next is not what must be there
	Read int64
	Err  error // the disk could not be read
}

// BeginScrub begins at the log's first segment.
func (l *Log) BeginScrub() Scrub {
	return Scrub{segment: l.segments[0].segmentName, next: l.segments[0].base}
}

// ScrubOn is the next piece, of about so many bytes; false: the log has been gone
// through.
func (l *Log) ScrubOn(s *Scrub, now kafka.Now, bytes int64) (*ScrubArgs, bool) {
	if s.over || !l.Serving() {
		return nil, false
	}
	i := l.segmentFor(s.next)
	for ; ; i++ {
		x := &l.segments[i]
		if s.segment != x.segmentName {
			s.segment, s.pos, s.next = x.segmentName, 0, x.base
		}
		if s.pos < x.size && s.next < l.WrittenEndOffset {
			break
		}
		if i+1 == len(l.segments) {
			s.last = true
			return l.scrubCheckpoint(s, now)
		}
	}
	x := &l.segments[i]
	a := &ScrubArgs{
		log: l.Log, incarnation: l.Incarnation, segment: x.segmentName, from: s.pos, to: min(x.size, s.pos+max(bytes, scrubReach)), bytes: bytes,
		next: s.next, limit: l.WrittenEndOffset, end: kafka.NoOffset, gaps: l.gaps, epochs: slices.Clone(l.epochs),
	}
	a.whole = a.to == x.size
	if i+1 < len(l.segments) {
		a.end = l.segments[i+1].base
	}
	return a, true
}

// scrubReach is more than any batch takes: as much is looked at for the end of one
// that begins within a piece, and no more, whatever its damaged header says.
const scrubReach = 128 << 20

func (l *Log) scrubCheckpoint(s *Scrub, now kafka.Now) (*ScrubArgs, bool) {
	if l.CheckpointLSN == 0 {
		s.over = true
		return nil, false
	}
	return &ScrubArgs{log: l.Log, incarnation: l.Incarnation, checkpoint: true, now: now, limits: l.limits}, true
}

// ScrubPiece is the job that reads a piece.
func ScrubPiece(fs disk.FS, args any) (any, error) {
	a := args.(*ScrubArgs)
	r := &ScrubResult{args: a, pos: a.from, next: a.next}
	if a.checkpoint {
		r.Err = r.readCheckpoint(fs)
	} else {
		r.Err = r.read(fs)
	}
	if errors.Is(r.Err, disk.ErrCrashed) {
		return nil, r.Err
	}
	return r, nil
}

func (r *ScrubResult) read(fs disk.FS) (err error) {
	a, paused := r.args, false
	r.pos, err = walk(fs, a.segment.path(a.log, disk.FileLog), a.from, a.to, func(v batch.View, _ int64) bool {
		if paused = r.Read >= a.bytes || r.next >= a.limit; paused || !a.sound(v, r.next) {
			return false
		}
		r.Read += int64(len(v))
		r.next = v.NextOffset()
		return true
	})
	if err != nil || paused || r.next >= a.limit {
		return err // what follows may not have been written yet
	}
	r.bad = r.pos < a.to || a.whole && a.end != kafka.NoOffset && (r.next > a.end || r.next < a.end && !a.gaps)
	return nil
}

// sound tells whether a batch whose CRC is right can be the one that begins at next.
func (a *ScrubArgs) sound(v batch.View, next kafka.Offset) bool {
	base := v.BaseOffset()
	if base < next || base > next && !a.gaps || v.LastOffsetDelta() < 0 || v.Count() < 0 || a.end != kafka.NoOffset && v.NextOffset() > a.end {
		return false
	}
	epoch := epochIn(a.epochs, base)
	return epoch == v.LeaderEpoch() || epoch == kafka.NoLeaderEpoch
}

func (r *ScrubResult) readCheckpoint(fs disk.FS) error {
	a := r.args
	b, err := readFile(fs, checkpointPath(a.log))
	if errors.Is(err, disk.ErrNotExist) {
		r.bad = true
		return nil
	}
	if err != nil {
		return err
	}
	r.Read = int64(len(b))
	c, err := decodeCheckpoint(b, a.now, a.limits)
	r.bad = err != nil || c.log.Log != a.log
	return nil
}

// ScrubFinding is what Scrubbed says.
type ScrubFinding uint8

// The findings.
const (
	ScrubSound      ScrubFinding = iota
	ScrubDamaged                 // a batch is not what it must be
	ScrubCheckpoint              // the checkpoint is not; Journal.Recheckpoint writes another
)

// Scrubbed takes the result of a piece, and says what was found and, of a batch,
// where. What was read of a log that has been cut since, or of a segment that is no
// more, says nothing.
func (l *Log) Scrubbed(s *Scrub, r *ScrubResult) (ScrubFinding, kafka.Offset) {
	a := r.args
	if l.Incarnation != a.incarnation || !l.Serving() {
		return ScrubSound, kafka.NoOffset
	}
	if a.checkpoint {
		s.over = true
		if r.bad {
			return ScrubCheckpoint, kafka.NoOffset
		}
		return ScrubSound, kafka.NoOffset
	}
	if l.segments[l.segmentFor(a.segment.base)].segmentName != a.segment {
		return ScrubSound, kafka.NoOffset
	}
	s.pos, s.next = r.pos, r.next
	if r.bad {
		s.over = true
		return ScrubDamaged, r.next
	}
	if r.Err != nil {
		s.over = true
	}
	return ScrubSound, kafka.NoOffset
}

// Recheckpoint asks for a checkpoint soon, whatever the journal holds.
func (j *Journal) Recheckpoint(l *Log) { j.press(l) }
