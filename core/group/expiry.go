package group

import (
	"slices"

	"trialog/core/kafka"
	"trialog/core/must"
)

// sweep goes from group to group, a few at a time, so that no Step has to look at
// all. On a monotonic period a round looks which offsets have outlived their time
// by the wall clock; and one more for every topic that goes.
type sweep struct {
	ring  []visited // every group that the log has, in the order of the next visits, from first on
	first int
	came  []visited // groups that are to be put into the ring
	left  int       // of the round
	gone  []farewell
	next  kafka.Instant // when the next round begins
	at    kafka.Instant // when to go on with what is under way
}

// visited is a group in one of its lives.
type visited struct {
	name string
	kept *kept
}

// farewell is a topic that is gone, and how many groups have not been looked at.
type farewell struct {
	topic TopicGone
	left  int
}

// sweepOffsets is how many groups and offsets one Tick looks at, about.
const sweepOffsets = 2000

// sweepOn goes on with what is under way, or begins the next round.
func (m *Machine) sweepOn() {
	w := &m.sweep
	if m.now.Mono >= w.next {
		w.next = m.now.Mono.Add(m.config.RetentionCheck)
		m.gather()
		w.left, w.at = len(w.ring)-w.first, m.now.Mono
	}
	if w.left == 0 && len(w.gone) == 0 || m.now.Mono < w.at {
		return
	}
	for seen := 0; seen < sweepOffsets && (w.left > 0 || len(w.gone) > 0); {
		seen += 1 + m.visit()
	}
	w.at = m.now.Mono.Add(kafka.Millisecond)
}

// gather puts into the ring what has come.
func (m *Machine) gather() {
	w := &m.sweep
	w.ring = append(w.ring, w.came...)
	clear(w.came)
	w.came = w.came[:0]
}

// visit looks at the next group of the ring, and returns at how many offsets. A
// group that is there no more in that life leaves the ring.
func (m *Machine) visit() int {
	w := &m.sweep
	if w.first == len(w.ring) { // those who were counted have gone
		w.left, w.gone = 0, w.gone[:0]
		return 0
	}
	v := w.ring[w.first]
	w.ring[w.first] = visited{}
	if w.first++; 2*w.first > len(w.ring) {
		n := copy(w.ring, w.ring[w.first:])
		clear(w.ring[n:])
		w.ring, w.first = w.ring[:n], 0
	}
	there := m.written.groups[v.name] == v.kept
	if there {
		w.ring = append(w.ring, v)
	}
	seen := 0
	for i := range w.gone {
		if w.gone[i].left--; there {
			seen += m.bid(v.name, &w.gone[i].topic)
		}
	}
	w.gone = slices.DeleteFunc(w.gone, func(f farewell) bool { return f.left <= 0 })
	if w.left > 0 {
		w.left--
		if g := m.groups[v.name]; there {
			seen += m.expire(v.name)
		} else if g != nil {
			m.dissolve(g)
		}
	}
	return seen
}

// topicGone has what was committed for a life of a topic that is over forgotten.
func (m *Machine) topicGone(in *TopicGone) {
	m.gather()
	w := &m.sweep
	if n := len(w.ring) - w.first; n > 0 {
		w.gone = append(w.gone, farewell{*in, n})
		w.at = m.now.Mono
	}
}

// bid forgets what a group has committed for a topic that is gone, and returns how
// much that was.
func (m *Machine) bid(name string, in *TopicGone) int {
	o := &m.written.groups[name].offsets
	i, found := o.find(in.Topic)
	if !found {
		return 0
	}
	p := m.draft()
	seen := 0
	for _, part := range o.topics[i].parts {
		if seen++; part.TopicID != in.ID {
			continue
		}
		if len(p.records) == batchRecords {
			p.outcome = outcome{silent: true}
			m.propose(p)
			p = m.draft()
		}
		p.records = append(p.records, Record{Kind: OffsetRecord, Group: name, Topic: in.Topic, Partition: part.partition})
	}
	if len(p.records) == 0 {
		m.asked = m.asked[:len(m.asked)-1]
		return seen
	}
	m.out.Watch.Reached(must.OffsetsOfDeletedTopic)
	p.outcome = outcome{silent: true}
	m.propose(p)
	return seen
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
