package partition

import (
	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// scannedAtOnce is the size of the largest plain batch whose records a search
// by time goes through by itself. Larger ones and compressed ones take as long
// as hundreds of other requests, and are left to a job.
const scannedAtOnce = 16 << 10

// SearchArgs starts SearchBatch: one batch that a search by time needs looked
// through (Unpack).
type SearchArgs struct {
	batch  batch.View
	time   kafka.TimestampMs
	from   kafka.Offset
	codecs *batch.Codecs
}

// SearchResult is what is in the batch. Lookup's Searched takes it.
type SearchResult struct {
	offset    kafka.Offset
	timestamp kafka.TimestampMs
	epoch     kafka.LeaderEpoch
	found     bool
	unfit     bool // it does not unpack, or its records cannot be read
}

// SearchBatch is the job that looks for the first record of a time in a batch.
// It uses no file.
func SearchBatch(_ disk.FS, args any) (any, error) {
	a := args.(*SearchArgs)
	r := &SearchResult{epoch: a.batch.LeaderEpoch()}
	var err error
	r.offset, r.timestamp, r.found, err = a.batch.FindTimestamp(a.time, a.from, a.codecs, decompressLimit)
	r.unfit = err != nil
	return r, nil
}

// Search returns what the job is to look through. Feed has said Unpack.
func (l *Log) Search(c *Lookup, codecs *batch.Codecs) *SearchArgs {
	a := &SearchArgs{batch: c.cursor.candidate, time: c.cursor.time, from: l.LogStartOffset, codecs: codecs}
	c.cursor.candidate = nil
	return a
}

// Searched takes the job's result, and says what Feed says.
func (l *Log) Searched(c *Lookup, r *SearchResult) Progress {
	k := &c.cursor
	switch {
	case k.incarnation != l.Incarnation || l.at(k).segmentName != k.segment:
		k.stage = finished
		return Stale
	case r.unfit:
		return l.astray(c)
	case r.found && r.offset < l.LogStartOffset: // which rose meanwhile
		k.stage = finished
		return Stale
	case r.found:
		c.Offset, c.Timestamp, c.Epoch = r.offset, r.timestamp, r.epoch
		k.stage = finished
		return Found
	}
	return l.passed(c)
}

// passed goes on behind the batch that was looked through.
func (l *Log) passed(c *Lookup) Progress {
	k := &c.cursor
	if k.next >= k.end {
		k.stage = finished
		return Found
	}
	k.want = k.step()
	if k.pos < l.at(k).size {
		return More
	}
	return l.onward(c, l.at(k), int(k.asked), 0, 0)
}

// scan looks through one batch of a search, or asks for a job to do it.
func (l *Log) scan(c *Lookup, v batch.View) Progress {
	k := &c.cursor
	if (!v.LogAppendTime() || !v.Dense()) && (v.Codec() != batch.Uncompressed || len(v) > scannedAtOnce) {
		k.candidate = v
		return Unpack
	}
	offset, timestamp, ok, err := v.FindTimestamp(k.time, l.LogStartOffset, nil, 0)
	switch {
	case err != nil:
		return l.astray(c)
	case ok:
		c.Offset, c.Timestamp, c.Epoch = offset, timestamp, v.LeaderEpoch()
		k.stage = finished
		return Found
	}
	return More
}
