package scenarios

func replicatedElections() Scenario {
	w := clustered
	w.LeaderMoves = Range{60, 150}
	w.ListOffsets = Range{60, 240} // of leaders elected just now, too
	return Scenario{
		Name:     "replicated-elections",
		Why:      "leadership moves on and back within milliseconds while one broker hears everything late: old fetches and old answers meet new epochs, and histories part and must be mended",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: w,
		Faults: []Fault{
			always(SlowHost, 8, 20).For(200, 2000),
			sometimes(50, Delay, 2, 8).At(Leader).For(200, 2000),
			sometimes(50, Cut, 2, 6).At(Leader).For(100, 1000),
			always(ProcessKill, 1, 4).At(Leader),
			sometimes(40, KillInSync, 1, 3),
			sometimes(40, KillAll, 1, 2),
			sometimes(50, LostResponse, 4, 12),
		},
		Needs: worked,
	}
}

func replicatedShrunk() Scenario {
	return Scenario{
		Name:     "replicated-shrunk",
		Why:      "the in-sync set shrinks to one and grows again, without fsync: whoever is last in it, or about to be in it, dies or loses its memory, and others who have everything must be waited for",
		Cluster:  threeBrokers,
		Topics:   unsyncedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(Isolate, 2, 5).At(Follower).For(1000, 4000),
			always(Pause, 2, 5).At(Follower).For(1000, 4000),
			always(PowerCut, 2, 5).At(Leader).For(300, 2000).WithinClaims(),
			always(PowerCut, 4, 10).At(Joining).For(20, 300).WithinClaims().Patient(),
			sometimes(60, PowerCut, 1, 1).At(Alone).For(20, 300).WithinClaims().Patient(),
			always(LateRequest, 8, 24).For(300, 3000),
			sometimes(60, Cut, 4, 10).At(Joining).For(500, 3000).Patient(),
			sometimes(60, KillInSync, 1, 3).For(500, 3000),
			sometimes(50, Isolate, 1, 3).At(Controller).For(500, 3000),
			always(ProcessKill, 3, 8),
			// Now and then more is lost than is claimed: then the last known leader leads.
			sometimes(15, PowerCutAll, 1, 1),
		},
		Needs: worked,
	}
}
