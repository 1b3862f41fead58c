package scenarios

// fiveBrokers hold every partition three times, so that there is where to move it.
var fiveBrokers = Cluster{Brokers: 5, Settings: []Setting{{"default.replication.factor", "3"}}}

func replicatedMoves() Scenario {
	c, topics := fiveBrokers, replicatedTopics
	c.Throttled = true
	topics.Configs = []Setting{{"leader.replication.throttled.replicas", "*"}, {"follower.replication.throttled.replicas", "*"}}
	w := clustered
	w.Reassignments = Range{20, 60}
	return Scenario{
		Name:     "replicated-moves",
		Why:      "partitions are given other replicas and other leaders, forth, back and elsewhere, some of them slowly, while brokers die: nobody takes over who lacks something, and nobody leaves before",
		Cluster:  c,
		Topics:   topics,
		Workload: w,
		Faults: []Fault{
			always(ProcessKill, 2, 8),
			always(LostResponse, 2, 6),
			sometimes(40, Shutdown, 1, 3),
			sometimes(40, Pause, 1, 4),
		},
		Needs: worked,
	}
}

func replicatedReaders() Scenario {
	c := threeBrokers
	c.Racks, c.Balanced = 3, true
	c.Settings = append([]Setting{{"replica.selector.class", "org.apache.kafka.common.replica.RackAwareReplicaSelector"}}, c.Settings...)
	w := clustered
	w.Consumers = Range{3, 5}
	return Scenario{
		Name:     "replicated-readers",
		Why:      "consumers read from the replica in their rack, which follows, falls behind, leads and is cut back: nobody reads what may yet be lost, or loses his place",
		Cluster:  c,
		Topics:   replicatedTopics,
		Workload: w,
		Faults: []Fault{
			always(Isolate, 2, 6).At(Leader),
			always(ProcessKill, 2, 5),
			always(LostResponse, 2, 6),
			sometimes(50, CutOneWay, 2, 6).At(Leader),
			sometimes(50, Cut, 8, 20).At(Leader).For(300, 900),
			sometimes(50, Pause, 1, 4).At(Follower),
			sometimes(40, PowerCut, 1, 3),
			sometimes(30, DiskWiped, 1, 1),
			sometimes(30, DiskStall, 1, 4),
		},
		Needs: worked,
	}
}

func replicatedVoters() Scenario {
	w := clustered
	w.VoterChanges = Range{10, 30}
	return Scenario{
		Name:     "replicated-voters",
		Why:      "voters of the metadata quorum are taken out and added, and disks are lost, while brokers die: no decision is lost, and the quorum can decide in the end",
		Cluster:  fiveBrokers,
		Topics:   replicatedTopics,
		Workload: w,
		Faults: []Fault{
			always(ProcessKill, 2, 6),
			sometimes(50, DiskWiped, 1, 2),
			sometimes(40, Pause, 1, 4),
			sometimes(40, LostResponse, 2, 6),
		},
		Needs: worked,
	}
}
