package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
)

// scrubbing is where the broker stands with reading its logs over: one after the
// other, by rising log ID, a piece at a time, at trialog.scrub.bytes.per.second.
type scrubbing struct {
	at     kafka.Instant // of the next piece
	log    kafka.LogID   // the last one begun
	host   *host         // that is gone over, nil: none
	cursor partition.Scrub
	busy   bool // a piece is under way
	lease  uint32
	began  kafka.Instant // the round
}

// The bounds of a piece, and what one that reads next to nothing counts for: so
// that ten thousand small logs are not gone over at once.
const (
	scrubMost  = 1 << 20
	scrubLeast = 4 << 10
)

// beginScrubbing sets the first look, which is not among the first things to do.
func (b *Broker) beginScrubbing() {
	b.scrub.at = b.now.Mono.Add(b.limits.ScrubPause)
	b.scrub.began = b.scrub.at
}

// scrubDue reads the next piece.
func (b *Broker) scrubDue() {
	s := &b.scrub
	if b.phase != PhaseServing || s.busy || b.now.Mono < s.at {
		return
	}
	rate := b.cluster.ScrubBytesPerSecond
	if rate == 0 {
		s.host, s.at = nil, b.now.Mono.Add(b.limits.ScrubPause)
		return
	}
	for range lookedAtOnce {
		if s.host == nil && !b.scrubNext() {
			b.out.Watch.Reached(must.ScrubRoundDone)
			b.counters.ScrubRounds++
			s.log, s.at = 0, max(b.now.Mono, s.began.Add(b.limits.ScrubPause))
			s.began = s.at
			return
		}
		h := s.host
		args, more := h.replica.Log.ScrubOn(&s.cursor, b.now, min(max(rate/8, scrubLeast), scrubMost))
		if h.gone || h.retired || !more {
			s.host = nil
			continue
		}
		b.emitJob("scrub", partition.ScrubPiece, args)
		s.busy, s.lease = true, h.replica.Log.BeginRead()
		h.reads++
		return
	}
	s.at = b.now.Mono // there are more to look at
}

// scrubNext goes on to the next log; false: there was none.
func (b *Broker) scrubNext() bool {
	s := &b.scrub
	at, found := b.place(s.log)
	if found {
		at++
	}
	if at == len(b.hosts) {
		return false
	}
	s.host = b.hosts[at]
	s.log = s.host.replica.Log.Log
	s.cursor = s.host.replica.Log.BeginScrub()
	return true
}

// scrubbed takes what was found in a piece.
func (b *Broker) scrubbed(r *partition.ScrubResult) {
	s := &b.scrub
	h, log := s.host, s.host.replica.Log
	s.busy = false
	b.counters.ScrubbedBytes += uint64(r.Read)
	if rate := b.cluster.ScrubBytesPerSecond; rate > 0 {
		s.at = b.now.Mono.Add(kafka.Duration(max(r.Read, scrubLeast) * int64(kafka.Second) / rate))
	}
	finding, offset := log.Scrubbed(&s.cursor, r)
	switch {
	case h.retired || h.gone:
	case r.Err != nil:
		b.note(Note{Level: Error, Text: "a log cannot be read over", Detail: r.Err.Error(), Topic: nameOf(h), Partition: h.tp.Partition,
			Epoch: h.replica.Epoch(), Offset: kafka.NoOffset})
	case finding == partition.ScrubDamaged && !h.damage.found:
		b.out.Watch.Reached(must.DamageFoundByScrub)
		b.counters.ScrubFindings++
		b.damaged(h, offset, "scrubbing has met a batch that is not intact")
	case finding == partition.ScrubCheckpoint:
		b.out.Watch.Reached(must.CheckpointScrubbed)
		b.counters.ScrubFindings++
		b.note(Note{Level: Warn, Text: "a log's checkpoint was damaged, and is written anew", Topic: nameOf(h), Partition: h.tp.Partition,
			Epoch: h.replica.Epoch(), Offset: h.replica.Log.LogEndOffset})
		b.journal.Recheckpoint(log)
		b.upkeepDue = true
	}
	b.release(h, s.lease)
}
