package scenarios

// flushNever is Kafka's default: no fsync before the acknowledgement.
const flushNever = "9223372036854775807"

// oneBroker is what all scenarios of one broker share.
var oneBroker = Cluster{Brokers: 1}

// someTopics are topics in the default mode: every record is on disk before it counts.
var someTopics = TopicSettings{Topics: Range{1, 2}, Partitions: Range{1, 4}}

// usual is the workload that most scenarios share.
var usual = Workload{
	Plain:            Range{1, 2},
	Idempotent:       Range{2, 3},
	Consumers:        Range{2, 3},
	Seconds:          Range{20, 40},
	Sends:            Range{600, 900},
	BatchRecords:     Range{1, 4},
	RecordBytes:      Range{10, 400},
	InFlight:         Range{1, 5},
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

func singles() []Scenario {
	return []Scenario{
		singleCrash(), singleKills(), singlePower(), singleDisk(), singleRot(), singleClock(), singleNet(), singleMixed(), singleUnsyncedPower(),
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
			{Kind: ProcessKill, Times: Range{2, 6}},
			{Kind: Shutdown, Times: Range{1, 2}, Share: 40},
			{Kind: Pause, Times: Range{1, 3}, Share: 40},
			{Kind: ClientKill, Times: Range{1, 3}, Share: 30},
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
		Faults:   []Fault{{Kind: ProcessKill, Times: Fixed(100)}},
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
			{Kind: PowerCut, Times: Range{2, 6}},
			{Kind: CrashInCall, Times: Range{1, 3}, Share: 60},
			{Kind: ProcessKill, Times: Range{1, 2}, Share: 30},
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
			{Kind: WriteError, Times: Range{1, 3}, Share: 60},
			{Kind: ReadError, Times: Range{1, 3}, Share: 50},
			{Kind: SyncError, Times: Range{1, 3}, Share: 60},
			{Kind: NoSpace, Times: Range{1, 2}, Share: 40},
			{Kind: ShortWrite, Times: Range{1, 3}, Share: 60},
			{Kind: DiskStall, Times: Range{1, 4}, Share: 50},
			{Kind: ProcessKill, Times: Range{1, 2}, Share: 30},
			{Kind: PowerCut, Times: Range{1, 2}, Share: 30},
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
			{Kind: JournalRot, Times: Range{1, 2}, Share: 60},
			{Kind: SegmentRot, Times: Range{1, 3}, Share: 60},
			{Kind: ProcessKill, Times: Range{1, 3}},
			{Kind: PowerCut, Times: Range{1, 2}, Share: 40},
		},
		Needs: worked,
	}
}

func singleClock() Scenario {
	w := usual
	w.OldTimestamps, w.FutureTimestamps = 200, 100
	return Scenario{
		Name:     "single-clock",
		Why:      "clocks step both ways, drift and freeze, and records carry timestamps of other days: no guarantee may rest on any of them",
		Cluster:  Cluster{Brokers: 1, Settings: []Setting{{"producer.id.expiration.ms", "20000"}}},
		Topics:   someTopics,
		Workload: w,
		Faults: []Fault{
			{Kind: ClockStep, Times: Range{1, 6}},
			{Kind: ClockDrift, Times: Range{1, 2}, Share: 50},
			{Kind: ClockFreeze, Times: Range{1, 3}, Share: 50},
			{Kind: LostResponse, Times: Range{2, 12}, Share: 70},
			{Kind: ProcessKill, Times: Range{1, 2}, Share: 40},
		},
		Needs: worked,
	}
}

func singleNet() Scenario {
	return Scenario{
		Name:     "single-net",
		Why:      "a lost response makes clients send again; connections break, go silent and lag: duplicates, disorder and stale answers would show here",
		Cluster:  oneBroker,
		Topics:   someTopics,
		Workload: usual,
		Faults: []Fault{
			{Kind: Reset, Times: Range{2, 12}, Share: 70},
			{Kind: HalfOpen, Times: Range{1, 4}, Share: 50},
			{Kind: Delay, Times: Range{2, 8}, Share: 60},
			{Kind: Cut, Times: Range{1, 3}, Share: 40},
			{Kind: LostResponse, Times: Range{4, 24}, Share: 80},
			{Kind: ClientKill, Times: Range{1, 3}, Share: 30},
			{Kind: ProcessKill, Times: Range{1, 2}, Share: 30},
		},
		Needs: worked,
	}
}

func singleMixed() Scenario {
	some := func(kind Kind, most, share int) Fault { return Fault{Kind: kind, Times: Range{1, most}, Share: share} }
	return Scenario{
		Name:     "single-mixed",
		Why:      "faults of different kinds meet: a full disk during recovery, a power cut while a retry is on its way",
		Cluster:  oneBroker,
		Topics:   someTopics,
		Workload: usual,
		Faults: []Fault{
			some(ProcessKill, 4, 50), some(PowerCut, 4, 50), some(CrashInCall, 3, 40), some(Shutdown, 2, 20), some(Pause, 3, 25),
			some(WriteError, 2, 20), some(ReadError, 2, 20), some(SyncError, 2, 20), some(NoSpace, 2, 15), some(ShortWrite, 2, 20), some(DiskStall, 3, 25),
			some(JournalRot, 1, 8), some(SegmentRot, 1, 8),
			some(ClockStep, 3, 25), some(ClockDrift, 2, 15), some(ClockFreeze, 2, 15),
			some(Reset, 8, 35), some(HalfOpen, 3, 20), some(Delay, 4, 25), some(Cut, 2, 15), some(LostResponse, 12, 50),
			some(ClientKill, 2, 15), some(ClientPause, 2, 15),
		},
		Needs: worked[:2],
	}
}

func singleUnsyncedPower() Scenario {
	topics := someTopics
	topics.Configs = []Setting{{"flush.messages", flushNever}}
	return Scenario{
		Name:     "single-unsynced-power",
		Why:      "the judge must be able to fail: without fsync before the acknowledgement, a power cut loses acknowledged records",
		Cluster:  oneBroker,
		Topics:   topics,
		Workload: usual,
		Faults:   []Fault{{Kind: PowerCut, Times: Range{2, 6}}},
		Needs:    worked,
		Expect: Expect{
			Anomaly: "lost-write", Within: 10,
			Reason: "flush.messages=" + flushNever + " acknowledges before anything is on disk",
		},
	}
}
