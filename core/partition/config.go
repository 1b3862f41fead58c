package partition

import "trialog/core/kafka"

// Config is what a topic's settings mean to its logs. Field names are Kafka's.
type Config struct {
	SegmentBytes         int32 // segment.bytes
	SegmentMs            int64 // segment.ms, on the wall clock of receipt
	IndexIntervalBytes   int32 // index.interval.bytes
	MaxMessageBytes      int32 // max.message.bytes, a whole batch
	LogAppendTime        bool  // message.timestamp.type
	TimestampBeforeMaxMs int64 // message.timestamp.before.max.ms
	TimestampAfterMaxMs  int64 // message.timestamp.after.max.ms
	Compacted            bool  // cleanup.policy names compact
	Deleted              bool  // cleanup.policy names delete
	RetentionMs          int64 // retention.ms, -1: for ever
	RetentionBytes       int64 // retention.bytes, -1: without bound

	MinCleanableDirtyRatio int64 // min.cleanable.dirty.ratio, in millionths
	MinCompactionLagMs     int64 // min.compaction.lag.ms
	MaxCompactionLagMs     int64 // max.compaction.lag.ms
	DeleteRetentionMs      int64 // delete.retention.ms
}

// DefaultConfig holds Kafka's defaults.
func DefaultConfig() Config {
	return Config{
		SegmentBytes:         1 << 30,
		SegmentMs:            604_800_000,
		IndexIntervalBytes:   4096,
		MaxMessageBytes:      1_048_588,
		TimestampBeforeMaxMs: 1<<63 - 1,
		TimestampAfterMaxMs:  3_600_000,
		Deleted:              true,
		RetentionMs:          604_800_000,
		RetentionBytes:       -1,

		MinCleanableDirtyRatio: 500_000,
		MaxCompactionLagMs:     1<<63 - 1,
		DeleteRetentionMs:      86_400_000,
	}
}

// segmentMs is after how long a segment is sealed: what is to be cleaned soon
// must not stay in the active one.
func (c *Config) segmentMs() int64 {
	if c.Compacted {
		return min(c.SegmentMs, c.MaxCompactionLagMs)
	}
	return c.SegmentMs
}

// Limits are the storage's own bounds. A simulation draws them.
type Limits struct {
	GenerationBytes   int64          // a journal generation is followed by the next at this size
	JournalBytes      int64          // appends wait while the journal holds more than this
	LargeBatchBytes   int64          // a batch of so many is synced in its segment, and the journal points at it; 0: none is
	CheckpointBytes   int64          // unjournaled bytes of a log after which it is checkpointed
	IndexBlockEntries int            // entries of a sealed segment's index that one read fetches
	ReadAheadBytes    int32          // how much of a segment one step of a scan reads
	MaxFetchBytes     int32          // an answer is never larger, save for a single larger batch
	OpenFiles         int            // descriptors that a Writer keeps
	MaxJobs           int            // upkeep jobs at a time
	MaxCuts           int            // jobs at a time beyond which no truncation or deletion begins, nor, once all logs are saved, a checkpoint
	CleanerMapBytes   int64          // log.cleaner.dedupe.buffer.size: what the map of one pass of the cleaner takes
	CleanBytes        int64          // how much one job of the cleaner reads
	ProducerExpiry    kafka.Duration // producer.id.expiration.ms, of receipt
	ClockSlack        kafka.Duration // how far a wall clock may be ahead of the monotonic one without being doubted
	ClockGrace        kafka.Duration // how long a wall clock must stand further ahead before policies believe it
}

// DefaultLimits are production's.
func DefaultLimits() Limits {
	return Limits{
		GenerationBytes:   64 << 20,
		JournalBytes:      512 << 20,
		LargeBatchBytes:   256 << 10,
		CheckpointBytes:   256 << 20,
		IndexBlockEntries: 512,
		ReadAheadBytes:    64 << 10,
		MaxFetchBytes:     64 << 20,
		OpenFiles:         512,
		MaxJobs:           4,
		MaxCuts:           16,
		CleanerMapBytes:   128 << 20,
		CleanBytes:        16 << 20,
		ProducerExpiry:    24 * kafka.Hour,
		ClockSlack:        5 * kafka.Minute,
		ClockGrace:        kafka.Hour,
	}
}
