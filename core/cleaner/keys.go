package cleaner

import (
	"crypto/sha256"
	"encoding/binary"

	"trialog/core/kafka"
	"trialog/core/must"
)

// slotBytes is what a key takes in Keys.
const slotBytes = 24

// Keys remembers the newest offset of each of a bounded number of keys. Two keys
// are taken for one if they agree in 128 bits of their SHA-256: nobody can make
// such a pair, so that no producer can have the records of another removed.
type Keys struct {
	slots []keySlot
	limit int
	count int
	last  kafka.Offset // that was put, NoOffset when none
}

// keySlot is free while its end is 0.
type keySlot struct {
	a, b uint64
	end  kafka.Offset // one past the offset
}

// NewKeys makes room for so many keys, but for no more than fit into limit
// bytes, and at least for one.
func NewKeys(keys, limit int64) *Keys {
	n := max(min(keys+keys/3+1, limit/slotBytes), 2) // a quarter stays free
	return &Keys{slots: make([]keySlot, n), limit: int(max(n*3/4, 1)), last: kafka.NoOffset}
}

// Len is the number of keys.
func (k *Keys) Len() int { return k.count }

// Bytes is what the map takes.
func (k *Keys) Bytes() int64 { return int64(len(k.slots)) * slotBytes }

// Put notes that key stands at offset, which is above all that were put before.
// False: there is no room, and nothing was noted.
func (k *Keys) Put(key []byte, offset kafka.Offset) bool {
	must.True(offset > k.last, "records are noted in the order of their offsets")
	s := k.find(key)
	if s.end == 0 {
		if k.count == k.limit {
			return false
		}
		k.count++
	}
	s.end = offset + 1
	k.last = offset
	return true
}

// Newest is the offset at which key stands, NoOffset when the map has not met it.
func (k *Keys) Newest(key []byte) kafka.Offset { return k.find(key).end - 1 }

// find returns the slot of a key, or the free one where it belongs.
func (k *Keys) find(key []byte) *keySlot {
	digest := sha256.Sum256(key)
	a, b := binary.LittleEndian.Uint64(digest[:]), binary.LittleEndian.Uint64(digest[8:])
	for i := a % uint64(len(k.slots)); ; i++ {
		if i == uint64(len(k.slots)) {
			i = 0
		}
		s := &k.slots[i]
		if s.end == 0 {
			s.a, s.b = a, b
			return s
		}
		if s.a == a && s.b == b {
			return s
		}
	}
}
