package onsim

import (
	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim"
)

// What a scanner's command was.
const (
	tagEnd = iota
	tagFrom
	tagScan
)

// scanPause is how long the scanner waits before it looks or tries again.
const scanPause = 20 * sim.Millisecond

// scanner is the fresh consumer that has the last word: after everything has
// healed and every producer has its outcomes, it reads each partition from the
// beginning to the end that it was told last.
type scanner struct {
	application
	parts   []scanned
	begun   bool
	polling bool
	records []history.Record
}

type scanned struct {
	place
	end      int64 // -1: not known yet
	asked    bool
	assigned bool
	open     history.OpID
	process  int32 // of the chain of reads: another one once the log start has passed it
	next     int64
	moved    int64 // when the scan got on last
	over     bool
	// again: another topic had the name before. Its end is what a fetch tells, which
	// names the topic's ID: a broker that lags answers by name for the one before.
	again bool
}

// patience is how long the scanner waits before it looks whether a partition
// that it gets nothing of is fenced.
const patience = 5 * sim.Second

// Start begins the process. Faults kill it only before it has begun to scan.
func (s *scanner) Start(c *sim.ClientHost) {
	s.begin()
	s.parts, s.begun, s.polling = s.parts[:0], false, false
	for _, p := range s.trial.places {
		s.parts = append(s.parts, scanned{place: p, end: history.Unset, open: history.NoOp, process: s.trial.process()})
	}
	wakeIn(c, scanPause)
}

// Wake begins when it is time, and then works until every end is reached.
func (s *scanner) Wake(c *sim.ClientHost) {
	if s.Idle() {
		return
	}
	wakeIn(c, scanPause)
	if !s.begun {
		if !s.trial.drained(c) {
			return
		}
		s.begun = true
		for _, p := range s.trial.places[len(s.parts):] { // they were added meanwhile
			s.parts = append(s.parts, scanned{place: p, end: history.Unset, open: history.NoOp})
		}
		for _, l := range s.trial.lives {
			for _, id := range l.past {
				c.Do(&client.Outlived{Topic: l.topic.name, ID: id})
			}
			for _, f := range l.mine {
				s.parts = append(s.parts, scanned{place: f.place, end: history.Unset, open: history.NoOp, process: s.trial.process(), again: true})
			}
		}
		for i := range s.parts {
			s.parts[i].moved = c.Now()
		}
		s.trial.enter(c.Now(), history.PhaseScan)
	}
	ready := true
	for i := range s.parts {
		s.excuse(c, &s.parts[i])
		ready = s.prepare(c, i) && ready
	}
	if ready {
		s.poll(c)
	}
}

// prepare asks for a partition's end and assigns it; true when it is under way or over.
func (s *scanner) prepare(c *sim.ClientHost, i int) bool {
	p := &s.parts[i]
	switch {
	case p.over || p.assigned:
		return true
	case p.asked:
		return false
	case p.end == history.Unset && !p.again:
		p.asked = true
		op := history.NewOp(history.ListOffsets, s.id, s.process, p.partition)
		op.At = -1
		command := s.next()
		s.await(command, s.trial.record.Invoke(c.Now(), &op), i*4+tagEnd)
		c.Do(&client.ListOffsets{Op: command, Topic: p.topic, Partition: kafka.PartitionIndex(p.index), Timestamp: -1})
	default:
		p.asked = true
		op := history.NewOp(history.Assign, s.id, p.process, p.partition)
		op.At = 0
		command := s.next()
		s.await(command, s.trial.record.Invoke(c.Now(), &op), i*4+tagFrom)
		c.Do(&client.Assign{Op: command, Topic: p.topic, Partition: kafka.PartitionIndex(p.index),
			From: client.Position{Kind: client.AtOffset, Offset: 0}})
	}
	return false
}

func (s *scanner) poll(c *sim.ClientHost) {
	if s.polling {
		return
	}
	s.polling = true
	for i := range s.parts {
		p := &s.parts[i]
		if p.over || p.open != history.NoOp {
			continue
		}
		op := history.NewOp(history.Scan, s.id, p.process, p.partition)
		op.At = p.next
		p.open = s.trial.record.Invoke(c.Now(), &op)
	}
	command := s.next()
	s.await(command, history.NoOp, tagScan)
	c.Do(&client.Poll{Op: command, Wait: 100 * kafka.Millisecond})
}

// Done puts an outcome down.
func (s *scanner) Done(c *sim.ClientHost, d *client.Done) {
	pending, ok := s.take(d.Op)
	if !ok {
		return
	}
	if pending.tag == tagScan {
		s.polling = false
		for i := range d.Fetched {
			s.fetched(c, &d.Fetched[i])
		}
		if !s.Idle() {
			wakeIn(c, 0)
		}
		return
	}
	r := result(d)
	s.trial.record.Complete(c.Now(), pending.op, &r)
	p := &s.parts[pending.tag/4]
	p.asked = false
	switch {
	case d.Outcome != client.OK:
	case pending.tag%4 == tagEnd:
		p.end, p.moved = int64(d.Offset), c.Now()
		wakeIn(c, 0)
	default:
		p.assigned = true
		wakeIn(c, 0)
	}
}

// excuse gives a partition up that its broker has fenced because its disk has
// rotted, which is what it should do; the scan goes on without it.
func (s *scanner) excuse(c *sim.ClientHost, p *scanned) {
	if !p.over && s.trial.rotten && c.Now()-p.moved > patience && s.trial.fenced(p.topic, p.index) {
		p.over = true
	}
}

func (s *scanner) fetched(c *sim.ClientHost, d *client.Fetched) {
	for i := range s.parts {
		p := &s.parts[i]
		if p.index != int32(d.Partition) || p.topic != d.Topic || p.open == history.NoOp {
			continue
		}
		r := history.NewResult(history.OK)
		r.Error = errorName(d.Err, d.Reason)
		if r.Error != "" {
			r.Outcome = history.Fail
		} else {
			p.moved = c.Now()
		}
		r.Broker, r.LeaderEpoch, r.To = int32(d.Broker), int32(d.LeaderEpoch), int64(d.To)
		s.records = appendRead(s.records[:0], d.Records)
		r.Records = s.records
		if d.Fresh && r.Outcome == history.OK {
			r.HighWatermark, r.LastStableOffset, r.LogStartOffset = int64(d.HighWatermark), int64(d.LastStableOffset), int64(d.LogStartOffset)
			// A send that its producer has given up may still arrive, and be read
			// by somebody, after the end was told; and who is elected uncleanly after
			// that, for what a fault did before, has less.
			if p.end = max(p.end, r.HighWatermark); s.trial.unclean() {
				p.end = r.HighWatermark
			}
		}
		if p.again && r.Outcome == history.OK {
			p.end = max(p.end, int64(d.HighWatermark)) // it was assigned when nobody wrote any more
		}
		if d.Reset {
			s.passed(c, p, int64(d.To))
			continue
		}
		s.trial.record.Complete(c.Now(), p.open, &r)
		p.open, p.next = history.NoOp, r.To
		p.over = p.over || r.Outcome == history.OK && p.end != history.Unset && p.next >= p.end
	}
}

// passed begins the scan of a partition anew where its log starts now.
func (s *scanner) passed(c *sim.ClientHost, p *scanned, to int64) {
	r := history.NewResult(history.Fail)
	r.Error = "OFFSET_OUT_OF_RANGE"
	s.trial.record.Complete(c.Now(), p.open, &r)
	p.open, p.next, p.process, p.moved = history.NoOp, to, s.trial.process(), c.Now()
}

// Idle tells whether the scan is over.
func (s *scanner) Idle() bool {
	if !s.begun {
		return false
	}
	for i := range s.parts {
		if !s.parts[i].over {
			return false
		}
	}
	return true
}
