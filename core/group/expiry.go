package group

import (
	"trialog/core/kafka"
	"trialog/core/must"
)

// sweep looks, on a monotonic period, which offsets have outlived their time by
// the wall clock. It goes from group to group, a few at a time, so that no Step
// has to look at all.
type sweep struct {
	names []string // what is left of the round
	next  kafka.Instant
}

// sweepOffsets is how many offsets one Tick looks at, about.
const sweepOffsets = 2000

// sweepOn goes on with a round, or begins the next.
func (m *Machine) sweepOn() {
	if m.now.Mono < m.sweep.next {
		return
	}
	if m.sweep.names == nil {
		m.sweep.names = m.written.names()
	}
	seen := 0
	for len(m.sweep.names) > 0 && seen < sweepOffsets {
		name := m.sweep.names[0]
		m.sweep.names = m.sweep.names[1:]
		seen++
		if m.written.groups[name] != nil {
			seen += m.expire(name)
		} else if g := m.groups[name]; g != nil {
			m.dissolve(g)
		}
	}
	m.sweep.next = m.now.Mono.Add(kafka.Millisecond)
	if len(m.sweep.names) == 0 {
		m.sweep.names = nil
		m.sweep.next = m.now.Mono.Add(m.config.RetentionCheck)
	}
}

// expire forgets the offsets of a group that have outlived their time, and the
// group when it is empty and has none left. It returns how many it looked at.
func (m *Machine) expire(name string) int {
	k, g := m.written.groups[name], m.groups[name]
	p := m.draft()
	gone := 0
	k.offsets.each(func(topic string, partition kafka.PartitionIndex, o *Offset) bool {
		if !m.expired(name, topic, o) {
			return true
		}
		gone++
		if len(p.records) == batchRecords {
			p.outcome = outcome{silent: true}
			m.propose(p)
			p = m.draft()
		}
		p.records = append(p.records, Record{Kind: OffsetRecord, Group: name, Topic: topic, Partition: partition})
		return true
	})
	if gone > 0 {
		m.out.Watch.Reached(must.OffsetsExpired)
	}
	if gone == k.offsets.count && m.vacant(name) {
		p.records = append(p.records, m.epitaph(name)...)
		p.outcome.buried = g
	}
	if len(p.records) == 0 {
		m.asked = m.asked[:len(m.asked)-1]
		return k.offsets.count
	}
	p.outcome.silent = true
	m.propose(p)
	return k.offsets.count
}

// expired tells whether an offset has outlived its time. A group's offsets begin
// to age when it becomes empty; of a group at work only those of topics that it
// is known not to read any more, from their commit; those of no group from
// their commit (KIP-211).
func (m *Machine) expired(name, topic string, o *Offset) bool {
	if c := m.consumerOf(name); c != nil {
		return m.expiredOf(c, name, topic, o)
	}
	g := m.groups[name]
	if o.ExpiresAt != kafka.NoTimestamp {
		return m.now.Wall >= o.ExpiresAt && (g.state == Empty || !g.reads(topic))
	}
	since := o.CommittedAt
	switch {
	case g.protocolType == "":
	case g.state == Empty:
		if g.stateAt != kafka.NoTimestamp {
			// What was committed from outside since then is younger.
			since = max(g.stateAt, o.CommittedAt)
		}
	case g.state != Stable || !g.knowsTopics || g.reads(topic):
		return false
	}
	return m.now.Wall-since >= kafka.TimestampMs(m.config.RetentionMs)
}

// expiredOf is expired for a group of the consumer protocol. The log does not say
// since when it is empty: it is taken to be since it was first seen so.
func (m *Machine) expiredOf(c *consumerKept, name, topic string, o *Offset) bool {
	empty := c.size() == 0
	if !empty && c.reads(topic) {
		return false
	}
	if o.ExpiresAt != kafka.NoTimestamp {
		return m.now.Wall >= o.ExpiresAt
	}
	since := o.CommittedAt
	if g := m.consumers[name]; empty && g != nil {
		since = max(since, g.emptySince)
	}
	return m.now.Wall-since >= kafka.TimestampMs(m.config.RetentionMs)
}

// vacant tells whether nobody is in a group or about to be.
func (m *Machine) vacant(name string) bool {
	if c := m.consumerOf(name); c != nil {
		return c.size() == 0
	}
	g := m.groups[name]
	return g.state == Empty && len(g.pending) == 0
}
