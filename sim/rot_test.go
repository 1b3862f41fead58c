package sim

import (
	"encoding/binary"
	"testing"

	"trialog/core/batch"
	simdisk "trialog/sim/disk"
)

// segment is one of batches of two records each, and where they begin.
func segment(bases ...uint64) (bytes []byte, at []int64) {
	for _, base := range bases {
		var b batch.Builder
		b.Reset()
		b.Append(1000, nil, []byte("one"))
		b.Append(1000, nil, []byte("two"))
		v := b.Build()
		binary.BigEndian.PutUint64(v, base)
		at = append(at, int64(len(bytes)))
		bytes = append(bytes, v...)
	}
	return bytes, at
}

// TestHidden: a flipped bit that a reader has to notice is never taken for one that
// nobody can see.
func TestHidden(t *testing.T) {
	const plain, cleaned = "logs/00000000000000000001/00000000000000000100.log", "logs/00000000000000000001/00000000000000000100-3.log"
	for _, c := range []struct {
		name, path string
		bases      []uint64
		batch      int   // whose bytes
		at         int64 // of the batch
		bit        uint8
		want       bool
	}{
		{"up, into a gap", plain, []uint64{100, 102, 110}, 1, 7, 0, true},
		{"down, into a gap", plain, []uint64{100, 107, 110}, 1, 7, 0, true},
		{"up, into the batch behind", plain, []uint64{100, 102, 104}, 1, 7, 0, false},
		{"down, into the batch before", plain, []uint64{100, 102, 110}, 1, 7, 1, false},
		{"below the segment", plain, []uint64{100, 102}, 0, 7, 2, false},
		{"far away", plain, []uint64{100, 102, 110}, 1, 2, 0, false},
		{"not of the base offset", plain, []uint64{100, 102, 110}, 1, 8, 0, false},
		{"the last one, where nothing is missing", plain, []uint64{100, 102}, 1, 7, 0, false},
		{"the last one, where something is", plain, []uint64{100, 106}, 1, 7, 0, true},
		{"the last one of a cleaned segment", cleaned, []uint64{100, 102}, 1, 7, 0, true},
		{"an index", "logs/00000000000000000001/00000000000000000100.index", []uint64{100, 102, 110}, 1, 7, 0, false},
	} {
		bytes, at := segment(c.bases...)
		place := simdisk.Place{Path: c.path, Off: at[c.batch] + c.at, Bit: c.bit}
		bytes[place.Off] ^= 1 << c.bit
		if got := hidden(bytes, &place); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}
