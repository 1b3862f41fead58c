package broker

import (
	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/partition"
	"trialog/core/protocol"
	"trialog/core/replication"
)

// fetchState is a fetch request that has begun. It waits until there is enough
// to read, or its time is up; then it reads; then it is answered.
type fetchState struct {
	session      *fetchSession // whose partitions are read; nil: those that are listed
	sessionEpoch int32         // of session, once this fetch had begun
	opens        bool          // the answer opens a session

	// parts are what is read: what is listed, or what of a session may have news.
	parts    []fetchPart
	total    int64 // bytes that there are to read, as of the last look at each part
	waiting  bool  // for records
	queued   bool  // stands in Broker.toFetch
	overdue  bool  // the wait is over, whatever there is
	held     bool  // a throttle keeps something back, as of the last look
	reading  int   // parts whose lookup waits for the disk
	err      kafka.ErrorCode
	follower bool
}

type fetchPart struct {
	asked   protocol.FetchPartition // a copy: what a session asks changes with the next fetch
	slot    int32                   // in the session
	tp      kafka.TopicPartition
	err     kafka.ErrorCode
	host    *host
	view    replication.Readable
	near    kafka.BrokerID // who shall be asked instead (KIP-392); NoBroker: nobody
	listed  bool           // waits with its replica
	held    bool           // a throttle keeps it back
	bytes   int64          // about how many there are to read
	counted int64          // of bytes, in fetchState.total
	budget  int32          // how many it may return
	exact   bool           // no more than budget, even if that is none
	lookup  partition.Lookup
	records []byte
}

func (s *fetchState) reset() {
	for i := range s.parts {
		p := &s.parts[i]
		*p = fetchPart{lookup: p.lookup}
		p.lookup.Records = nil
	}
	*s = fetchState{parts: s.parts[:0]}
}

// beginFetch looks whether there is enough to read, and waits otherwise.
func (b *Broker) beginFetch(r *request) {
	body := r.body.(*protocol.FetchRequest)
	s := &r.fetch
	if s.err = b.joinSession(r, body); s.err != kafka.None {
		b.counters.Errors++
		b.finish(r, nil)
		return
	}
	s.follower = body.ReplicaID >= 0
	for i := range s.parts {
		p := &s.parts[i]
		b.locatePart(r, p)
		if s.follower && p.host != nil {
			if p.err = b.followerFetched(p.host, &p.asked, body); p.err != kafka.None {
				p.host = nil // there is nothing to look at
			}
		}
	}
	wait := b.fetchWait(s, kafka.Ms(int64(max(0, body.MaxWaitMs))))
	s.overdue = wait == 0
	if b.tryFetch(r) {
		return
	}
	until := b.now.Mono.Add(wait)
	if s.held { // there is something to read, once it may be
		until = min(until, b.sending.paidAt)
	}
	b.deadlines.add(r, until)
	b.counters.WaitingFetches++
}

// locatePart finds the replica that a part of a fetch is about.
func (b *Broker) locatePart(r *request, p *fetchPart) {
	s := &r.fetch
	q := &p.asked
	p.tp, p.err = b.locate(q.Topic, q.TopicID, q.Partition, r.version >= protocol.FetchTopicIDs)
	if s.follower && !b.fromBroker(r.conn) {
		p.err = kafka.ErrTopicAuthorizationFailed
	}
	if p.err == kafka.None {
		if p.host = b.find(p.tp); p.host == nil {
			p.err = kafka.ErrNotLeaderOrFollower
		}
	}
	if s.session != nil {
		s.session.watch(p.slot, p.host)
	}
}

// followerFetched tells a replica how far a follower is. A follower counts only
// under the broker epoch that is registered (KIP-903).
func (b *Broker) followerFetched(h *host, q *protocol.FetchPartition, body *protocol.FetchRequest) kafka.ErrorCode {
	peer := b.state.Image().Broker(body.ReplicaID)
	if peer == nil || peer.Epoch != body.ReplicaEpoch {
		return kafka.ErrStaleBrokerEpoch
	}
	b.in.progress = replication.FollowerFetched{
		Broker: body.ReplicaID, BrokerEpoch: body.ReplicaEpoch, Eligible: peer.Eligible(), Epoch: q.CurrentLeaderEpoch,
		FetchOffset: q.FetchOffset, LastFetchedEpoch: q.LastFetchedEpoch, DurableEndOffset: q.DurableEndOffset,
		LogStartOffset: q.LogStartOffset,
	}
	b.stepReplica(h, &b.in.progress)
	return kafka.None
}

// add makes room for a part, reusing memory.
func (s *fetchState) add() *fetchPart {
	if len(s.parts) < cap(s.parts) {
		s.parts = s.parts[:len(s.parts)+1]
	} else {
		s.parts = append(s.parts, fetchPart{})
	}
	return &s.parts[len(s.parts)-1]
}

// tryFetch starts reading when there is enough, when something is wrong, or
// when the wait is over. Otherwise the fetch waits. One that waits in a session
// looks again only at what has changed since.
func (b *Broker) tryFetch(r *request) bool {
	body := r.body.(*protocol.FetchRequest)
	s := &r.fetch
	if s.overtaken() {
		b.endWait(r)
		b.finish(r, nil)
		return true
	}
	now := s.overdue || s.session == nil && len(s.parts) == 0
	if s.session != nil && s.waiting && !s.overdue {
		now = b.lookAtChanged(r)
	} else {
		s.held = false
		for i := range s.parts {
			now = b.lookAt(s, &s.parts[i], body) || now
		}
	}
	if s.total < int64(body.MinBytes) && !now {
		b.waitForRecords(r)
		return false
	}
	if s.waiting {
		b.endWait(r)
	}
	b.read(r)
	return true
}

// lookAt looks at one part, keeps count of what there is to read, and tells
// whether the fetch is to be answered because of it, whatever there is.
func (b *Broker) lookAt(s *fetchState, p *fetchPart, body *protocol.FetchRequest) bool {
	b.look(p, body)
	b.counters.FetchLooks++
	s.total -= p.counted
	p.counted = min(p.bytes, int64(p.asked.PartitionMaxBytes))
	s.total += p.counted
	s.held = s.held || p.held
	return p.err != kafka.None || p.view.Diverging.Set || p.near != kafka.NoBroker || s.tellsWatermark(p)
}

// lookAtChanged looks at the partitions of a session that have changed since the
// fetch that waits in it has looked at them.
func (b *Broker) lookAtChanged(r *request) (now bool) {
	body := r.body.(*protocol.FetchRequest)
	s := &r.fetch
	f := s.session
	for _, at := range f.changed {
		slot := &f.slots[at]
		slot.changed = false
		if slot.part == noSlot {
			b.locatePart(r, s.take(f, at))
		}
		now = b.lookAt(s, &s.parts[slot.part], body) || now
	}
	f.changed = f.changed[:0]
	return now
}

// overtaken tells whether a later fetch has gone on in the session meanwhile.
func (s *fetchState) overtaken() bool { return s.session != nil && s.session.epoch != s.sessionEpoch }

// tellsWatermark tells whether a follower is to hear at once that the high
// watermark has moved, because its own readers wait for that (KIP-392), or the
// log start, because a DeleteRecords waits.
func (s *fetchState) tellsWatermark(p *fetchPart) bool {
	if !s.follower || s.session == nil || p.host == nil || p.view.Wait {
		return false
	}
	told := &s.session.slots[p.slot].told
	return p.view.HighWatermark > told.highWatermark || p.view.LogStartOffset > told.logStartOffset
}

// look asks a replica what the reader may see, and how much of that there is.
func (b *Broker) look(p *fetchPart, body *protocol.FetchRequest) {
	p.near, p.held = kafka.NoBroker, false
	if p.host == nil {
		return
	}
	q := &p.asked
	reader := replication.Reader{
		Replica: kafka.NoBroker, CurrentLeaderEpoch: q.CurrentLeaderEpoch, Offset: q.FetchOffset,
		LastFetchedEpoch: q.LastFetchedEpoch, ReadCommitted: body.ReadCommitted,
	}
	if body.ReplicaID >= 0 {
		reader.Replica = body.ReplicaID
	}
	reader.MayFollow = readsNearby(body)
	p.view = p.host.replica.Read(&reader)
	p.err = p.view.Err
	p.bytes = 0
	switch {
	case p.host.retired:
		p.err = kafka.ErrUnknownTopicOrPartition
	case p.err != kafka.None || p.view.Wait:
	case b.mustWait(p.host, body):
		p.held = true
	case b.sendAway(p, body):
	case q.FetchOffset < p.view.EndOffset:
		p.bytes = max(1, p.host.replica.Log.BytesBetween(q.FetchOffset, p.view.EndOffset))
	}
}

// waitForRecords lists the fetch where it is woken: with its session, which hears
// of every change, or else with the replicas.
func (b *Broker) waitForRecords(r *request) {
	s := &r.fetch
	s.waiting = true
	if s.session != nil {
		s.session.waits = r.token
		return
	}
	for i := range s.parts {
		p := &s.parts[i]
		if p.host == nil || p.listed {
			continue
		}
		p.listed = true
		b.in.wait = replication.Wait{Ticket: replication.Ticket{Request: uint64(r.token), Place: int32(i)}, Follower: s.follower}
		p.host.replica.Step(b.now, &b.in.wait, &b.replicated)
	}
}

// endWait takes a fetch back from where it waits.
func (b *Broker) endWait(r *request) {
	r.fetch.waiting = false
	b.counters.WaitingFetches--
	b.deadlines.remove(r)
	b.unlist(r)
}

// unlist takes a fetch back from its session, or the replicas that it still waits with.
func (b *Broker) unlist(r *request) {
	if f := r.fetch.session; f != nil {
		if f.waits == r.token {
			f.waits = nobody
		}
		return
	}
	for i := range r.fetch.parts {
		p := &r.fetch.parts[i]
		if !p.listed {
			continue
		}
		p.listed = false
		b.in.unwait.Ticket = replication.Ticket{Request: uint64(r.token), Place: int32(i)}
		p.host.replica.Step(b.now, &b.in.unwait, &b.replicated)
	}
}

// wakeFetch lets a fetch look again that waited with a replica.
func (b *Broker) wakeFetch(t replication.Ticket) {
	if r := b.wake(token(t.Request)); r != nil {
		r.fetch.parts[t.Place].listed = false
	}
}

// wake lets a waiting fetch look again, once this Step has settled.
func (b *Broker) wake(t token) *request {
	r := b.requests.get(t)
	if r == nil || r.state != requestRunning || !r.fetch.waiting {
		return nil
	}
	b.out.Watch.Reached(must.FetchWaited)
	if !r.fetch.queued {
		r.fetch.queued = true
		b.toFetch = append(b.toFetch, r.token)
	}
	return r
}

func (b *Broker) settleFetches() {
	for i := 0; i < len(b.toFetch); i++ {
		r := b.requests.get(b.toFetch[i])
		if r == nil || r.state != requestRunning || !r.fetch.queued {
			continue
		}
		r.fetch.queued = false
		if r.fetch.waiting {
			b.tryFetch(r)
		}
	}
	b.toFetch = b.toFetch[:0]
}

// expireFetch ends the wait: what there is will do.
func (b *Broker) expireFetch(r *request) {
	r.fetch.overdue = true
	b.tryFetch(r)
}

// cancelFetch forgets a fetch whose connection is gone. Reads under way find
// nobody when they come back.
func (b *Broker) cancelFetch(r *request) {
	if r.fetch.waiting {
		b.endWait(r)
	}
	b.deadlines.remove(r)
	b.unlist(r)
}
