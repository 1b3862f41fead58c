package scenarios

// keyed are topics that are compacted while the run lasts. Of few keys each is soon
// written again, so that much goes; of many, those that were deleted stay so, and what
// a deletion has left behind would be seen in the end.
func keyed(t TopicSettings) TopicSettings {
	t.Keys = []int{40, 200, 600}
	return t
}

// cleaned is the need that the cleaner had something to do.
var cleaned = Need{Name: "the cleaner removed records", Of: Cleanings, AtLeast: 1}

func replicatedCompaction() Scenario {
	w := clustered
	w.OldTimestamps, w.FutureTimestamps = 0, 0
	w.RecordBytes = Range{10, 100}
	return Scenario{
		Name:     "replicated-compaction",
		Why:      "every replica cleans its own log: whoever leads next has the newest record of every key at its offset, and whoever has to catch up does so from a log with gaps",
		Cluster:  threeBrokers,
		Topics:   keyed(replicatedTopics),
		Workload: w,
		Faults: []Fault{
			always(ProcessKill, 2, 5),
			sometimes(40, ProcessKill, 1, 2).For(3000, 8000), // long enough for what it lacks to have been cleaned
			always(LostResponse, 4, 10),
			sometimes(40, PowerCut, 1, 3),
			sometimes(50, CrashInCall, 1, 4),
			sometimes(40, Isolate, 1, 3).At(Follower),
			sometimes(40, Isolate, 1, 3).At(Leader),
			sometimes(20, DiskWiped, 1, 1),
			sometimes(40, DiskStall, 1, 4),
		},
		Needs: append(append([]Need{}, worked...), cleaned),
	}
}

// compactedDisk is the compaction of one broker whose disk is not what it should be.
func compactedDisk() Scenario {
	s := singleCompaction()
	s.Name = "single-compaction-disk"
	s.Why = "the disk is full at any call of the cleaner, fails, or has rotted where it reads: what it leaves must be all that it found, a log that cannot be read is left alone, and the rest goes on"
	s.Topics.Keys = []int{20, 40, 200}
	s.Faults = []Fault{
		sometimes(80, NoSpace, 1, 4).For(100, 1000),
		sometimes(40, SegmentRot, 1, 2),
		sometimes(25, WriteError, 1, 2),
		sometimes(25, ReadError, 1, 2),
		sometimes(25, SyncError, 1, 2),
		sometimes(30, ShortWrite, 1, 2),
		always(ProcessKill, 1, 3),
		always(LostResponse, 6, 12),
		sometimes(60, CrashInCall, 1, 3),
		sometimes(40, PowerCut, 1, 2),
	}
	return s
}

// compactedRetention joins the two cleanup policies.
func compactedRetention() Scenario {
	s := singleCompaction()
	s.Name = "single-compaction-retention"
	s.Why = "of a topic with both policies segments go by age and size while the cleaner rewrites them: a pass over what goes meanwhile ends, and nothing goes that neither policy lets go"
	s.Topics = keptForSeconds(s.Topics)
	s.Topics.Keys = []int{20, 60}
	s.Cluster.Settings = []Setting{oftenLooked}
	s.Workload.Deletions = Range{4, 12}
	s.Needs = append(append([]Need{}, s.Needs...), deleted)
	return s
}

func singleCompaction() Scenario {
	w := usual
	w.OldTimestamps, w.FutureTimestamps = 0, 0
	w.Hasty = 0
	w.Seconds = Range{25, 40}
	w.RecordBytes = Range{10, 100}
	return Scenario{
		Name:     "single-compaction",
		Why:      "of every key the newest record stays, whatever call of the cleaner a crash, a power cut or a full disk meets; tombstones stay as long as told; and who reads meanwhile misses nothing",
		Cluster:  oneBroker,
		Topics:   keyed(someTopics),
		Workload: w,
		Faults: []Fault{
			sometimes(30, ClockStep, 1, 2).At(Leader),
			always(ProcessKill, 1, 3),
			always(LostResponse, 6, 12),
			sometimes(60, PowerCut, 1, 2),
			sometimes(80, CrashInCall, 1, 3),
			sometimes(20, Shutdown, 1, 2),
			sometimes(30, ClientPause, 1, 3),
			sometimes(40, DiskStall, 1, 4),
		},
		Needs: append(append([]Need{}, worked...), cleaned),
	}
}
