package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
)

// lookedAtOnce is how many logs one Step looks at for what there is to clean.
const lookedAtOnce = 64

// cleaning is where the broker stands with its compacted logs. It goes round
// them, one pass at a time, and rests when none was due.
type cleaning struct {
	at      kafka.Instant // of the next look
	hand    int           // the place in hosts where it begins
	looked  int           // logs looked at since one was due
	options partition.CleanOptions
}

// beginCleaning sets the first look, which is not among the first things to do.
func (b *Broker) beginCleaning() {
	b.cleaning.at = b.now.Mono.Add(min(kafka.Ms(b.cluster.LogCleanerBackoffMs), retentionDelay))
}

// scanCleaning looks for a log of which enough is dirty. Leaders and followers
// alike clean their own.
func (b *Broker) scanCleaning() {
	c := &b.cleaning
	if b.phase != PhaseServing || b.now.Mono < c.at {
		return
	}
	c.at = b.now.Mono.Add(kafka.Ms(max(b.cluster.LogCleanerBackoffMs, 1)))
	if b.journal.Cleaning() {
		b.stopUnwanted()
		return
	}
	c.options = partition.CleanOptions{Policy: b.policyTime(), Wall: b.now.Wall, MapBytes: b.cluster.LogCleanerDedupeBytes, Codecs: b.config.Codecs}
	for range lookedAtOnce {
		if c.looked >= len(b.hosts) {
			c.looked = 0
			return
		}
		h := b.hosts[c.hand%len(b.hosts)]
		c.hand = (c.hand + 1) % len(b.hosts)
		c.looked++
		if h.retired || !h.replica.Storage().Compacted {
			continue
		}
		b.upkeepDue = true
		if b.journal.Clean(h.replica.Log, h.replica.Storage(), &c.options) {
			c.looked = 0
			// The horizons that the pass sets are only worth something as long as no
			// later incarnation takes a clock that was set forward for the time.
			b.noteTime(c.options.Policy)
			return
		}
	}
	c.at = b.now.Mono // there are more to look at
}

// stopUnwanted ends a pass over a log that is not compacted any more.
func (b *Broker) stopUnwanted() {
	for _, h := range b.hosts {
		if !h.replica.Storage().Compacted {
			b.journal.StopCleaning(h.replica.Log)
		}
	}
}

// noteSwept takes note of a pass that has ended, and looks for the next log.
func (b *Broker) noteSwept() {
	s, ok := b.journal.Swept()
	if !ok {
		return
	}
	b.counters.CleanerReadBytes += uint64(s.Stats.Read)
	b.counters.CleanerWrittenBytes += uint64(s.Stats.Written)
	b.counters.CleanerRecordsRemoved += uint64(s.Stats.Removed)
	for _, p := range []struct {
		reached bool
		probe   must.Probe
	}{
		{s.Stats.Removed > 0, must.CleanerRemovedRecords}, {s.Stats.Emptied > 0, must.CleanerEmptiedBatch}, {s.Stats.Full, must.CleanerMapFull},
		{s.Given, must.CleanerGaveUp}, {s.Stats.LeftOut > 0, must.CleanerLeftOut}, {s.Stats.Anew > 0, must.CleanerSweptAnew},
		{s.NoRoom, must.CleanerNoRoom}, {s.Bad != "", must.CleanerQuarantined},
	} {
		if p.reached {
			b.out.Watch.Reached(p.probe)
		}
	}
	switch {
	case s.NoRoom:
		b.noteUnclean(&s, Warn, "a log is not compacted for now: the disk has no room for what is left of it", "")
	case s.Bad != "":
		b.noteUnclean(&s, Error, "a log cannot be compacted, and is left as it is until the next start", s.Bad)
		b.cleaning.at = b.now.Mono
	case !s.Given:
		b.counters.CleanerPasses++
		b.cleaning.at = b.now.Mono
	}
}

func (b *Broker) noteUnclean(s *partition.Swept, level Level, text, detail string) {
	n := Note{Level: level, Text: text, Detail: detail, Epoch: s.Log.LatestEpoch(), Offset: s.From, Topic: s.Log.Partition.Topic.String(), Partition: s.Log.Partition.Partition}
	if h := b.byTopic[s.Log.Partition]; h != nil && h.topic != "" {
		n.Topic = h.topic
	}
	b.note(n)
}
