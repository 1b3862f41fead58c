package scenarios

// reborn is a workload whose topics live in the background of others that are
// deleted and made again under their names.
func reborn(w Workload) Workload {
	w.Plain, w.Idempotent, w.Consumers = Fixed(0), Range{3, 4}, Fixed(1)
	w.Sends, w.ListOffsets, w.Rebirths = Range{400, 600}, Fixed(0), Range{2, 3}
	w.OldTimestamps, w.FutureTimestamps, w.Lives = 0, 0, Fixed(0)
	return w
}

// livedAgain is the need that later lives were written to.
var livedAgain = Need{Name: "a topic that was made again was written to", Of: LaterSends, AtLeast: 10}

func recreated() []Scenario { return []Scenario{singleRecreated(), replicatedRecreated()} }

func singleRecreated() Scenario {
	return Scenario{
		Name:     "single-recreated",
		Why:      "a topic is deleted and another gets its name, again and again, while the broker dies between any two steps: nothing of the first life, no record, offset, committed offset or producer's sequence, is seen in the second",
		Cluster:  oneBroker,
		Topics:   TopicSettings{Topics: Fixed(1), Partitions: Range{1, 2}},
		Workload: reborn(usual),
		Faults: []Fault{
			always(ProcessKill, 2, 5),
			always(LostResponse, 6, 16),
			sometimes(60, PowerCut, 1, 4),
			sometimes(50, CrashInCall, 1, 4),
			sometimes(40, Pause, 1, 3),
			sometimes(40, DiskStall, 1, 4),
			sometimes(30, Shutdown, 1, 2),
			sometimes(30, ClientKill, 1, 3),
		},
		Needs: append(append([]Need{}, worked...), livedAgain),
	}
}

func replicatedRecreated() Scenario {
	w := reborn(clustered)
	w.Reassignments = Range{0, 20}
	return Scenario{
		Name:     "replicated-recreated",
		Why:      "topics are deleted and made again, and moved away and back, while brokers are dead, paused or cut off: who comes back with a log of the first life, or leads in it, must not be heard in the second",
		Cluster:  Cluster{Brokers: 4, Settings: []Setting{{"default.replication.factor", "3"}, {"offsets.topic.replication.factor", "3"}}},
		Topics:   TopicSettings{Topics: Fixed(1), Partitions: Range{1, 2}},
		Workload: w,
		Faults: []Fault{
			always(ProcessKill, 2, 6),
			sometimes(60, ProcessKill, 1, 3).For(2000, 8000), // long enough for several lives to pass
			always(LostResponse, 4, 10),
			sometimes(50, PowerCut, 1, 4),
			sometimes(30, PowerCutAll, 1, 2),
			sometimes(50, Pause, 1, 4).At(Leader).For(300, 5000),
			sometimes(40, Pause, 1, 3).At(Controller),
			sometimes(40, Isolate, 1, 3).At(Leader),
			sometimes(40, CrashInCall, 1, 3),
			sometimes(30, Shutdown, 1, 2),
			sometimes(30, ClientKill, 1, 3),
		},
		Needs: append(append([]Need{}, worked...), livedAgain),
	}
}
