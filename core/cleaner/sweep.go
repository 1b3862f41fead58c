package cleaner

import (
	"slices"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// unpackLimit bounds what a batch may unpack to. Those that a leader took were
// within its own bound.
const unpackLimit = 256 << 20

// Rules are what a sweep goes by.
type Rules struct {
	Keys *Keys
	// Below From the log has been swept before: of every key it holds one record
	// at most. From there to Through the map has the newest of every key; above,
	// nothing is known and everything stays.
	From, Through kafka.Offset
	// Policy is the time by which ages are judged, Latest the latest that it may be
	// instead, HorizonMs delete.retention.ms. Policy may yet jump forward to Latest, so
	// that tombstones stay for HorizonMs from there.
	Policy, Latest kafka.TimestampMs
	HorizonMs      int64
	// Standing are the last offsets of batches that stay whatever becomes of
	// their records, rising: the last one of each producer that the log knows,
	// since its sequence goes on from there, and the last one of the log.
	Standing []kafka.Offset
	Codecs   *batch.Codecs
}

// Sweeper goes through the batches of a log in order and keeps what Rules say.
// Its memory is used again.
type Sweeper struct {
	Rules Rules
	// Horizon is the first time at which a tombstone that was kept may go,
	// NoTimestamp when none will.
	Horizon kafka.TimestampMs
	// Removed counts records that were not kept, Emptied batches of which only
	// the header was.
	Removed, Emptied int64

	keep    []bool
	unpack  []byte
	thinner batch.Thinner
}

// Begin begins a sweep.
func (s *Sweeper) Begin(rules Rules) {
	s.Rules, s.Horizon, s.Removed, s.Emptied = rules, kafka.NoTimestamp, 0, 0
}

// Note puts the records of a batch from an offset on into the map, and returns
// the first that had no room; the batch's end when all had. Records without a
// key, of the time before the log was compacted, are in nobody's way.
func (s *Sweeper) Note(v batch.View, from kafka.Offset) (kafka.Offset, error) {
	if v.Control() {
		return v.NextOffset(), nil
	}
	plain, err := s.plain(v)
	if err != nil {
		return from, err
	}
	it := batch.Iterate(plain, v.Count())
	var r batch.Record
	for it.Next(&r) {
		offset := v.BaseOffset() + kafka.Offset(r.OffsetDelta)
		if offset >= from && r.Key != nil && !s.Rules.Keys.Put(r.Key, offset) {
			return offset, nil
		}
	}
	return v.NextOffset(), it.Err()
}

// Sweep returns what stays of a batch: v itself where nothing changes, nil when
// nothing stays. What it returns lasts until the next call.
func (s *Sweeper) Sweep(v batch.View) (batch.View, error) {
	if v.Control() {
		return v, nil
	}
	plain, err := s.plain(v)
	if err != nil {
		return nil, err
	}
	kept, tombstones, err := s.choose(v, plain)
	if err != nil {
		return nil, err
	}
	horizon := kafka.NoTimestamp
	if tombstones && v.DeleteHorizon() == kafka.NoTimestamp && v.LastOffset() < s.Rules.Through {
		horizon = s.Rules.Latest + kafka.TimestampMs(s.Rules.HorizonMs)
	}
	if tombstones {
		s.expect(max(horizon, v.DeleteHorizon()))
	}
	gone := v.Count() - kept
	s.Removed += int64(gone)
	standing := false
	if kept == 0 {
		_, standing = slices.BinarySearch(s.Rules.Standing, v.LastOffset())
	}
	switch {
	case gone == 0 && horizon == kafka.NoTimestamp && (kept > 0 || standing):
		return v, nil
	case kept == 0 && !standing:
		return nil, nil
	case kept == 0:
		s.Emptied++
	}
	return s.rewrite(v, plain, horizon)
}

// expect notes when tombstones may go.
func (s *Sweeper) expect(horizon kafka.TimestampMs) {
	if horizon != kafka.NoTimestamp && (s.Horizon == kafka.NoTimestamp || horizon < s.Horizon) {
		s.Horizon = horizon
	}
}

func (s *Sweeper) plain(v batch.View) ([]byte, error) {
	if v.Count() == 0 {
		return nil, nil
	}
	plain, unpack, err := v.Decompress(s.Rules.Codecs, unpackLimit, s.unpack)
	s.unpack = unpack
	return plain, err
}

// choose marks the records that stay, and tells how many they are and whether
// one is a tombstone.
func (s *Sweeper) choose(v batch.View, plain []byte) (kept int32, tombstones bool, err error) {
	s.keep = s.keep[:0]
	horizon := v.DeleteHorizon()
	expired := horizon != kafka.NoTimestamp && horizon <= s.Rules.Policy
	it := batch.Iterate(plain, v.Count())
	var r batch.Record
	for it.Next(&r) {
		offset := v.BaseOffset() + kafka.Offset(r.OffsetDelta)
		keep := s.stays(&r, offset, expired)
		s.keep = append(s.keep, keep)
		if keep {
			kept++
			tombstones = tombstones || r.Key != nil && r.Value == nil
		}
	}
	return kept, tombstones, it.Err()
}

// stays decides about one record. Above what the map knows everything stays.
func (s *Sweeper) stays(r *batch.Record, offset kafka.Offset, expired bool) bool {
	switch {
	case offset >= s.Rules.Through:
		return true
	case r.Key == nil:
		return false
	case offset < s.Rules.Keys.Newest(r.Key):
		return false
	default:
		// A tombstone goes after what it deletes, not along with it: a reader may
		// stand between the two.
		return r.Value != nil || !expired || offset >= s.Rules.From
	}
}

// rewrite makes the batch anew with the records that were marked.
func (s *Sweeper) rewrite(v batch.View, plain []byte, horizon kafka.TimestampMs) (batch.View, error) {
	s.thinner.Begin(v, horizon)
	it := batch.Iterate(plain, v.Count())
	var r batch.Record
	for i := 0; it.Next(&r); i++ {
		if s.keep[i] {
			s.thinner.Keep(&it, &r)
		}
	}
	return s.thinner.Finish(s.Rules.Codecs)
}
