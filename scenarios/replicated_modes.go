package scenarios

func replicatedModes() Scenario {
	w := clustered
	w.ModeChanges = Range{4, 25}
	return Scenario{
		Name:     "replicated-modes",
		Why:      "flush.messages is set while a topic is in use and power goes: what a replica held in memory only, when the cluster began to sync, it must not be taken to have after a power cut",
		Cluster:  threeBrokers,
		Topics:   unsyncedTopics,
		Workload: w,
		Faults: []Fault{
			always(PowerCut, 3, 9).At(Leader).For(50, 1000).WithinClaims(),
			always(PowerCut, 2, 6).For(50, 1000).WithinClaims(),
			sometimes(70, KillInSync, 1, 4).For(500, 3000),
			sometimes(50, KillAll, 1, 2),
			sometimes(50, Isolate, 1, 4).At(Follower).For(500, 3000),
			always(ProcessKill, 1, 4).At(Leader),
			sometimes(50, DiskStall, 1, 4),
			always(LostResponse, 2, 6),
		},
		Needs: worked,
	}
}
