package partition

import (
	"errors"

	"trialog/core/kafka"
)

// The invariants of a Log:
//
//	P1  segments stand in order of their base offsets, all but the last hold
//	    batches, and no base lies beyond the log's end; the last is of version 0
//	P2  log start ≤ high watermark ≤ log end, and the local log start is not below the log start
//	P3  durable end ≤ written end ≤ log end
//	P4  leader epochs rise, their starts rise, and none starts beyond the log's end
//	P5  a producer's cached batches are at most five, rise in offset, lie below
//	    the log's end, and each begins where the one before ends in sequence
//	P6  unwritten index entries rise and lie within their segment
//	P7  the last stable offset is at most the high watermark
//	P8  a log that is fenced, deleted or being truncated takes no appends
//	P9  the checkpoint is not ahead of the newest entry's journal
//	P10 a read that ends has begun, and holds the files of its layout until then
//	    (checked there)
//
// and of a Journal:
//
//	J1  LSNs are dense from 1, Refs are dense
//	J2  what is durable has been numbered; what is unsynced is not durable
//	J3  generations rise, each is named by its first entry
//	J4  no claim of a log lies below the first generation
var (
	errP1 = errors.New("P1: segments out of order")
	errP2 = errors.New("P2: log start ≤ high watermark ≤ log end")
	errP3 = errors.New("P3: durable end ≤ written end ≤ log end")
	errP4 = errors.New("P4: leader epochs do not rise")
	errP5 = errors.New("P5: producer state")
	errP6 = errors.New("P6: index entries")
	errP7 = errors.New("P7: last stable offset")
	errJ2 = errors.New("J2: durable entries")
	errJ3 = errors.New("J3: generations")
	errJ4 = errors.New("J4: a claim below the journal")
)

// Invariants checks a log's state as a whole.
func (l *Log) Invariants() error {
	if err := l.segmentInvariants(); err != nil {
		return err
	}
	switch {
	case l.LogStartOffset < 0 || l.LogStartOffset > l.HighWatermark || l.HighWatermark > l.LogEndOffset || l.LocalLogStartOffset < l.LogStartOffset:
		return errP2
	case l.WrittenEndOffset > l.LogEndOffset || l.DurableEndOffset > l.WrittenEndOffset:
		return errP3
	case l.LastStableOffset(l.HighWatermark) > l.HighWatermark:
		return errP7
	}
	for i := range l.epochs {
		e := &l.epochs[i]
		if e.Start > l.LogEndOffset || i > 0 && (l.epochs[i-1].Epoch >= e.Epoch || l.epochs[i-1].Start >= e.Start) {
			return errP4
		}
	}
	return l.producerInvariants()
}

func (l *Log) segmentInvariants() error {
	if len(l.segments) == 0 || l.active().version != 0 {
		return errP1
	}
	for i := range l.segments {
		s := &l.segments[i]
		if i > 0 && (l.segments[i-1].base >= s.base || l.segments[i-1].size <= 0) || s.size < 0 || s.base < 0 {
			return errP1
		}
		if s.base > l.LogEndOffset && !l.truncating {
			return errP1
		}
		if err := s.indexInvariants(); err != nil {
			return err
		}
	}
	return nil
}

func (s *segment) indexInvariants() error {
	if s.index.stored < 0 || s.times.stored < 0 {
		return errP6
	}
	tail := s.index.tail
	for i := range tail {
		if int64(tail[i].pos) >= s.size || i > 0 && (tail[i-1].rel >= tail[i].rel || tail[i-1].pos >= tail[i].pos) {
			return errP6
		}
	}
	times := s.times.tail
	for i := range times {
		if i > 0 && (times[i-1].timestamp >= times[i].timestamp || times[i-1].rel >= times[i].rel) {
			return errP6
		}
	}
	return nil
}

func (l *Log) producerInvariants() error {
	for i := range l.producers.slots {
		e := &l.producers.slots[i]
		if !e.used {
			continue
		}
		if e.n < 0 || e.n > cachedBatches || l.producers.find(e.id) != e {
			return errP5
		}
		for k := range e.cached[:e.n] {
			c := &e.cached[k]
			if c.baseOffset > c.lastOffset || c.lastOffset >= l.LogEndOffset && !l.truncating {
				return errP5
			}
			if k > 0 && (e.cached[k-1].lastOffset >= c.baseOffset || !follows(e.cached[k-1].lastSequence, c.baseSequence)) {
				return errP5
			}
		}
	}
	return nil
}

// follows tells whether a batch may begin at next behind one that ends at last.
func follows(last, next kafka.Sequence) bool {
	return next == last+1 || next == 0 && last == 1<<31-1
}

// Invariants checks the journal's numbering.
func (j *Journal) Invariants() error {
	if j.durable >= j.next || j.unsynced.len() > 0 && j.unsynced.front().lsn <= j.durable {
		return errJ2
	}
	for i := range j.generations.len() {
		g := j.generations.at(i)
		if g.first > j.next || i > 0 && j.generations.at(i-1).first >= g.first {
			return errJ3
		}
	}
	if n := j.needed(); n < j.generations.front().first {
		return errJ4
	}
	return nil
}
