package partition

import "encoding/binary"

// indexEntry is an entry of an .index file: the last offset of a batch relative
// to the segment's base, and the batch's byte position.
type indexEntry struct{ rel, pos uint32 }

// timeEntry is an entry of a .timeindex file: no record up to rel is younger
// than timestamp.
type timeEntry struct {
	timestamp int64
	rel       uint32
}

const (
	indexEntrySize = 8
	timeEntrySize  = 12
)

// indexed is what a sparse index is made of.
type indexed interface{ indexEntry | timeEntry }

// sparse is a sorted index, most of it on disk: stored entries that a
// checkpoint vouches for, of which memory holds every n-th (n is
// Limits.IndexBlockEntries), and the tail that no checkpoint has written yet.
type sparse[E indexed] struct {
	stored  int
	samples []E // of the stored entries 0, n, 2n, …
	tail    []E
	newest  E // the last entry; zero when there is none
}

func (x *sparse[E]) count() int { return x.stored + len(x.tail) }

func (x *sparse[E]) add(e E) {
	if x.tail == nil {
		x.tail = make([]E, 0, 8)
	}
	x.tail = append(x.tail, e)
	x.newest = e
}

// keep moves the first n entries of the tail to the stored part.
func (x *sparse[E]) keep(n, block int) {
	for i, e := range x.tail[:n] {
		if (x.stored+i)%block == 0 {
			x.samples = append(x.samples, e)
		}
	}
	x.stored += n
	x.tail = x.tail[:copy(x.tail, x.tail[n:])]
}

// search returns how many of n entries satisfy before, which must hold for a
// prefix of them.
func search(n int, before func(int) bool) int {
	lo, hi := 0, n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if before(mid) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (e indexEntry) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, e.rel)
	return binary.BigEndian.AppendUint32(dst, e.pos)
}

func (e timeEntry) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.timestamp))
	return binary.BigEndian.AppendUint32(dst, e.rel)
}

func decodeIndexEntry(b []byte) indexEntry {
	return indexEntry{rel: binary.BigEndian.Uint32(b), pos: binary.BigEndian.Uint32(b[4:])}
}

func decodeTimeEntry(b []byte) timeEntry {
	return timeEntry{timestamp: int64(binary.BigEndian.Uint64(b)), rel: binary.BigEndian.Uint32(b[8:])}
}
