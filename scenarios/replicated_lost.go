package scenarios

func replicatedLost() Scenario {
	w := clustered
	w.TopicChurn = Range{}
	w.Rescued = true
	topics := unsyncedTopics
	topics.Partitions = Range{3, 5} // so that some have another leader than the one that is lost
	return Scenario{
		Name:     "replicated-lost",
		Why:      "without fsync the power goes on everybody, and now and then the last leader's disk with it: nobody vouches for everything any more, and the last known leader leads where its log is still there, once it is back, and nowhere else",
		Cluster:  threeBrokers,
		Topics:   topics,
		Workload: w,
		Faults: []Fault{
			always(PowerCutAll, 1, 3).For(100, 1000),
			always(LastDiskLost, 1, 1).At(Leader).For(100, 1000),
			sometimes(50, PowerCut, 1, 4).At(Leader),
			sometimes(50, Isolate, 1, 3).At(Follower).For(500, 3000),
			sometimes(50, KillInSync, 1, 3).For(500, 3000),
			always(ProcessKill, 1, 4),
			always(LostResponse, 2, 6),
		},
		Needs: []Need{
			{Name: "records were acknowledged", Of: AckedRecords, AtLeast: 50}, // of a lost partition nothing more
			{Name: "records were read while faults struck", Of: ReadRecords, AtLeast: 30},
			{Name: "everything was lost", Of: FaultsFired, AtLeast: 2},
		},
	}
}
