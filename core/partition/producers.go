package partition

import (
	"slices"

	"trialog/core/batch"
	"trialog/core/kafka"
)

// cachedBatches is how many batches of a producer a log remembers; Java's
// clients keep at most as many requests in flight.
const cachedBatches = 5

// producers is the producer state of a log (KIP-98): what each idempotent
// producer wrote last. It is a function of the log's batches, save for the
// receipt times, so leader, follower and a rebuilt replica agree.
type producers struct {
	slots []producer
	free  []int32
	byID  map[kafka.ProducerID]int32
}

// producer is what the log remembers of one producer ID.
type producer struct {
	used             bool
	id               kafka.ProducerID
	epoch            kafka.ProducerEpoch
	coordinatorEpoch kafka.CoordinatorEpoch // of the last marker, -1 when none
	openFirst        kafka.Offset           // first offset of its open transaction, NoOffset when none
	received         kafka.Instant          // when the last batch came in, on this broker's clock
	lastTimestamp    kafka.TimestampMs      // of its last batch's records; shown to people only
	n                int8                   // batches in cached, oldest first
	cached           [cachedBatches]cachedBatch
}

// cachedBatch is one remembered batch.
type cachedBatch struct {
	baseSequence kafka.Sequence
	lastSequence kafka.Sequence
	baseOffset   kafka.Offset
	lastOffset   kafka.Offset
	timestamp    kafka.TimestampMs // the batch's largest, or the log append time
}

func newProducers() producers {
	return producers{byID: make(map[kafka.ProducerID]int32)}
}

// find returns the state of id, nil when there is none.
func (p *producers) find(id kafka.ProducerID) *producer {
	if i, ok := p.byID[id]; ok {
		return &p.slots[i]
	}
	return nil
}

// take returns the state of id, made if there is none.
func (p *producers) take(id kafka.ProducerID) *producer {
	if i, ok := p.byID[id]; ok {
		return &p.slots[i]
	}
	var i int32
	if n := len(p.free); n > 0 {
		i = p.free[n-1]
		p.free = p.free[:n-1]
	} else {
		i = int32(len(p.slots))
		p.slots = append(p.slots, producer{})
	}
	p.byID[id] = i
	p.slots[i] = producer{used: true, id: id, epoch: kafka.NoProducerEpoch, coordinatorEpoch: -1,
		openFirst: kafka.NoOffset, lastTimestamp: kafka.NoTimestamp}
	return &p.slots[i]
}

// apply remembers an appended batch.
func (p *producers) apply(now kafka.Now, b batch.View, base, last kafka.Offset, timestamp kafka.TimestampMs) {
	if b.ProducerID() == kafka.NoProducerID {
		return
	}
	e := p.take(b.ProducerID())
	if e.epoch != b.ProducerEpoch() {
		e.epoch = b.ProducerEpoch()
		e.n = 0
	}
	e.received = now.Mono
	e.lastTimestamp = timestamp
	if b.Control() {
		return
	}
	if e.n > 0 && b.BaseSequence() != e.expected() {
		e.n = 0 // the leader had forgotten the producer in between
	}
	if e.n == cachedBatches {
		copy(e.cached[:], e.cached[1:])
		e.n--
	}
	e.cached[e.n] = cachedBatch{
		baseSequence: b.BaseSequence(),
		lastSequence: b.LastSequence(),
		baseOffset:   base,
		lastOffset:   last,
		timestamp:    timestamp,
	}
	e.n++
}

// expire forgets producers from which nothing was received for the given time,
// and returns how many and the largest ID of them.
func (p *producers) expire(now kafka.Now, idle kafka.Duration) (n int, largest kafka.ProducerID) {
	largest = kafka.NoProducerID
	for i := range p.slots {
		e := &p.slots[i]
		if e.used && e.openFirst == kafka.NoOffset && e.expired(now, idle) {
			largest = max(largest, e.id)
			delete(p.byID, e.id)
			*e = producer{}
			p.free = append(p.free, int32(i))
			n++
		}
	}
	return n, largest
}

// expired goes by the monotonic time of receipt. Record timestamps are the
// client's to choose, and the wall clock jumps; either would forget a producer
// that may still retry. Time during which the node is down does not count.
func (e *producer) expired(now kafka.Now, idle kafka.Duration) bool {
	return now.Mono.Sub(e.received) >= idle
}

// sorted returns the used slots by producer ID.
func (p *producers) sorted() []int32 {
	order := make([]int32, 0, len(p.byID))
	for i := range p.slots {
		if p.slots[i].used {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int { //order: producer IDs differ
		if p.slots[a].id < p.slots[b].id {
			return -1
		}
		return 1
	})
	return order
}

// ExpireProducers forgets producers that have been idle for
// Limits.ProducerExpiry, and returns how many. Call it once in a while, on a
// monotonic period.
func (l *Log) ExpireProducers(now kafka.Now) int {
	n, largest := l.producers.expire(now, l.limits.ProducerExpiry)
	l.forgotten = max(l.forgotten, largest)
	return n
}

// mayHaveForgotten tells whether a producer that the log does not know may have
// written to it before: producers up to its ID were forgotten, or the log does
// not begin at offset 0 (any more), so that a replica built from what is left of
// it never met those who wrote the rest.
func (l *Log) mayHaveForgotten(id kafka.ProducerID) bool {
	return id <= l.forgotten || l.LogStartOffset > 0
}

// Producers is the number of producers that the log remembers.
func (l *Log) Producers() int { return len(l.producers.byID) }
