package scenarios

// threeBrokers are the default cluster: three brokers that are also the voters
// of the metadata quorum, with every partition on each of them.
var threeBrokers = Cluster{Brokers: 3, Settings: []Setting{{"default.replication.factor", "3"}}}

// replicatedTopics are in the default mode and on every broker.
var replicatedTopics = TopicSettings{Topics: Range{1, 2}, Partitions: Range{1, 3}}

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
	return []Scenario{replicatedCrash()}
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
			always(LostResponse, 2, 6),
			sometimes(50, Shutdown, 1, 3),
			sometimes(40, Pause, 1, 4),
			sometimes(30, ClientKill, 1, 3),
		},
		Needs: worked,
	}
}
