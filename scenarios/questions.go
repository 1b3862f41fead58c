package scenarios

// asking is a workload in which little is written and much is asked.
func asking(w Workload) Workload {
	w.Plain, w.Idempotent, w.Consumers = Fixed(1), Range{2, 3}, Fixed(1)
	w.Sends, w.TopicChurn, w.Seconds = Range{350, 500}, Fixed(0), Range{20, 40}
	w.Questions = Range{300, 900}
	return w
}

// quickSettings are what groups and deletions of a run take notice of.
var quickSettings = []Setting{
	{"group.min.session.timeout.ms", "100"},
	{"offsets.topic.num.partitions", "2"},
}

func questions() []Scenario { return []Scenario{singleQuestions(), replicatedQuestions()} }

func singleQuestions() Scenario {
	return Scenario{
		Name:    "single-questions",
		Why:     "requests of every kind and version, with fields that make no sense, while the broker dies: every answer is well-formed and of the codes that its API has, and settings read back as they were written",
		Cluster: Cluster{Brokers: 1, Settings: append([]Setting{{"offsets.topic.replication.factor", "1"}}, quickSettings...)},
		Topics:  someTopics, Workload: asking(usual),
		Faults: []Fault{
			always(ProcessKill, 1, 3), always(LostResponse, 16, 30), sometimes(40, PowerCut, 1, 2), sometimes(40, Shutdown, 1, 2),
			sometimes(30, CrashInCall, 1, 2), sometimes(30, DiskStall, 1, 3), sometimes(30, ClientKill, 1, 2),
		},
		Needs: worked,
	}
}

func replicatedQuestions() Scenario {
	return Scenario{
		Name:    "replicated-questions",
		Why:     "requests of every kind and version reach brokers that do not lead, lag or are cut off: what they answer is of the codes that its API has, and in the end all of them tell the same settings",
		Cluster: Cluster{Brokers: 3, Settings: append(append([]Setting{}, threeBrokers.Settings...), quickSettings...)},
		Topics:  replicatedTopics, Workload: asking(clustered),
		Faults: []Fault{
			always(ProcessKill, 1, 4), always(LostResponse, 16, 30), sometimes(50, Isolate, 1, 2).At(Controller),
			sometimes(50, Isolate, 1, 2).At(Follower), sometimes(40, PowerCut, 1, 2), sometimes(40, Cut, 2, 6), sometimes(40, Pause, 1, 3),
			sometimes(40, Shutdown, 1, 2),
		},
		Needs: worked,
	}
}
