package broker

import (
	"errors"
	"fmt"
	"math"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
)

// fetchSessions are the sessions that this broker keeps, as many as Limits
// allows. They are lost with the incarnation; readers open new ones.
type fetchSessions struct {
	byID       map[int32]*fetchSession // looked up only
	all        []*fetchSession         // in no order that means anything
	partitions int                     // of all of them together
}

// joinSession finds out which partitions a fetch reads: those that it lists, or
// those of its session after the changes that it asks for.
func (b *Broker) joinSession(r *request, body *protocol.FetchRequest) kafka.ErrorCode {
	s, c := &r.fetch, &b.fetchSessions
	if body.SessionEpoch == firstEpoch || body.SessionEpoch == noEpoch {
		if old := c.byID[body.SessionID]; old != nil {
			b.endSession(old)
		}
		s.opens = body.SessionEpoch == firstEpoch
		s.ask(body.Partitions)
		return kafka.None
	}
	f := c.byID[body.SessionID]
	switch {
	case f == nil:
		b.out.Watch.Reached(must.FetchSessionUnknown)
		return kafka.ErrFetchSessionIDNotFound
	case f.epoch != body.SessionEpoch:
		b.out.Watch.Reached(must.FetchSessionEpochMismatch)
		return kafka.ErrInvalidFetchSessionEpoch
	case f.byID != (r.version >= protocol.FetchTopicIDs):
		return kafka.ErrFetchSessionTopicIDError
	}
	b.overtake(f)
	c.partitions -= f.size()
	f.change(body)
	c.partitions += f.size()
	switch {
	case f.size() == 0:
		b.endSession(f)
		s.ask(body.Partitions)
		return kafka.None
	case c.partitions > b.limits.FetchSessionPartitions:
		b.endSession(f) // it has outgrown its place: the reader begins anew
		return kafka.ErrFetchSessionIDNotFound
	}
	if who := b.sessionReader(r, body); who != f.reader {
		f.reader = who
		f.lookAtAll()
	}
	s.session, s.sessionEpoch = f, f.epoch
	f.changed = f.changed[:0]
	for at := f.first; at != noSlot; at = f.slots[at].next {
		f.slots[at].marked, f.slots[at].changed = false, false
		s.take(f, at)
	}
	return kafka.None
}

// overtake goes on to the next epoch of a session. A fetch of the last one that
// still waits is answered that it has been overtaken.
func (b *Broker) overtake(f *fetchSession) {
	f.epoch, f.used = nextEpoch(f.epoch), b.now.Mono
	if f.waits != nobody {
		b.wake(f.waits)
	}
}

// take adds a partition of a session to what a fetch reads.
func (s *fetchState) take(f *fetchSession, at int32) *fetchPart {
	slot := &f.slots[at]
	slot.part = int32(len(s.parts))
	p := s.add()
	p.asked, p.slot = slot.asked, at
	return p
}

// ask takes the partitions that a fetch lists.
func (s *fetchState) ask(list []protocol.FetchPartition) {
	for i := range list {
		s.add().asked = list[i]
	}
}

// change takes in what a fetch lists and forgets what it names so.
func (f *fetchSession) change(body *protocol.FetchRequest) {
	for i := range body.Partitions {
		f.put(&body.Partitions[i])
	}
	for i := range body.Forgotten {
		q := &body.Forgotten[i]
		f.drop(f.key(q.Topic, q.TopicID, q.Partition))
	}
}

// openSession opens the session that a fetch wants, once it is answered.
// Without room for it the reader gets 0, and goes on without.
func (b *Broker) openSession(r *request) int32 {
	s, c := &r.fetch, &b.fetchSessions
	reader := b.sessionReader(r, r.body.(*protocol.FetchRequest))
	if !b.makeRoom(reader.follows(), len(s.parts)) {
		b.out.Watch.Reached(must.FetchSessionRefused)
		return 0
	}
	f := newFetchSession()
	f.byID, f.reader = r.version >= protocol.FetchTopicIDs, reader
	f.created, f.used = b.now.Mono, b.now.Mono
	for i := range s.parts {
		p := &s.parts[i]
		p.slot = f.put(&p.asked)
	}
	for i := range s.parts {
		f.answer(&s.parts[i])
	}
	for f.id == 0 || c.byID[f.id] != nil {
		f.id = int32(b.rand.Uint64() & math.MaxInt32)
	}
	f.place = len(c.all)
	c.all = append(c.all, f)
	c.byID[f.id] = f
	c.partitions += f.size()
	return f.id
}

// makeRoom tells whether a session of so many partitions may be opened, and
// gives others up for it if need be: those that are stale, or one that is less
// useful.
func (b *Broker) makeRoom(follower bool, size int) bool {
	c, l := &b.fetchSessions, &b.limits
	if l.FetchSessions <= 0 || size > l.FetchSessionPartitions {
		return false
	}
	for c.partitions+size > l.FetchSessionPartitions {
		stale := c.stale(b.now.Mono, l.FetchSessionAge)
		if stale == nil {
			return false
		}
		b.evict(stale)
	}
	if len(c.all) < l.FetchSessions {
		return true
	}
	victim := c.stale(b.now.Mono, l.FetchSessionAge)
	if victim == nil {
		victim = c.lessUseful(b.now.Mono, l.FetchSessionAge, follower, size)
	}
	if victim == nil {
		return false
	}
	b.evict(victim)
	return true
}

func (b *Broker) evict(f *fetchSession) {
	b.out.Watch.Reached(must.FetchSessionEvicted)
	b.counters.FetchSessionsEvicted++
	b.endSession(f)
}

// stale returns the session unused for longest, if that is longer than age.
func (c *fetchSessions) stale(now kafka.Instant, age kafka.Duration) *fetchSession {
	var oldest *fetchSession
	for _, f := range c.all {
		if oldest == nil || f.used < oldest.used || f.used == oldest.used && f.id < oldest.id {
			oldest = f
		}
	}
	if oldest != nil && now.Sub(oldest.used) > age {
		return oldest
	}
	return nil
}

// lessUseful returns the least useful session that is less so than a new one. A
// follower's is more useful than a consumer's, and a larger one than a smaller
// one; a young one may yet prove useful, and gives way to a follower's only.
func (c *fetchSessions) lessUseful(now kafka.Instant, age kafka.Duration, follower bool, size int) *fetchSession {
	var least *fetchSession
	for _, f := range c.all {
		if now.Sub(f.created) <= age && (f.reader.follows() || !follower) {
			continue
		}
		if least == nil || f.lessUsefulThan(least.reader.follows(), least.size(), least.id) {
			least = f
		}
	}
	if least != nil && least.lessUsefulThan(follower, size, 0) {
		return least
	}
	return nil
}

func (f *fetchSession) lessUsefulThan(follower bool, size int, id int32) bool {
	if f.reader.follows() != follower {
		return follower
	}
	if f.size() != size {
		return f.size() < size
	}
	return f.id < id
}

// endSession forgets a session. A fetch that waits in it is answered with what
// there is: nobody would tell it of changes any more.
func (b *Broker) endSession(f *fetchSession) {
	b.fetchSessions.remove(f)
	for at := range f.slots {
		f.watch(int32(at), nil)
	}
	if r := b.wake(f.waits); r != nil {
		r.fetch.overdue = true
	}
}

func (c *fetchSessions) remove(f *fetchSession) {
	delete(c.byID, f.id)
	last := len(c.all) - 1
	c.all[f.place] = c.all[last]
	c.all[f.place].place = f.place
	c.all[last] = nil
	c.all = c.all[:last]
	c.partitions -= f.size()
}

// checkFetchSessions checks B16 and B17.
func (b *Broker) checkFetchSessions() error {
	c, partitions := &b.fetchSessions, 0
	for i, f := range c.all {
		if f.id <= 0 || f.epoch <= 0 || f.place != i || c.byID[f.id] != f {
			return errors.New("B16: a fetch session is not found by its ID")
		}
		if err := f.check(); err != nil {
			return err
		}
		partitions += f.size()
	}
	if len(c.byID) != len(c.all) || partitions != c.partitions {
		return fmt.Errorf("B16: %d fetch sessions with %d partitions, %d with %d are counted", len(c.all), partitions, len(c.byID), c.partitions)
	}
	if len(c.all) > max(0, b.limits.FetchSessions) || partitions > b.limits.FetchSessionPartitions {
		return fmt.Errorf("B16: %d fetch sessions with %d partitions are more than allowed", len(c.all), partitions)
	}
	return nil
}
