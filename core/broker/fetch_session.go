package broker

import (
	"errors"
	"math"

	"trialog/core/kafka"
	"trialog/core/must"
	"trialog/core/protocol"
	"trialog/core/replication"
)

// Epochs of a fetch session that are none (KIP-227): a fetch with firstEpoch
// lists all its partitions and wants a session, one with noEpoch wants none.
const (
	firstEpoch int32 = 0
	noEpoch    int32 = -1
)

// fetchSession is what a reader reads, so that its next fetch names only what
// it wants changed and is told only what has changed (KIP-227). The epoch ties
// both sides together: a fetch that does not name the one that is due comes
// from a reader that has missed an answer, or has been overtaken.
//
// A fetch looks only at the partitions that are due: what its reader has named,
// what has changed since it was looked at last (fetch_changes.go), and what an
// answer could not conclude.
type fetchSession struct {
	id     int32
	epoch  int32 // that the next fetch must name
	byID   bool  // topics are named by ID
	reader sessionReader
	place  int   // in fetchSessions.all
	waits  token // the fetch that waits for news; nobody: none

	created kafka.Instant
	used    kafka.Instant

	// The partitions have slots. Those that are due stand in a list: who has got
	// records goes to its end, so that a busy partition does not keep the others
	// from their turn.
	slots       []sessionSlot
	first, last int32
	unused      int32   // the first of a chain by next
	changed     []int32 // since the fetch that is under way has looked at them
	find        map[sessionKey]int32
}

// sessionReader is what a fetch says of its reader, and what is known of it, as
// far as answers depend on that.
type sessionReader struct {
	replica   kafka.BrokerID    // NoBroker: a consumer
	epoch     kafka.BrokerEpoch // as the fetch has it
	current   bool              // that is the registered one
	eligible  bool              // it may be in ISRs
	trusted   bool              // its connection is another broker's
	committed bool
	rack      string
}

// sessionKey is how a reader names a partition.
type sessionKey struct {
	topic     string
	id        kafka.TopicID
	partition kafka.PartitionIndex
}

// sessionSlot is one partition of a session, or unused.
type sessionSlot struct {
	asked      protocol.FetchPartition // as the reader asked last
	told       bounds                  // as it was answered last
	prev, next int32                   // among those that are due
	used       bool
	due        bool  // the next fetch has to look at it
	marked     bool  // it has changed since the last fetch began
	changed    bool  // stands in fetchSession.changed
	part       int32 // of the fetch that is under way; noSlot: that one has not looked at it
	host       *host // whose changes mark it; nil: none, and it is due
	seat       int32 // in host.readers
}

// nobody is no request's token.
const nobody token = 0

// noSlot ends a chain of slots.
const noSlot = -1

// bounds are the offsets that a reader is told beside its records. When one of
// them moves, it is told again.
type bounds struct {
	highWatermark, lastStableOffset, logStartOffset kafka.Offset
}

// untold are the bounds of a partition whose reader knows nothing of it.
func untold() bounds { return bounds{kafka.NoOffset, kafka.NoOffset, kafka.NoOffset} }

func boundsOf(v *replication.Readable) bounds {
	return bounds{v.HighWatermark, v.LastStableOffset, v.LogStartOffset}
}

func newFetchSession() *fetchSession {
	return &fetchSession{epoch: 1, first: noSlot, last: noSlot, unused: noSlot, find: make(map[sessionKey]int32)}
}

// nextEpoch follows an epoch; after the largest comes 1, as 0 opens a session.
func nextEpoch(epoch int32) int32 {
	if epoch == math.MaxInt32 {
		return 1
	}
	return epoch + 1
}

func (f *fetchSession) key(topic string, id kafka.TopicID, p kafka.PartitionIndex) sessionKey {
	if f.byID {
		return sessionKey{id: id, partition: p}
	}
	return sessionKey{topic: topic, partition: p}
}

// size counts the partitions.
func (f *fetchSession) size() int { return len(f.find) }

// put takes a partition in, or changes what is asked of it; it is due then.
func (f *fetchSession) put(q *protocol.FetchPartition) int32 {
	key := f.key(q.Topic, q.TopicID, q.Partition)
	if at, there := f.find[key]; there {
		f.slots[at].asked = *q
		f.look(at)
		return at
	}
	at := f.unused
	if at == noSlot {
		at = int32(len(f.slots))
		f.slots = append(f.slots, sessionSlot{})
	} else {
		f.unused = f.slots[at].next
	}
	f.slots[at] = sessionSlot{asked: *q, told: untold(), used: true, part: noSlot}
	f.look(at)
	f.find[key] = at
	return at
}

// drop takes a partition out.
func (f *fetchSession) drop(key sessionKey) {
	at, there := f.find[key]
	if !there {
		return
	}
	delete(f.find, key)
	f.watch(at, nil)
	if f.slots[at].due {
		f.unlink(at)
	}
	f.slots[at] = sessionSlot{next: f.unused}
	f.unused = at
}

// look has the next fetch look at a partition. Those that are due already keep
// their turn.
func (f *fetchSession) look(at int32) {
	if s := &f.slots[at]; !s.due {
		s.due = true
		f.link(at)
	}
}

// lookAtAll has the next fetch look at every partition.
func (f *fetchSession) lookAtAll() {
	for at := range f.slots {
		if f.slots[at].used {
			f.look(int32(at))
		}
	}
}

// link puts a slot at the end of those that are due.
func (f *fetchSession) link(at int32) {
	s := &f.slots[at]
	s.prev, s.next = f.last, noSlot
	if f.last == noSlot {
		f.first = at
	} else {
		f.slots[f.last].next = at
	}
	f.last = at
}

// unlink takes a slot out of those that are due.
func (f *fetchSession) unlink(at int32) {
	s := &f.slots[at]
	if s.prev == noSlot {
		f.first = s.next
	} else {
		f.slots[s.prev].next = s.next
	}
	if s.next == noSlot {
		f.last = s.prev
	} else {
		f.slots[s.next].prev = s.prev
	}
}

// answer takes what a fetch found of a partition and tells whether its reader
// must be told: of records, of errors, of a history that parts from ours, of
// bounds that moved.
func (f *fetchSession) answer(p *fetchPart) bool {
	s := &f.slots[p.slot]
	if p.err != kafka.None {
		s.told = untold() // once the error is gone, the reader is told so
		return true
	}
	moved := s.told != boundsOf(&p.view)
	s.told = boundsOf(&p.view)
	if len(p.records) > 0 {
		f.unlink(p.slot)
		f.link(p.slot)
	}
	return moved || len(p.records) > 0 || p.view.Diverging.Set || p.near != kafka.NoBroker
}

// leaveOut tells whether an answer may leave a partition out, and checks apart
// from what decided so that the reader knows all that there is to tell of it.
func (f *fetchSession) leaveOut(p *fetchPart) bool {
	knew := f.slots[p.slot].told
	told := f.answer(p)
	f.conclude(p)
	if told {
		return false
	}
	must.True(p.err == kafka.None && len(p.records) == 0 && !p.view.Diverging.Set && knew == boundsOf(&p.view),
		"B18 an answer in a fetch session leaves out only what its reader knows")
	return true
}

// conclude lets fetches pass a partition over until something happens to it: its
// reader has been told everything, and nothing has changed since the fetch began.
func (f *fetchSession) conclude(p *fetchPart) {
	s := &f.slots[p.slot]
	if s.marked || p.err != kafka.None || p.bytes > 0 || p.held || p.view.Diverging.Set || p.near != kafka.NoBroker {
		return
	}
	f.unlink(p.slot)
	s.due, s.part = false, noSlot
}

// check checks B17 and B21.
func (f *fetchSession) check() error {
	used, due := 0, 0
	for at := range f.slots {
		s := &f.slots[at]
		if !s.used {
			continue
		}
		used++
		due += ones(s.due)
		if found, there := f.find[f.key(s.asked.Topic, s.asked.TopicID, s.asked.Partition)]; !there || found != int32(at) {
			return errors.New("B17: a partition of a fetch session is not where it is looked for")
		}
		if s.host == nil && !s.due || s.host != nil && s.host.readers[s.seat] != (sessionSeat{f, int32(at)}) {
			return errors.New("B21: nobody tells a fetch session of the changes of a partition that it passes over")
		}
	}
	n, prev := 0, int32(noSlot)
	for at := f.first; at != noSlot && n <= due; at = f.slots[at].next {
		if s := &f.slots[at]; !s.due || s.prev != prev {
			return errors.New("B17: a partition stands among those that are due, and is not")
		}
		n++
		prev = at
	}
	if used != f.size() || n != due || f.last != prev {
		return errors.New("B17: a fetch session does not hold each of its partitions once")
	}
	return nil
}
