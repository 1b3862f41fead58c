package scenarios

// twoBrokers and fiveReplicas have every partition on each broker. Two voters decide
// together only: while one is away nobody new leads, and nothing is lost by that.
var (
	twoBrokers   = Cluster{Brokers: 2, Settings: []Setting{{"default.replication.factor", "2"}}}
	fiveReplicas = Cluster{Brokers: 5, Settings: []Setting{{"default.replication.factor", "5"}}}
)

// sized are topics with so many replicas in sync for a record to count.
func sized(topics TopicSettings, minISR string) TopicSettings {
	topics.Configs = append([]Setting{{"min.insync.replicas", minISR}}, topics.Configs...)
	return topics
}

// replicatedSizes are what is claimed for clusters of other sizes than three.
func replicatedSizes() []Scenario {
	return []Scenario{replicatedTwo(), replicatedTwoUnsynced(), replicatedFive(), replicatedFiveUnsynced()}
}

func replicatedTwo() Scenario {
	return Scenario{
		Name:     "replicated-two",
		Why:      "two replicas, of which one may be all that is in sync: whatever dies and however often the power goes, the one that comes back first must not lead without what the other acknowledged alone",
		Cluster:  twoBrokers,
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(ProcessKill, 2, 6),
			sometimes(70, PowerCut, 1, 3),
			sometimes(50, PowerCutAll, 1, 2),
			sometimes(50, Cut, 2, 6),
			sometimes(40, Isolate, 1, 3).At(Leader),
			sometimes(40, Pause, 1, 3),
			sometimes(40, Shutdown, 1, 2),
			always(LostResponse, 4, 10),
		},
		Needs: worked,
	}
}

func replicatedTwoUnsynced() Scenario {
	return Scenario{
		Name:     "replicated-two-unsynced",
		Why:      "two copies in memory, both of which must be in sync: any number of kills, and a power cut of one of them",
		Cluster:  twoBrokers,
		Topics:   sized(unsyncedTopics, "2"),
		Workload: clustered,
		Faults: []Fault{
			always(ProcessKill, 2, 6),
			sometimes(50, KillAll, 1, 2),
			sometimes(60, PowerCut, 1, 1),
			sometimes(40, Pause, 1, 3),
			sometimes(40, Cut, 1, 4),
			always(Shutdown, 1, 2),
			always(LostResponse, 4, 10),
		},
		Needs: worked,
	}
}

func replicatedFive() Scenario {
	return Scenario{
		Name:     "replicated-five",
		Why:      "five replicas, three of which must be in sync: two disks may be lost at a time, and any number of brokers die or lose their power",
		Cluster:  fiveReplicas,
		Topics:   sized(replicatedTopics, "3"),
		Workload: clustered,
		Faults: []Fault{
			always(ProcessKill, 3, 9),
			sometimes(60, DiskWiped, 1, 2).For(100, 2000),
			sometimes(50, PowerCut, 1, 4),
			sometimes(40, PowerCutAll, 1, 2),
			sometimes(50, Isolate, 1, 3).At(Leader),
			sometimes(40, Pause, 1, 3).At(Controller),
			always(LostResponse, 4, 10),
		},
		Needs: worked,
	}
}

func replicatedFiveUnsynced() Scenario {
	return Scenario{
		Name:     "replicated-five-unsynced",
		Why:      "copies in the memory of three of five brokers at least: any number of kills, and the power of two of them",
		Cluster:  fiveReplicas,
		Topics:   sized(unsyncedTopics, "3"),
		Workload: clustered,
		Faults: []Fault{
			always(ProcessKill, 3, 9),
			sometimes(40, KillAll, 1, 2),
			sometimes(70, PowerCut, 1, 2),
			always(Shutdown, 2, 3),
			sometimes(40, Isolate, 1, 3).At(Leader),
			sometimes(40, Pause, 1, 3),
			always(LostResponse, 4, 10),
		},
		Needs: worked,
	}
}
