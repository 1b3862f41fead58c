package partition

import (
	"trialog/core/batch"
	"trialog/core/disk"
	"trialog/core/kafka"
	"trialog/core/must"
)

// Appendable tells whether the log takes appends now: it serves, and no change
// of mode waits for a checkpoint.
func (l *Log) Appendable() bool { return l.Serving() && !l.upkeep.urgent }

// CheckRecords decides whether a leader takes the records, by the topic's
// settings. It changes nothing. checked is what batch.Check said of b.
func (l *Log) CheckRecords(now kafka.Now, b batch.View, checked *batch.Checked, cfg *Config) kafka.ErrorCode {
	switch {
	case checked.Err != kafka.None:
		return checked.Err
	case len(b) > int(cfg.MaxMessageBytes):
		return kafka.ErrMessageTooLarge
	case cfg.SegmentBytes > 0 && len(b) > int(cfg.SegmentBytes):
		return kafka.ErrRecordListTooLarge
	case !cfg.LogAppendTime && !withinWindow(now.Wall, checked, cfg):
		return kafka.ErrInvalidTimestamp // before a missing key, as Kafka has it
	case cfg.Compacted && checked.KeylessCount > 0:
		return kafka.ErrInvalidRecord
	default:
		return kafka.None
	}
}

// withinWindow holds record timestamps to KIP-937's bounds around the broker's clock.
func withinWindow(wall kafka.TimestampMs, c *batch.Checked, cfg *Config) bool {
	if c.MinTimestamp == kafka.NoTimestamp {
		return true // no record has one
	}
	oldest, newest := cfg.window(wall)
	return c.MinTimestamp >= oldest && c.MaxTimestamp <= newest
}

func (c *Config) window(wall kafka.TimestampMs) (oldest, newest kafka.TimestampMs) {
	oldest, newest = wall-kafka.TimestampMs(c.TimestampBeforeMaxMs), wall+kafka.TimestampMs(c.TimestampAfterMaxMs)
	if c.TimestampAfterMaxMs > 1<<62 {
		newest = 1<<63 - 1
	}
	return oldest, newest
}

// Bounds of what a refusal tells of single records.
const (
	namedRecords  = 100
	namedUnpacked = 1 << 20
)

// Unfit is a record for which CheckRecords refused its batch.
type Unfit struct {
	Place int32           // in the batch
	Err   kafka.ErrorCode // INVALID_TIMESTAMP: outside the topic's bounds; INVALID_RECORD: a compacted topic, and no key
}

// AppendUnfit appends the records that made CheckRecords refuse a batch
// (KIP-467): the first hundred, and none where the batch unpacks to more than 1 MiB.
func AppendUnfit(dst []Unfit, wall kafka.TimestampMs, b batch.View, cfg *Config, codecs *batch.Codecs) []Unfit {
	plain, _, err := b.Decompress(codecs, namedUnpacked, nil)
	if err != nil {
		return dst
	}
	oldest, newest := cfg.window(wall)
	it := batch.Iterate(plain, b.Count())
	var r batch.Record
	for it.Next(&r) && len(dst) < namedRecords {
		t := b.BaseTimestamp() + kafka.TimestampMs(r.TimestampDelta)
		switch {
		case cfg.Compacted && r.Key == nil:
			dst = append(dst, Unfit{Place: r.OffsetDelta, Err: kafka.ErrInvalidRecord})
		case !cfg.LogAppendTime && t != kafka.NoTimestamp && (t < oldest || t > newest):
			dst = append(dst, Unfit{Place: r.OffsetDelta, Err: kafka.ErrInvalidTimestamp})
		}
	}
	return dst
}

// AppendAsLeader assigns the next offsets to a batch that CheckRecords and
// CheckProducer have passed, and fills in the append to emit. The driver stamps
// offset, epoch and log append time in its own copy. Everything that the log
// knows of the batch is updated here and nowhere else, so a refused batch
// leaves no trace.
func (l *Log) AppendAsLeader(now kafka.Now, epoch kafka.LeaderEpoch, b batch.View, cfg *Config, out *disk.Append) kafka.Offset {
	must.True(l.Appendable(), "P8: append to a log that takes none")
	must.True(epoch == l.LatestEpoch(), "P4: the leader's epoch has an entry before its first append")
	base := l.LogEndOffset
	timestamp := kafka.NoTimestamp
	if cfg.LogAppendTime {
		timestamp = now.Wall
	}
	l.append(now, base, epoch, timestamp, b, cfg, out)
	return base
}

// AppendVerbatim takes a batch as it stands in the leader's log: offsets and
// epoch are the batch's own. Followers and recovery use it.
func (l *Log) AppendVerbatim(now kafka.Now, b batch.View, cfg *Config, out *disk.Append) {
	must.True(l.Serving(), "P8: append to a log that takes none")
	l.verbatim(b)
	l.append(now, b.BaseOffset(), b.LeaderEpoch(), kafka.NoTimestamp, b, cfg, out)
}

// verbatim notes what a batch with offsets and epoch of its own brings with it.
func (l *Log) verbatim(b batch.View) {
	base, epoch := b.BaseOffset(), b.LeaderEpoch()
	if l.begins(b) {
		l.epochs = l.epochs[:0] // of what was deleted, or of another history
	} else {
		must.True(base >= l.LogEndOffset, "P1: a batch below the log's end")
	}
	must.True(epoch >= l.EpochAt(l.LogEndOffset-1), "P4: a batch of an older epoch than the one before it")
	if epoch < l.LatestEpoch() {
		l.truncateEpochs(l.LogEndOffset) // an epoch in which nothing was written here; base may lie behind a gap
	}
	if base > l.LogEndOffset {
		l.gaps = true
	}
	l.startEpoch(epoch, base)
}

func (l *Log) append(now kafka.Now, base kafka.Offset, epoch kafka.LeaderEpoch, timestamp kafka.TimestampMs, b batch.View, cfg *Config, out *disk.Append) {
	last := base + kafka.Offset(b.LastOffsetDelta())
	if !l.fits(now, last, len(b), cfg) {
		l.roll()
	}
	s := l.active()
	if s.size == 0 {
		l.ActiveSince = now.Wall
	}
	*out = disk.Append{
		Kind:        disk.EntryAppend,
		Log:         l.Log,
		Segment:     s.base,
		Pos:         s.size,
		BaseOffset:  base,
		LeaderEpoch: epoch,
		Timestamp:   timestamp,
		Bytes:       b,
	}
	l.apply(now, base, last, timestamp, b, cfg.IndexIntervalBytes)
}

// apply is the one place where a batch changes what the log knows.
func (l *Log) apply(now kafka.Now, base, last kafka.Offset, timestamp kafka.TimestampMs, b batch.View, interval int32) {
	l.interval = interval
	if s := l.active(); s.size == 0 && base > s.base {
		l.gaps = true // the log was begun within a batch that has not come
	}
	l.active().add(last, len(b), maxTimestampOf(b, timestamp), interval)
	l.LogEndOffset = last + 1
	l.upkeep.bytes += int64(len(b))
	l.producers.apply(now, b, base, last, maxTimestampOf(b, timestamp))
}
