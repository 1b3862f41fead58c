package scenarios

// The scenarios of a cluster that must show a violation: settings and faults
// beyond what is claimed. They prove that the judge can see a loss.

func replicatedAcksOne() Scenario {
	w := clustered
	w.Plain, w.Idempotent, w.AcksOne = Range{3, 5}, Fixed(1), 100
	return Scenario{
		Name:     "replicated-acks-one",
		Why:      "the judge must be able to fail: acks=1 is answered before anybody else has the record, and then the leader is killed",
		Cluster:  threeBrokers,
		Topics:   unsyncedTopics,
		Workload: w,
		Faults: []Fault{
			always(Delay, 4, 8).At(Leader),
			always(ProcessKill, 6, 10).At(Leader).For(1000, 4000),
		},
		Needs: worked,
		Expect: Expect{
			Anomaly: "lost-write", Within: 10,
			Reason: "acks=1 asks the leader alone, and the next one need not have the record",
		},
	}
}

func replicatedUnclean() Scenario {
	topics := replicatedTopics
	topics.Configs = []Setting{{"unclean.leader.election.enable", "true"}, {"min.insync.replicas", "1"}}
	return Scenario{
		Name:     "replicated-unclean",
		Why:      "the judge must be able to fail: a replica that was out of sync may lead, as in Jepsen's trial of 2013",
		Cluster:  threeBrokers,
		Topics:   topics,
		Workload: clustered,
		Faults: []Fault{
			always(Pause, 4, 8).At(Follower).For(1500, 4000),
			always(Isolate, 2, 4).At(Follower).For(1500, 4000),
			always(ProcessKill, 5, 8).At(Leader).For(2000, 5000),
		},
		Needs: worked,
		Expect: Expect{
			Anomaly: "lost-write", Within: 20,
			Reason: "unclean.leader.election.enable=true elects a replica that lacks records which count",
		},
	}
}

func replicatedMinISROne() Scenario {
	topics := unsyncedTopics
	topics.Configs = append([]Setting{{"min.insync.replicas", "1"}}, topics.Configs...)
	return Scenario{
		Name:     "replicated-min-isr-one",
		Why:      "the judge must be able to fail: acks=all of an in-sync set of one is the word of one broker, whose power then goes",
		Cluster:  threeBrokers,
		Topics:   topics,
		Workload: clustered,
		Faults: []Fault{
			always(Isolate, 3, 6).At(Follower).For(1500, 4000),
			always(Pause, 3, 6).At(Follower).For(1500, 4000),
			always(PowerCut, 5, 8).At(Leader).For(1000, 3000),
		},
		Needs: worked,
		Expect: Expect{
			Anomaly: "lost-write", Within: 20,
			Reason: "min.insync.replicas=1 lets a record count that only its leader has, in memory",
		},
	}
}

func replicatedUnsyncedPower() Scenario {
	return Scenario{
		Name:     "replicated-unsynced-power",
		Why:      "the judge must be able to fail: without fsync before the acknowledgement, the power of every broker at once takes acknowledged records",
		Cluster:  threeBrokers,
		Topics:   unsyncedTopics,
		Workload: clustered,
		Faults:   []Fault{always(PowerCutAll, 2, 5)},
		Needs:    worked,
		Expect: Expect{
			Anomaly: "lost-write", Within: 10,
			Reason: "flush.messages=" + NoLimit + " acknowledges what is in memory only, on however many brokers",
		},
	}
}

func replicatedLastStanding() Scenario {
	c := threeBrokers
	c.NoELR = true
	return Scenario{
		Name:     "replicated-last-standing",
		Why:      "the judge must be able to fail: without eligible leader replicas, one power cut of the last in-sync replica takes what two others still have",
		Cluster:  c,
		Topics:   unsyncedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(Isolate, 3, 6).At(Follower).For(1500, 4000),
			always(Pause, 3, 6).At(Follower).For(1500, 4000),
			always(PowerCut, 5, 8).At(Leader).For(1000, 3000),
		},
		Needs: worked,
		Expect: Expect{
			Anomaly: "lost-write", Within: 20,
			Reason: "before KIP-966 the last member of an in-sync set leads again after an unclean stop",
		},
	}
}
