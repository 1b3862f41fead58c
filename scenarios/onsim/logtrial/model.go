package logtrial

import "slices"

// The model speaks plain numbers: it must not lean on the code on trial.

// record is one batch as it must stand on disk.
type record struct {
	base, last       int64
	epoch            int32
	hash             uint64 // of the stamped bytes
	producer         int64  // -1: none
	producerEpoch    int16
	firstSeq, endSeq int32   // first and last sequence
	times            []int64 // of the records
}

type epochStart struct {
	epoch int32
	start int64
}

// state is what a log holds.
type state struct {
	exists  bool
	batches []record
	epochs  []epochStart
	start   int64
	end     int64
}

type changeKind uint8

const (
	changeCreate changeKind = iota + 1
	changeAppend
	changeEpoch
	changeStart
	changeTruncate
	changeDelete
)

// change is one step of a log's life.
type change struct {
	kind   changeKind
	ref    uint64
	batch  record
	offset int64 // epoch's start, new log start, cut
	epoch  int32
}

// apply returns the state after a change. The batches of the state before are
// not changed, so that states may share them.
func (s state) apply(c *change) state {
	switch c.kind {
	case changeCreate:
		s.exists = true
	case changeAppend:
		s.batches = append(s.batches[:len(s.batches):len(s.batches)], c.batch)
		s = s.startEpoch(c.batch.epoch, c.batch.base)
		s.end = c.batch.last + 1
	case changeEpoch:
		s = s.startEpoch(c.epoch, c.offset)
	case changeStart:
		s.start = c.offset
	case changeTruncate:
		n := len(s.batches)
		for n > 0 && s.batches[n-1].base >= c.offset {
			n--
		}
		s.batches = s.batches[:n:n]
		s.end = c.offset
		m := len(s.epochs)
		for m > 0 && s.epochs[m-1].start >= c.offset {
			m--
		}
		s.epochs = s.epochs[:m:m]
	case changeDelete:
		s = state{}
	}
	return s
}

func (s state) startEpoch(epoch int32, start int64) state {
	if n := len(s.epochs); n > 0 && s.epochs[n-1].epoch >= epoch {
		return s
	}
	list := s.epochs[:len(s.epochs):len(s.epochs)]
	for len(list) > 0 && list[len(list)-1].start >= start {
		list = list[: len(list)-1 : len(list)-1] // nothing was written in it
	}
	s.epochs = append(list, epochStart{epoch, start})
	return s
}

// model is what is known of one log.
type model struct {
	id     uint64
	synced bool // every change is journaled
	base   state
	now    state
	// changes since base. The first durable of them survive anything, the first
	// written of them are in the page cache.
	changes          []change
	durable, written int
	// undone are batches that the last truncation took away.
	undone []record
	// cut, in a log that does not journal its appends, is one past the last
	// truncation whose files have been cut: nothing before it can come back.
	cut int
}

func (m *model) add(c change) {
	m.changes = append(m.changes, c)
	if c.kind == changeTruncate {
		m.undone = m.undone[:0]
		for _, b := range m.now.batches {
			if b.base >= c.offset && len(m.undone) < 8 {
				m.undone = append(m.undone, b)
			}
		}
	}
	m.now = m.now.apply(&c)
}

// advance notes how far changes are written and durable.
func (m *model) advance(written, durable uint64) {
	for m.written < len(m.changes) && m.changes[m.written].ref <= written {
		m.written++
	}
	for m.durable < m.written && m.changes[m.durable].ref <= durable {
		m.durable++
	}
}

// settle makes a state that was found the new base.
func (m *model) settle(s state) {
	m.base, m.now = s, s
	m.changes, m.undone = m.changes[:0], m.undone[:0]
	m.durable, m.written, m.cut = 0, 0, 0
}

// filesCut notes that the files are what the last truncation left; true: they
// have not been before.
func (m *model) filesCut() bool {
	for i := len(m.changes); i > m.cut; i-- {
		if m.changes[i-1].kind == changeTruncate {
			m.cut = i
			return true
		}
	}
	return false
}

// after is the state after the first k changes.
func (m *model) after(k int) state {
	s := m.base
	for i := range m.changes[:k] {
		s = s.apply(&m.changes[i])
	}
	return s
}

// same compares what recovery must bring back exactly.
func (s *state) same(o *state) bool {
	if s.exists != o.exists || !s.exists {
		return s.exists == o.exists
	}
	if s.end != o.end || s.start != o.start {
		return false
	}
	return s.prefixOf(o) && o.prefixOf(s) && slices.Equal(s.livingEpochs(), o.livingEpochs())
}

// livingEpochs leaves out the epochs that ended below the log start: a log drops
// them when it moves its start, or when it is recovered. The last one ends with
// the log: whether an empty log still knows it depends on whether a later epoch
// stood there when the start was moved, and was cut off since.
func (s *state) livingEpochs() []epochStart {
	list := s.epochs
	for len(list) > 1 && list[1].start <= s.start {
		list = list[1:]
	}
	if len(list) == 1 && list[0].start < s.start && s.end <= s.start {
		return nil
	}
	return list
}

// prefixOf tells whether the batches are the first ones of another state, as
// far as both serve them: what lies below the larger start is not compared.
func (s *state) prefixOf(o *state) bool {
	from := max(s.start, o.start)
	mine, other := s.served(from), o.served(from)
	if len(mine) > len(other) {
		return false
	}
	for i := range mine {
		if mine[i].base != other[i].base || mine[i].hash != other[i].hash {
			return false
		}
	}
	return true
}

// served are the batches that hold offsets from a start on.
func (s *state) served(from int64) []record {
	for i := range s.batches {
		if s.batches[i].last >= from {
			return s.batches[i:]
		}
	}
	return nil
}

// digest is a hash of the batches, for the history; 0 only when there are none.
func (s *state) digest() uint64 {
	h := uint64(0)
	for _, b := range s.served(s.start) {
		h = mix(h ^ b.hash ^ uint64(b.base)<<32)
	}
	return h
}

// mix is splitmix64's finalizer.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// hashBytes hashes what stands on disk (FNV-1a, then mixed).
func hashBytes(b []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, c := range b {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	return mix(h)
}
