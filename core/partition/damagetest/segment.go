package damagetest

import (
	"bytes"
	"errors"
	"slices"

	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/partition"
)

// Segment damages the last 4 KiB of a segment, as Journal does. covered says
// whether a checkpoint contains everything: then nothing can be redone, and the
// log is fenced, or the read refused. Otherwise the journal makes it whole.
func Segment(t T, arm Arm, covered bool) Counts {
	t.Helper()
	b := newBench(t, arm)
	if covered {
		b.recover(arm.FS)
		var err error
		b.files, err = read(arm.FS, ".")
		b.ok(err)
	}
	path := partition.SegmentPath(b.ids[0], 0, disk.FileLog)
	i := slices.IndexFunc(b.files, func(f file) bool { return f.path == path })
	s := &segmentTrial{bench: b, path: path, bytes: b.files[i].bytes, covered: covered}
	s.trial("nothing", 0, s.bytes)
	size := len(s.bytes)
	for at := size - window; at < size; at += max(arm.Step, 1) {
		s.trial("truncated", at, s.bytes[:at])
		flipped := bytes.Clone(s.bytes)
		flipped[at] ^= 1 << (at % 8)
		s.trial("flipped", at, flipped)
		for _, to := range []int{size, min(at+64, size)} {
			zeroed := bytes.Clone(s.bytes)
			clear(zeroed[at:to])
			s.trial("zeroed", at, zeroed)
		}
	}
	return s.counts
}

// segmentTrial is the damage to one log's segment.
type segmentTrial struct {
	*bench
	path    string
	bytes   []byte
	covered bool
	counts  Counts
}

func (s *segmentTrial) trial(what string, at int, damaged []byte) {
	s.t.Helper()
	fs, err := write(s.files, s.path, damaged)
	s.ok(err)
	result := s.recover(fs)
	s.counts.Tried++
	for i, l := range result.Logs {
		if i > 0 {
			if l.Fenced != "" {
				s.t.Fatalf("%s at %d: log %d is fenced for another's damage: %s", what, at, l.Log, l.Fenced)
			}
			s.compare(what, at, fs, l, s.batches(l.Log, all))
			continue
		}
		s.judge(what, at, fs, l)
	}
	s.again(what, at, fs, result)
}

// judge looks at the log that was damaged: whole, fenced, or refused from the
// damage on, and nothing but what was written before it.
func (s *segmentTrial) judge(what string, at int, fs disk.FS, l *partition.Log) {
	s.t.Helper()
	written := s.batches(l.Log, all)
	got, err := s.fetch(fs, l)
	if !isPrefix(got, written) {
		s.t.Fatalf("%s at %d: %d batches that are not the first that were written", what, at, len(got))
	}
	switch {
	case l.Fenced != "":
		s.counts.Fenced++
	case errors.Is(err, errDamaged):
		s.counts.Refused++
	case len(got) == len(written) && l.LogEndOffset == kafka.Offset(len(written)):
		s.counts.Whole++
		return
	default:
		s.t.Fatalf("%s at %d: %d of %d batches, and nobody says so: %v", what, at, len(got), len(written), err)
	}
	if !s.covered {
		s.t.Fatalf("%s at %d: the journal has everything, and the log is fenced (%q) or refuses (%v)", what, at, l.Fenced, err)
	}
}
