package scenarios

// keptForSeconds are topics of which records go while the run lasts.
func keptForSeconds(t TopicSettings) TopicSettings {
	t.Retention = true
	return t
}

// oftenLooked has brokers look at retention several times a second.
var oftenLooked = Setting{"log.retention.check.interval.ms", "400"}

// deleted is the need that records went.
var deleted = Need{Name: "a log start was moved", Of: LogStarts, AtLeast: 1}

func singleRetention() Scenario {
	w := usual
	w.OldTimestamps, w.FutureTimestamps = 20, 1
	w.Deletions = Range{4, 40}
	w.Hasty = 0 // of a producer that a log may have forgotten it takes any sequence
	return Scenario{
		Name:     "single-retention",
		Why:      "records go by age, by size and on request: none before it is due, whatever the broker's clock says, none of the others with it, and none comes back",
		Cluster:  Cluster{Brokers: 1, Settings: []Setting{oftenLooked}},
		Topics:   keptForSeconds(someTopics),
		Workload: w,
		Faults: []Fault{
			sometimes(70, ClockStep, 1, 4).At(Leader),
			sometimes(30, ClockStep, 1, 4),
			sometimes(20, ClockFreeze, 1, 2),
			always(ProcessKill, 2, 4),
			always(LostResponse, 6, 12),
			sometimes(50, PowerCut, 1, 3),
			sometimes(40, CrashInCall, 1, 3),
			sometimes(20, Shutdown, 1, 2),
			sometimes(30, ClientPause, 1, 3),
			sometimes(40, DiskStall, 1, 4),
		},
		Needs: append(append([]Need{}, worked...), deleted),
	}
}

func replicatedRetention() Scenario {
	w := clustered
	w.OldTimestamps, w.FutureTimestamps = 20, 1
	w.Deletions = Range{4, 30}
	return Scenario{
		Name:     "replicated-retention",
		Why:      "the leader's log start is its followers': one that was away finds its next record deleted, and one that leads next must not bring back what went",
		Cluster:  Cluster{Brokers: 3, Settings: append([]Setting{oftenLooked}, threeBrokers.Settings...)},
		Topics:   keptForSeconds(replicatedTopics),
		Workload: w,
		Faults: []Fault{
			sometimes(70, ClockStep, 1, 4).At(Leader),
			sometimes(30, ClockStep, 1, 4),
			always(ProcessKill, 2, 6),
			sometimes(40, ProcessKill, 1, 2).For(3000, 8000), // long enough for its log to be behind the others' starts
			always(LostResponse, 4, 10),
			sometimes(40, PowerCut, 1, 3),
			sometimes(30, CrashInCall, 1, 2),
			sometimes(40, Isolate, 1, 3).At(Follower),
			sometimes(40, Isolate, 1, 3).At(Leader),
			sometimes(20, DiskWiped, 1, 1),
			sometimes(40, DiskStall, 1, 4),
		},
		Needs: append(append([]Need{}, worked...), deleted),
	}
}

func replicatedUnsyncedRetention() Scenario {
	w := clustered
	w.BatchRecords = Range{2, 12}
	w.Deletions, w.DeleteNewest = Range{30, 120}, true
	return Scenario{
		Name:     "replicated-unsynced-retention",
		Why:      "a log start outlives a power cut, the records behind it that were in memory only do not: the log goes on from there, within a batch if need be",
		Cluster:  threeBrokers,
		Topics:   keptForSeconds(unsyncedTopics),
		Workload: w,
		Faults: []Fault{
			always(PowerCut, 1, 3),
			sometimes(70, ProcessKill, 1, 4),
			sometimes(40, ProcessKill, 1, 2).For(3000, 8000),
			sometimes(30, KillAll, 1, 1),
			sometimes(40, Shutdown, 1, 2),
			sometimes(40, Isolate, 1, 3).At(Follower),
			sometimes(40, Isolate, 1, 3).At(Leader),
			always(LostResponse, 4, 10),
			sometimes(30, DiskStall, 1, 3),
		},
		Needs: append(append([]Need{}, worked...), deleted),
	}
}
