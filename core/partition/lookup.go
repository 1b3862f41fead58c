package partition

import (
	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
)

// Lookup finds records over one or more reads: a fetch, or a search by time.
// It holds no memory of its own and is reused.
//
//	log.Fetch(&c, offset, end, maxBytes)          // or log.FindTimestamp
//	for log.Next(&c, &read) {                     // emit the read, wait for its result
//		switch log.Feed(&c, bytes, err, codecs) { … }
//	}
type Lookup struct {
	// Records, after a fetch: whole batches from the one that holds the offset
	// on, each with its CRC verified, all below the end asked for. Empty when
	// there are none yet. It aliases the last bytes fed.
	Records []byte
	// Offset and Timestamp, after a search by time: the first record at or
	// after the time asked for; NoOffset and NoTimestamp when there is none
	// below the end asked for. Epoch is its batch's leader epoch.
	Offset    kafka.Offset
	Timestamp kafka.TimestampMs
	Epoch     kafka.LeaderEpoch

	cursor cursor
}

type cursor struct{}

// Progress is what Feed says.
type Progress uint8

// The progress of a lookup.
const (
	More    Progress = iota // call Next again
	Found                   // the lookup is complete; see its fields
	Stale                   // the log was truncated meanwhile: begin again
	Damaged                 // bytes that must be there are not, or not intact: fence the log
	Broken                  // the read failed: the disk is in trouble
)

// Fetch begins a lookup of the batches from the one that holds offset, all of
// whose records lie below end (high watermark, last stable offset, or, for a
// follower, WrittenEndOffset). At least one batch is returned if there is one,
// even above maxBytes (KIP-74). offset lies within [LogStartOffset, end].
func (l *Log) Fetch(c *Lookup, offset, end kafka.Offset, maxBytes int32) {}

// FindTimestamp begins a search for the first record below end whose timestamp
// is at least t (ListOffsets). For the record with the largest timestamp ask
// for MaxTimestamp.
func (l *Log) FindTimestamp(c *Lookup, t kafka.TimestampMs, end kafka.Offset) {}

// Next fills in the read that the lookup needs, all but Ref. False: the lookup
// is complete, without a read.
func (l *Log) Next(c *Lookup, r *disk.Read) bool { return false }

// Feed takes what the read returned. The bytes belong to the lookup's owner
// and are not written to. codecs are for searches by time in compressed batches.
func (l *Log) Feed(c *Lookup, bytes []byte, err error, codecs *batch.Codecs) Progress { return Found }

// Fence stops the log from being served, for a reason that the next checkpoint keeps.
func (l *Log) Fence(reason string) { l.Fenced = reason }
