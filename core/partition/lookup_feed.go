package partition

import (
	"trialog/core/batch"
	"trialog/core/kafka"
)

// decompressLimit bounds what a search by time unpacks. Batches that a leader
// took were within its own bound.
const decompressLimit = 256 << 20

// feedFetch cuts what a fetch may have from a segment's bytes.
func (l *Log) feedFetch(c *Lookup, bytes []byte) Progress {
	k := &c.cursor
	s := l.at(k)
	if !l.leads(k, bytes) {
		return l.astray(c)
	}
	cut := batch.CutToWhole(bytes, k.target, k.end, k.maxBytes)
	if cut.Skipped > 0 {
		k.next, k.last = cut.SkippedTo, kafka.NoOffset
	}
	switch {
	case len(cut.Records) > 0:
		if !l.leads(k, cut.Records) || !l.verified(cut.Records, k.target) {
			return l.astray(c)
		}
		c.Records = cut.Records
		k.stage = finished
		return Found
	case cut.Damaged || cut.End && !l.leads(k, bytes[cut.Skipped:]):
		return l.astray(c)
	case cut.End: // the batch that holds the target ends above the end asked for
		k.stage = finished
		return Found
	}
	return l.onward(c, s, len(bytes), cut.Skipped, cut.Need)
}

// leads checks the offsets of the first batch of bytes against what is known
// of it: no CRC covers the base offset, and a rotten one would hide records.
func (l *Log) leads(k *cursor, bytes []byte) bool {
	if len(bytes) < batch.HeaderSize {
		return true
	}
	v := batch.View(bytes)
	switch {
	case k.last != kafka.NoOffset:
		return v.LastOffset() == k.last
	case k.next != kafka.NoOffset:
		return v.BaseOffset() == k.next || v.BaseOffset() > k.next && l.gaps && v.LastOffset() < l.endOf(k)
	default:
		return true
	}
}

// endOf is one past the last offset that a segment may hold.
func (l *Log) endOf(k *cursor) kafka.Offset {
	if i := l.segmentFor(k.segment.base) + 1; i < len(l.segments) {
		return l.segments[i].base
	}
	return l.LogEndOffset
}

// verified checks what a batch's CRC does not cover: base offsets and leader
// epochs of the batches that a fetch at target returns.
func (l *Log) verified(records []byte, target kafka.Offset) bool {
	next := target
	for len(records) > 0 {
		v := batch.View(records)
		base := v.BaseOffset()
		if base > next && !l.gaps || base < next && next != target || v.LastOffset() < next {
			return false
		}
		if epoch := l.EpochAt(base); epoch != v.LeaderEpoch() && epoch != kafka.NoLeaderEpoch {
			return false
		}
		next = v.NextOffset()
		records = records[v.Size():]
	}
	return true
}

// onward moves behind what was passed over: to the batch that needs a larger
// read, to the rest of the segment, or to the next one.
func (l *Log) onward(c *Lookup, s *segment, fed, skipped, need int) Progress {
	k := &c.cursor
	if fed < int(k.asked) && (need > 0 || skipped == fed) {
		return l.astray(c) // the file is shorter than the log
	}
	k.pos += int64(skipped)
	if need > 0 {
		if k.pos+int64(need) > s.size {
			return l.astray(c)
		}
		k.want = max(int64(need), k.step())
		return More
	}
	if k.pos < s.size {
		return More
	}
	i := l.segmentFor(k.segment.base) + 1
	if i == len(l.segments) && !k.byTime {
		return l.astray(c) // a batch below the end was passed over: its offset is rotten
	}
	if l.gaps && !k.byTime && l.segments[i].size == 0 {
		k.stage = finished // what there was from the target on has been cleaned away
		return Found
	}
	if k.byTime && k.youngest != kafka.NoTimestamp { // it named an offset that is not there
		return l.fromBeginning(c)
	}
	k.distrust, k.far = false, false
	switch {
	case k.byTime:
		l.enterByTime(c, i)
	default:
		l.enter(c, i)
	}
	return More
}

// astray handles bytes that are not what they should be. If an index led there
// the index may be rotten: the segment is read from its beginning. If not, it
// is the segment.
func (l *Log) astray(c *Lookup) Progress {
	k := &c.cursor
	if k.distrust || k.pos == 0 {
		k.stage = finished
		return Damaged
	}
	return l.fromBeginning(c)
}

// fromBeginning reads the segment without its indexes.
func (l *Log) fromBeginning(c *Lookup) Progress {
	k := &c.cursor
	k.distrust = true
	i := l.segmentFor(k.segment.base)
	if k.byTime {
		k.target, k.youngest = max(l.segments[i].base, l.LogStartOffset), kafka.NoTimestamp
	}
	l.enter(c, i)
	return More
}

// placed checks, in a scan, that a batch's base offset and epoch can be right.
func (l *Log) placed(k *cursor, v batch.View) bool {
	base := v.BaseOffset()
	if !l.leads(k, v) || base < k.segment.base || base >= l.LogEndOffset || v.LastOffset() < base {
		return false
	}
	epoch := l.EpochAt(base)
	return epoch == v.LeaderEpoch() || epoch == kafka.NoLeaderEpoch
}

// feedScan looks through a segment's bytes for the first record of a time.
func (l *Log) feedScan(c *Lookup, bytes []byte) Progress {
	k := &c.cursor
	s := l.at(k)
	at := 0
	for batch.View(bytes[at:]).Whole() {
		v := batch.View(bytes[at:])
		v = v[:v.Size()]
		switch {
		case !v.Intact() || !l.placed(k, v):
			return l.astray(c)
		case k.youngest != kafka.NoTimestamp && v.LastOffset() < k.target:
			at += len(v) // the time index says that it is too old
			k.next, k.last = v.NextOffset(), kafka.NoOffset
			continue
		case k.youngest != kafka.NoTimestamp && (v.LastOffset() != k.target || v.MaxTimestamp() != k.youngest):
			// No CRC covers the index, and a rotten entry would hide records.
			return l.fromBeginning(c)
		}
		k.youngest = kafka.NoTimestamp
		switch {
		case v.NextOffset() > k.end:
			k.stage = finished
			return Found
		case v.MaxTimestamp() >= k.time && v.LastOffset() >= l.LogStartOffset:
			switch p := l.scan(c, v); p {
			case More: // nothing in it
			case Unpack:
				k.pos += int64(at + len(v))
				k.next, k.last = v.NextOffset(), kafka.NoOffset
				return p
			default:
				return p
			}
		}
		at += len(v)
		k.next, k.last = v.NextOffset(), kafka.NoOffset
		if k.next >= k.end {
			k.stage = finished
			return Found
		}
	}
	need := 0
	if rest := len(bytes) - at; rest > 0 {
		need = batch.HeaderSize
		if rest >= batch.HeaderSize {
			need = batch.View(bytes[at:]).Size()
			if need <= rest {
				return l.astray(c) // no batch begins here
			}
		}
		need = max(need, rest)
	}
	if at > 0 {
		k.pos += int64(at)
		k.want = max(int64(need), k.step())
		if k.pos < s.size {
			return More
		}
		at = 0
	}
	return l.onward(c, s, len(bytes), at, need)
}
