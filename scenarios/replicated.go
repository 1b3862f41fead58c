package scenarios

// threeBrokers are the default cluster: three brokers that are also the voters
// of the metadata quorum, with every partition on each of them.
var threeBrokers = Cluster{Brokers: 3, Settings: []Setting{{"default.replication.factor", "3"}}}

// replicatedTopics are in the default mode and on every broker.
var replicatedTopics = TopicSettings{Topics: Range{1, 2}, Partitions: Range{1, 3}}

// unsyncedTopics count a record once the in-sync replicas hold it in memory.
var unsyncedTopics = TopicSettings{
	Topics: Range{1, 2}, Partitions: Range{1, 3}, Configs: []Setting{{"flush.messages", NoLimit}},
}

// clustered is the workload of most scenarios of a cluster.
var clustered = Workload{
	Plain:        Range{1, 2},
	Idempotent:   Range{2, 4},
	Consumers:    Range{2, 3},
	Seconds:      Range{40, 60},
	Sends:        Range{1000, 1400},
	BatchRecords: Range{1, 4},
	RecordBytes:  Range{10, 200},
	InFlight:     Range{1, 5},
	ListOffsets:  Range{5, 30},
	TopicChurn:   Range{0, 6},
}

func replicateds() []Scenario {
	return append([]Scenario{
		replicatedCrash(), replicatedPower(), replicatedPartition(), replicatedDisk(), replicatedWipe(), replicatedRolling(),
		replicatedPause(), replicatedClock(), replicatedUnsynced(), replicatedMixed(), replicatedMoves(), replicatedRetention(), replicatedCompaction(), replicatedVoters(), replicatedSoak(),
		replicatedReaders(), replicatedElections(), replicatedShrunk(), replicatedRot(), replicatedModes(), replicatedLost(),
		replicatedAcksOne(), replicatedUnclean(), replicatedMinISROne(), replicatedUnsyncedPower(), replicatedLastStanding(),
		replicatedUnsyncedRetention(),
	}, replicatedSizes()...)
}

func replicatedCrash() Scenario {
	return Scenario{
		Name:     "replicated-crash",
		Why:      "leaders, followers and controllers die and come back: whoever leads next must have everything that was acknowledged",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(ProcessKill, 3, 9),
			sometimes(50, ProcessKill, 1, 3).At(Controller),
			always(LostResponse, 4, 10),
			sometimes(40, CrashInCall, 1, 3),
			sometimes(50, Shutdown, 1, 3),
			sometimes(40, Pause, 1, 4),
			sometimes(30, ClientKill, 1, 3),
		},
		Needs: worked,
	}
}

func replicatedPower() Scenario {
	return Scenario{
		Name:     "replicated-power",
		Why:      "the power goes on one broker, on two, on all at once: what was acknowledged was on enough disks by then",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(PowerCut, 2, 6),
			always(PowerCutAll, 1, 3),
			always(LostResponse, 4, 10),
			sometimes(50, CrashInCall, 1, 3),
			sometimes(30, ProcessKill, 1, 3),
			sometimes(30, DiskStall, 1, 3),
		},
		Needs: worked,
	}
}

func replicatedPartition() Scenario {
	return Scenario{
		Name:     "replicated-partition",
		Why:      "links fail one way or both, between some and not others: a leader that nobody follows must acknowledge nothing, and two must never count at once",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(Isolate, 1, 4).At(Leader),
			sometimes(60, Isolate, 1, 3).At(Controller),
			sometimes(40, Cut, 8, 20).At(Leader).For(300, 900),
			sometimes(60, Cut, 2, 6).At(Leader),
			sometimes(60, CutOneWay, 2, 6).At(Leader),
			sometimes(50, CutOneWay, 2, 6).At(Follower),
			sometimes(50, Cut, 2, 8),
			sometimes(50, Delay, 2, 6).At(Leader),
			sometimes(40, HalfOpen, 1, 4),
			always(ProcessKill, 1, 3),
			always(LostResponse, 4, 12),
		},
		Needs: worked,
	}
}

func replicatedDisk() Scenario {
	return Scenario{
		Name:     "replicated-disk",
		Why:      "one broker's disk fails, fills up or stalls while others go on: it must leave the in-sync set, and come back with what it has",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			sometimes(60, WriteError, 1, 4),
			sometimes(50, ReadError, 1, 4),
			sometimes(60, SyncError, 1, 4),
			sometimes(40, NoSpace, 1, 2).For(300, 3000),
			sometimes(60, ShortWrite, 1, 3),
			always(DiskStall, 1, 5),
			sometimes(50, PowerCut, 1, 3),
			always(ProcessKill, 1, 3),
			always(LostResponse, 4, 10),
		},
		Needs: worked,
	}
}

func replicatedWipe() Scenario {
	return Scenario{
		Name:     "replicated-wipe",
		Why:      "a broker comes back under its own name with nothing on its disk: it must not vote for what it does not have, nor lead",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(DiskWiped, 1, 3).For(100, 2000),
			sometimes(50, DiskWiped, 1, 2).At(Leader).For(50, 500),
			always(ProcessKill, 1, 4),
			always(LostResponse, 4, 10),
			sometimes(40, PowerCut, 1, 3),
			sometimes(30, Cut, 1, 4).At(Leader),
		},
		Needs: worked,
	}
}

func replicatedRolling() Scenario {
	c := threeBrokers
	c.Balanced = true
	return Scenario{
		Name:     "replicated-rolling",
		Why:      "every broker in turn is stopped with care and started again: leaders move before they stop, go back once it is in sync, and nothing waits for long",
		Cluster:  c,
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(RollingRestart, 1, 4).For(100, 2500),
			sometimes(40, ProcessKill, 1, 2),
			sometimes(40, Delay, 1, 4),
			always(LostResponse, 4, 10),
		},
		Needs: worked,
	}
}

func replicatedPause() Scenario {
	return Scenario{
		Name:     "replicated-pause",
		Why:      "a process stands still past its session and goes on as if nothing had happened: an old leader, an old controller, a follower that was fenced",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(Pause, 2, 6).At(Leader),
			sometimes(70, Pause, 1, 4).At(Controller),
			sometimes(50, Pause, 1, 4).At(Follower),
			sometimes(50, DiskStall, 1, 4),
			always(ProcessKill, 1, 3),
			always(LostResponse, 4, 10),
		},
		Needs: worked,
	}
}

func replicatedClock() Scenario {
	topics := replicatedTopics
	topics.Configs = []Setting{{"message.timestamp.after.max.ms", NoLimit}}
	w := clustered
	w.Idempotent = Range{3, 4} // of whom some lose an answer, or nothing can be told about duplicates
	return Scenario{
		Name:     "replicated-clock",
		Why:      "clocks step, drift and freeze, each on its own: sessions and lag are judged wrongly then, and nothing acknowledged may rest on that",
		Cluster:  threeBrokers,
		Topics:   topics,
		Workload: w,
		Faults: []Fault{
			always(ClockStep, 1, 6),
			always(ClockDrift, 1, 4),
			sometimes(60, ClockFreeze, 1, 4),
			always(ProcessKill, 2, 4),
			always(LostResponse, 32, 48),
			sometimes(30, Isolate, 1, 3),
		},
		Needs: worked,
	}
}

func replicatedUnsynced() Scenario {
	return Scenario{
		Name:     "replicated-unsynced",
		Why:      "without fsync before the acknowledgement, copies in the memory of several brokers must survive any number of kills and a power cut of one, in whatever order they come back",
		Cluster:  threeBrokers,
		Topics:   unsyncedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(ProcessKill, 3, 9),
			// Each leaves the in-sync set as it comes back, unless it still has everything.
			sometimes(50, KillAll, 1, 2),
			sometimes(40, PowerCut, 1, 1),
			always(Shutdown, 2, 3), // it leaves something synced that later kills must spare
			sometimes(40, ProcessKill, 1, 3).At(Controller),
			sometimes(40, Isolate, 1, 3).At(Leader),
			sometimes(40, Pause, 1, 3),
			always(LostResponse, 4, 10),
		},
		Needs: worked,
	}
}

func replicatedMixed() Scenario {
	return Scenario{
		Name:     "replicated-mixed",
		Why:      "faults of different kinds meet: a wiped disk behind a cut link, a power cut during an election, a stopped clock in a rolling restart",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(ProcessKill, 1, 4), always(LostResponse, 4, 10), sometimes(50, PowerCut, 1, 4), sometimes(30, PowerCutAll, 1, 2),
			sometimes(40, CrashInCall, 1, 3), sometimes(25, Shutdown, 1, 2), sometimes(15, RollingRestart, 1, 1), sometimes(35, Pause, 1, 4),
			sometimes(20, DiskWiped, 1, 1), sometimes(20, WriteError, 1, 2), sometimes(20, ReadError, 1, 2), sometimes(20, SyncError, 1, 2),
			sometimes(15, NoSpace, 1, 2).For(300, 3000), sometimes(20, ShortWrite, 1, 2), sometimes(30, DiskStall, 1, 3),
			sometimes(25, ClockStep, 1, 3), sometimes(15, ClockDrift, 1, 2), sometimes(15, ClockFreeze, 1, 2),
			sometimes(30, Reset, 1, 8), sometimes(20, HalfOpen, 1, 3), sometimes(25, Delay, 1, 4), sometimes(30, Cut, 1, 4),
			sometimes(30, Isolate, 1, 3).At(Leader), sometimes(20, Isolate, 1, 2).At(Controller), sometimes(30, CutOneWay, 1, 4).At(Leader),
			sometimes(15, ClientKill, 1, 2), sometimes(15, ClientPause, 1, 2),
		},
		Needs: worked,
	}
}
