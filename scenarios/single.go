package scenarios

// NoLimit is the largest number. As flush.messages it is Kafka's default: no
// fsync before the acknowledgement.
const NoLimit = "9223372036854775807"

// oneBroker is what all scenarios of one broker share.
var oneBroker = Cluster{Brokers: 1}

// someTopics are topics in the default mode: every record is on disk before it counts.
var someTopics = TopicSettings{Topics: Range{1, 2}, Partitions: Range{1, 4}}

// usual is the workload that most scenarios share.
var usual = Workload{
	Plain:            Range{1, 2},
	Idempotent:       Range{2, 3},
	Consumers:        Range{2, 3},
	Seconds:          Range{15, 30},
	Sends:            Range{1400, 2000},
	BatchRecords:     Range{1, 4},
	RecordBytes:      Range{10, 400},
	InFlight:         Range{1, 5},
	Hasty:            60,
	Lives:            Range{0, 8},
	OldTimestamps:    20,
	FutureTimestamps: 10,
	ListOffsets:      Range{5, 30},
	TopicChurn:       Range{0, 12},
}

// worked are the needs of every scenario: something was written and read, and something struck.
var worked = []Need{
	{Name: "records were acknowledged", Of: AckedRecords, AtLeast: 200},
	{Name: "records were read while faults struck", Of: ReadRecords, AtLeast: 100},
	{Name: "a fault struck", Of: FaultsFired, AtLeast: 1},
}

// always and sometimes are short for faults: so many times in every
// seed, or in some per cent of them.
func always(kind Kind, least, most int) Fault { return Fault{Kind: kind, Times: Range{least, most}} }

func sometimes(share int, kind Kind, least, most int) Fault {
	return Fault{Kind: kind, Times: Range{least, most}, Share: share}
}

func singles() []Scenario {
	return []Scenario{
		singleCrash(), singleKills(), singlePower(), singleDisk(), singleRot(), singleClock(), singleNet(), singleMixed(), singleUnsyncedPower(), singleModes(), singleRetention(), singleCompaction(), compactedDisk(), compactedRetention(),
	}
}

func singleCrash() Scenario {
	return Scenario{
		Name:     "single-crash",
		Why:      "a process may die between any two effects, and inside recovery; what it acknowledged, its page cache still has",
		Cluster:  oneBroker,
		Topics:   someTopics,
		Workload: usual,
		Faults: []Fault{
			always(ProcessKill, 2, 6),
			always(LostResponse, 6, 12),
			sometimes(40, Shutdown, 1, 2),
			sometimes(40, Pause, 1, 3),
			sometimes(30, ClientKill, 1, 3),
		},
		Needs: worked,
	}
}

func singleKills() Scenario {
	w := usual
	w.Plain, w.Idempotent, w.Consumers = Fixed(0), Fixed(8), Fixed(4)
	w.Seconds, w.Sends = Fixed(100), Range{400, 500}
	w.TopicChurn = Fixed(0)
	return Scenario{
		Name:     "single-kills",
		Why:      "a hundred kills in a row under idempotent producers: each restart stands on what the one before left behind",
		Cluster:  oneBroker,
		Topics:   TopicSettings{Topics: Fixed(1), Partitions: Fixed(4)},
		Workload: w,
		Faults:   []Fault{always(ProcessKill, 100, 100).For(20, 200)},
		Needs:    worked,
	}
}

func singlePower() Scenario {
	return Scenario{
		Name:     "single-power",
		Why:      "a power cut takes unsynced bytes and names, tears what it leaves, and keeps late writes while early ones go; an acknowledged record must be among the synced",
		Cluster:  oneBroker,
		Topics:   someTopics,
		Workload: usual,
		Faults: []Fault{
			always(PowerCut, 2, 6),
			always(LostResponse, 6, 12),
			sometimes(50, DiskStall, 4, 12), // much waits for one sync, and may be there without what came before it
			sometimes(60, CrashInCall, 1, 3),
			sometimes(30, ProcessKill, 1, 2),
		},
		Needs: worked,
	}
}

func singleDisk() Scenario {
	return Scenario{
		Name:     "single-disk",
		Why:      "a disk that fails, fills up, stops half way or stalls must cost availability only: no retried fsync, no offset given twice",
		Cluster:  oneBroker,
		Topics:   someTopics,
		Workload: usual,
		Faults: []Fault{
			sometimes(60, WriteError, 1, 3),
			sometimes(50, ReadError, 1, 3),
			sometimes(60, SyncError, 1, 3),
			sometimes(40, NoSpace, 1, 2).For(300, 3000),
			sometimes(60, ShortWrite, 1, 3),
			sometimes(50, DiskStall, 1, 4),
			always(ProcessKill, 2, 3),
			always(LostResponse, 6, 12),
			sometimes(30, PowerCut, 1, 2),
		},
		Needs: worked,
	}
}

func singleRot() Scenario {
	return Scenario{
		Name:     "single-rot",
		Why:      "one replica cannot heal a flipped bit, and durability is not claimed then; but it must fence what is damaged, never cut it off silently, and never serve it",
		Cluster:  oneBroker,
		Topics:   someTopics,
		Workload: usual,
		Faults: []Fault{
			sometimes(60, JournalRot, 1, 2),
			sometimes(60, SegmentRot, 1, 3),
			always(ProcessKill, 2, 4),
			always(LostResponse, 6, 12),
			sometimes(40, PowerCut, 1, 2),
		},
		Needs: worked,
	}
}

func singleClock() Scenario {
	w := usual
	w.OldTimestamps, w.FutureTimestamps = 200, 100
	// Of a producer that a log may have forgotten it takes any sequence, so that
	// one which sends ahead could be overtaken by itself (docs/DIVERGENCES.md).
	w.Hasty = 0
	topics := someTopics
	// A broker refuses what its own clock puts too far ahead; clocks that step
	// would leave nothing to try.
	topics.Configs = []Setting{{"message.timestamp.after.max.ms", NoLimit}}
	return Scenario{
		Name:     "single-clock",
		Why:      "clocks step both ways, drift and freeze, and records carry timestamps of other days: no guarantee may rest on any of them",
		Cluster:  Cluster{Brokers: 1, Settings: []Setting{{"producer.id.expiration.ms", "20000"}}},
		Topics:   topics,
		Workload: w,
		Faults: []Fault{
			always(ClockStep, 1, 6),
			sometimes(50, ClockDrift, 1, 2),
			sometimes(50, ClockFreeze, 1, 3),
			always(LostResponse, 6, 12),
			always(ProcessKill, 2, 3),
		},
		Needs: worked,
	}
}

func singleNet() Scenario {
	return Scenario{
		Name:     "single-net",
		Why:      "a lost response makes clients send again, and so does a request that cannot be read; connections break, go silent and lag: duplicates, disorder and stale answers would show here",
		Cluster:  oneBroker,
		Topics:   someTopics,
		Workload: usual,
		Faults: []Fault{
			sometimes(70, Reset, 2, 12),
			sometimes(50, HalfOpen, 1, 4),
			sometimes(60, Delay, 2, 8),
			sometimes(40, Cut, 1, 3),
			sometimes(40, CutOneWay, 1, 3),
			sometimes(25, Isolate, 1, 2),
			always(LostResponse, 6, 24),
			sometimes(60, GarbledRequest, 1, 8),
			always(ProcessKill, 2, 3),
			sometimes(30, ClientKill, 1, 3),
		},
		Needs: worked,
	}
}

func singleMixed() Scenario {
	return Scenario{
		Name:     "single-mixed",
		Why:      "faults of different kinds meet: a full disk during recovery, a power cut while a retry is on its way",
		Cluster:  oneBroker,
		Topics:   someTopics,
		Workload: usual,
		Faults: []Fault{
			always(ProcessKill, 2, 4), always(LostResponse, 6, 16),
			sometimes(50, PowerCut, 1, 4), sometimes(40, CrashInCall, 1, 3), sometimes(20, Shutdown, 1, 2), sometimes(25, Pause, 1, 3),
			sometimes(20, WriteError, 1, 2), sometimes(20, ReadError, 1, 2), sometimes(20, SyncError, 1, 2),
			sometimes(15, NoSpace, 1, 2).For(300, 3000), sometimes(20, ShortWrite, 1, 2), sometimes(25, DiskStall, 1, 3),
			sometimes(8, JournalRot, 1, 1), sometimes(8, SegmentRot, 1, 1),
			sometimes(25, ClockStep, 1, 3), sometimes(15, ClockDrift, 1, 2), sometimes(15, ClockFreeze, 1, 2),
			sometimes(35, Reset, 1, 8), sometimes(20, HalfOpen, 1, 3), sometimes(25, Delay, 1, 4), sometimes(15, Cut, 1, 2), sometimes(15, CutOneWay, 1, 2),
			sometimes(15, ClientKill, 1, 2), sometimes(15, ClientPause, 1, 2),
		},
		Needs: worked,
	}
}

func singleModes() Scenario {
	w := usual
	w.ModeChanges = Range{20, 150}
	return Scenario{
		Name:     "single-modes",
		Why:      "flush.messages may be set while a topic is in use: what was acknowledged in one mode must stand in the other, however often the process dies in between; and where the power goes, what was acknowledged while it was synced, or had become durable since",
		Cluster:  oneBroker,
		Topics:   someTopics,
		Workload: w,
		Faults: []Fault{
			always(ProcessKill, 2, 8),
			sometimes(60, PowerCut, 1, 4),
			always(LostResponse, 2, 6),
			sometimes(40, Shutdown, 1, 2),
			sometimes(30, DiskStall, 1, 3),
			sometimes(30, Pause, 1, 2),
		},
		Needs: worked,
	}
}

func singleUnsyncedPower() Scenario {
	topics := someTopics
	topics.Configs = []Setting{{"flush.messages", NoLimit}}
	return Scenario{
		Name:     "single-unsynced-power",
		Why:      "the judge must be able to fail: without fsync before the acknowledgement, a power cut loses acknowledged records",
		Cluster:  oneBroker,
		Topics:   topics,
		Workload: usual,
		// What a killed process left behind is synced when it comes back, so that a
		// power cut after it has something to spare.
		Faults: []Fault{always(PowerCut, 2, 6), always(ProcessKill, 2, 3)},
		Needs:  worked,
		Expect: Expect{
			Anomaly: "lost-write", Within: 10,
			Reason: "flush.messages=" + NoLimit + " acknowledges before anything is on disk",
		},
	}
}
