package batch

import "trialog/core/kafka"

// Cut is what CutToWhole made of a segment's bytes.
type Cut struct {
	// Records are whole batches, verified, from the one that holds the wanted
	// offset (or the first above it) on.
	Records []byte
	// Skipped counts the bytes in front of Records: whole batches that end
	// below the wanted offset.
	Skipped int
	// SkippedTo is one past the last batch skipped, NoOffset when there was none.
	SkippedTo kafka.Offset
	// Need is the size of the batch at Skipped when it is incomplete and
	// Records is empty: read as many bytes from there. 0: nothing is missing.
	Need int
	// End tells that a batch at or above the end offset was met.
	End bool
	// Damaged tells that bytes below the end offset are not a batch, or not
	// intact. Records then holds what stands before them.
	Damaged bool
}

// CutToWhole cuts bytes of a segment, which begin at a batch, to the whole
// batches that a reader at fetchOffset may have: each with its last offset below
// endOffset and its CRC right, together at most maxBytes, though at least one
// (KIP-74). Every batch that is passed over or taken is verified, since a rotten
// offset in its header would otherwise hide records.
func CutToWhole(b []byte, fetchOffset, endOffset kafka.Offset, maxBytes int32) Cut {
	c := Cut{SkippedTo: kafka.NoOffset}
	pos, taken, next := 0, 0, fetchOffset
	for pos < len(b) && !c.End && !c.Damaged {
		v := View(b[pos:])
		size := HeaderSize
		if len(v) >= HeaderSize {
			size = v.Size()
		}
		switch {
		case pos > 0 && next >= endOffset:
			c.End = true // what follows may not have been written yet
			continue
		case len(v) >= HeaderSize && (size < HeaderSize || v.Magic() != Magic):
			c.Damaged = true
			continue
		case size > len(v):
			if taken == 0 {
				c.Need = size
			}
		case !v.Intact() || pos > 0 && v.BaseOffset() < next:
			c.Damaged = true
			continue
		case v.NextOffset() > endOffset:
			c.End = true
			continue
		case taken > 0 && taken+size > int(maxBytes):
		default:
			pos, next = pos+size, v.NextOffset()
			if v.LastOffset() < fetchOffset {
				c.Skipped, c.SkippedTo = pos, next
			} else {
				taken += size
			}
			continue
		}
		break
	}
	c.Records = b[c.Skipped : c.Skipped+taken : c.Skipped+taken]
	return c
}
