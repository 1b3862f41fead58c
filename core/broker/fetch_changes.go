package broker

import (
	"trialog/core/protocol"
	"trialog/core/replication"
)

// A fetch in a session looks at the partitions that are due, and passes the others
// over: of those its reader knows everything, and they have not changed. A replica
// knows which sessions read it, and what their readers saw; when that changes its
// partition becomes due in each of them, and whoever waits there looks at it.

// sessionSeat is a partition's slot in a session, as its replica knows it.
type sessionSeat struct {
	session *fetchSession
	slot    int32
}

// watch has a replica's changes mark a slot, and no other's; nil: nobody's do.
func (f *fetchSession) watch(at int32, h *host) {
	s := &f.slots[at]
	if s.host == h {
		return
	}
	if old := s.host; old != nil {
		last := len(old.readers) - 1
		moved := old.readers[last]
		old.readers[s.seat] = moved
		moved.session.slots[moved.slot].seat = s.seat
		old.readers[last] = sessionSeat{}
		old.readers = old.readers[:last]
	}
	s.host = h
	if h == nil {
		f.look(at)
		return
	}
	if len(h.readers) == 0 {
		h.shown = h.replica.Sight()
	}
	s.seat = int32(len(h.readers))
	h.readers = append(h.readers, sessionSeat{f, at})
}

// noteChange tells the sessions that read a replica what has changed of it.
// Followers see more than consumers do.
func (b *Broker) noteChange(h *host) {
	if len(h.readers) == 0 {
		return
	}
	now := h.replica.Sight()
	if now == h.shown {
		return
	}
	all := now.Counted != h.shown.Counted
	h.shown = now
	for _, s := range h.readers {
		if all || s.session.reader.follows() {
			b.mark(s.session, s.slot)
		}
	}
}

// mark makes a partition due that has changed, and wakes who waits for that.
func (b *Broker) mark(f *fetchSession, at int32) {
	f.look(at)
	s := &f.slots[at]
	s.marked = true
	if !s.changed {
		s.changed = true
		f.changed = append(f.changed, at)
	}
	if f.waits != nobody {
		b.wake(f.waits)
	}
}

// confirmFollowers tells a replica, before its log grows, that followers whose
// fetches have passed it over were still where they said to be.
func (b *Broker) confirmFollowers(h *host) {
	for _, s := range h.readers {
		who := &s.session.reader
		if !who.follows() {
			continue
		}
		asked := &s.session.slots[s.slot].asked
		b.in.stayed = replication.FollowerStayed{
			Broker: who.replica, BrokerEpoch: who.epoch, Epoch: asked.CurrentLeaderEpoch,
			FetchOffset: asked.FetchOffset, At: s.session.used,
		}
		h.replica.Step(b.now, &b.in.stayed, &b.replicated)
	}
}

// follows tells whether the reader is a replica.
func (r *sessionReader) follows() bool { return r.replica >= 0 && r.trusted }

// sessionReader is who fetches.
func (b *Broker) sessionReader(r *request, body *protocol.FetchRequest) sessionReader {
	who := sessionReader{
		replica: body.ReplicaID, epoch: body.ReplicaEpoch, trusted: b.fromBroker(r.conn),
		committed: body.ReadCommitted, rack: body.RackID,
	}
	if peer := b.state.Image().Broker(body.ReplicaID); body.ReplicaID >= 0 && peer != nil {
		who.current, who.eligible = peer.Epoch == body.ReplicaEpoch, peer.Eligible()
	}
	return who
}
