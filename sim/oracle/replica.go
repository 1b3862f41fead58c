package oracle

import (
	"slices"

	"trialog/core/batch"
	"trialog/core/broker"
)

// entry is one batch of a log.
type entry struct {
	base, last int64
	epoch      int32
	crc        uint32 // 0: not compared, as the writer stamps a time into it
}

func entryOf(v batch.View, base int64, epoch int32, timestamp int64) entry {
	e := entry{base: base, last: base + int64(v.LastOffsetDelta()), epoch: epoch, crc: v.CRC()}
	if timestamp >= 0 || v.LogAppendTime() {
		e.crc = 0
	}
	return e
}

func (e *entry) same(o *entry) bool {
	return e.base == o.base && e.last == o.last && e.epoch == o.epoch && (e.crc == o.crc || e.crc == 0 || o.crc == 0)
}

// replica is what one log holds.
type replica struct {
	part       *part // nil until its broker has been looked at
	batches    []entry
	start, end int64
	synced     int64
	written    int64
	mode       bool  // synced
	agreed     int64 // below it the log was found to hold what has counted
	led        int32
	gone       bool
	fenced     bool
	life       int // the life of its node in which its epochs were compared
}

func (r *replica) push(e entry) {
	r.batches = append(r.batches, e)
	r.end = e.last + 1
}

// cut undoes everything at and above an offset.
func (r *replica) cut(offset int64) {
	n := len(r.batches)
	for n > 0 && r.batches[n-1].last >= offset {
		n--
	}
	r.batches = r.batches[:n]
	r.end = offset
	r.synced, r.written, r.agreed = min(r.synced, offset), min(r.written, offset), min(r.agreed, offset)
}

// from is the place of the first batch that ends at or above an offset.
func from(batches []entry, offset int64) int {
	i, _ := slices.BinarySearchFunc(batches, offset, func(e entry, o int64) int { return int(e.last - o) })
	return i
}

// reread takes what recovery has left of a log: less than was known, or, where
// a truncation was not durable, more.
func (r *replica) reread(v *broker.PartitionView, read func(path string) []byte) {
	end := int64(v.LogEndOffset)
	if end < r.end {
		r.cut(end)
		return
	}
	r.batches, r.end, r.agreed = r.batches[:0], int64(v.LogStartOffset), 0
	r.start = max(r.start, int64(v.SegmentBase(0))) // what lay below was deleted
	for segment := range v.Segments {
		bytes := batch.View(read(v.RecordsPath(segment)))
		for bytes.Whole() && r.end < end {
			r.push(entryOf(bytes, int64(bytes.BaseOffset()), int32(bytes.LeaderEpoch()), -1))
			bytes = bytes[bytes.Size():]
		}
	}
	if r.end = end; len(r.batches) == 0 {
		r.start = end // its segment may begin below, for a batch that has not come
	}
}
