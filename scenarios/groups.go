package scenarios

// sharedTopics are topics of which several members may own something at once.
// Where there is one partition alone, the same member may have it all the time,
// and nothing is on trial.
var sharedTopics = TopicSettings{Topics: Range{1, 2}, Partitions: Range{2, 4}}

// grouped is a workload of consumer groups. What is written is little: the
// groups are on trial, and their members, not the log.
func grouped(w Workload) Workload {
	w.Plain, w.Idempotent, w.Consumers = Fixed(0), Range{2, 3}, Fixed(0)
	w.Sends, w.ListOffsets, w.TopicChurn = Range{300, 500}, Fixed(0), Range{0, 6}
	w.Groups, w.Members, w.Static = Range{2, 3}, Range{2, 4}, 40
	w.MemberLives, w.MassRestarts, w.SubscriptionChanges = Range{0, 3}, Range{0, 2}, Range{0, 6}
	w.Ledgers, w.NewPartitions, w.GroupSettings = Range{1, 2}, Range{0, 4}, Range{0, 12}
	return w
}

// bothProtocols lets every other group speak the consumer protocol.
func bothProtocols(w Workload) Workload {
	w.ConsumerProtocol = 50
	return w
}

// migrating lets groups have members of both protocols, and change from one to the
// other while they are at work.
func migrating(w Workload) Workload {
	w.Migrating, w.MemberLives, w.MassRestarts, w.Static = 100, Range{3, 8}, Range{0, 1}, 20
	return w
}

// committed are the needs of a scenario of groups.
var committed = append([]Need{{Name: "members committed", Of: Commits, AtLeast: 20}}, worked...)

func groups() []Scenario {
	return []Scenario{singleGroups(), replicatedGroups(), groupsExpiry(), groupsSoak(), groupsMixed()}
}

func singleGroups() Scenario {
	return Scenario{
		Name:     "single-groups",
		Why:      "members join, sleep past their session, die together and commit as ghosts, and the only coordinator dies too: no record may be passed over, and no committed offset go back",
		Cluster:  oneBroker,
		Topics:   sharedTopics,
		Workload: bothProtocols(grouped(usual)),
		Faults: []Fault{
			always(ClientPause, 2, 8).For(300, 8000),
			sometimes(70, ClientKill, 1, 6),
			always(ProcessKill, 2, 4),
			sometimes(40, PowerCut, 1, 2),
			sometimes(40, Shutdown, 1, 2),
			sometimes(40, Pause, 1, 3).For(200, 4000),
			sometimes(40, ClockStep, 1, 4),
			sometimes(40, Delay, 1, 4),
			sometimes(30, DiskStall, 1, 3),
			always(LostResponse, 30, 48),
		},
		Needs: committed,
	}
}

func groupsMixed() Scenario {
	return Scenario{
		Name:     "replicated-groups-mixed",
		Why:      "applications roll from the classic protocol to the consumer protocol and back while coordinators die: no member is given what another still has, whichever protocol either speaks",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: migrating(grouped(clustered)),
		Faults: []Fault{
			always(ProcessKill, 1, 4).At(Leader),
			sometimes(40, Pause, 1, 3).At(Leader).For(200, 4000),
			sometimes(40, Isolate, 1, 3).At(Leader),
			sometimes(30, Shutdown, 1, 2),
			always(ClientPause, 1, 4).For(300, 8000),
			always(ClientKill, 1, 5),
			always(LostResponse, 12, 24),
		},
		Needs: committed,
	}
}

func replicatedGroups() Scenario {
	return Scenario{
		Name:     "replicated-groups",
		Why:      "coordinators die, hang and are cut off while their groups rebalance and commit: the next one must know all that was acknowledged, and the last one must not be heard any more",
		Cluster:  threeBrokers,
		Topics:   replicatedTopics,
		Workload: bothProtocols(grouped(clustered)),
		Faults: []Fault{
			always(ProcessKill, 2, 6).At(Leader),
			sometimes(60, Pause, 1, 4).At(Leader).For(200, 5000),
			sometimes(60, Isolate, 1, 4).At(Leader),
			sometimes(40, Cut, 2, 8).At(Leader),
			sometimes(40, CutOneWay, 1, 4).At(Leader),
			sometimes(40, Shutdown, 1, 3),
			sometimes(30, PowerCut, 1, 2),
			sometimes(30, ClockStep, 1, 4),
			always(ClientPause, 1, 6).For(300, 8000),
			sometimes(60, ClientKill, 1, 5),
			always(LostResponse, 12, 24),
		},
		Needs: committed,
	}
}

// groupsSoak is what groups are put through on real clusters: twenty members in
// three groups, in their own processes or behind connections that hang and break,
// while the brokers that coordinate them die and hang, too.
func groupsSoak() Scenario {
	w := grouped(clustered)
	w.Idempotent, w.Consumers, w.Seconds = Fixed(2), Fixed(1), Range{50, 60}
	w.Groups, w.Members, w.MemberLives = Fixed(3), Range{6, 7}, Range{1, 3}
	w.MassRestarts, w.SubscriptionChanges, w.NewPartitions, w.TopicChurn = Fixed(0), Range{0, 3}, Range{2, 4}, Fixed(0)
	w.GroupSettings = Fixed(0)
	w.ConsumerProtocol, w.Migrating = 35, 35
	cluster := threeBrokers
	cluster.Settings = append([]Setting{
		{"group.min.session.timeout.ms", "100"}, {"group.initial.rebalance.delay.ms", "500"},
		{"group.consumer.session.timeout.ms", "3000"}, {"group.consumer.heartbeat.interval.ms", "500"},
	}, cluster.Settings...)
	return Scenario{
		Name:     "replicated-groups-soak",
		Why:      "twenty members of either protocol share topics in three groups, die, hang past their sessions, leave and want other topics, while topics grow and the brokers that coordinate them are killed, paused and cut off",
		Cluster:  cluster,
		Topics:   TopicSettings{Topics: Fixed(2), Partitions: Range{3, 4}},
		Workload: w,
		Paced:    true,
		Faults: []Fault{
			always(ProcessKill, 2, 3).For(50, 4000),
			always(Pause, 1, 2).For(1000, 5000),
			sometimes(50, Isolate, 1, 1).For(1000, 5000),
			sometimes(50, Shutdown, 1, 1).For(100, 1000),
			always(ClientKill, 4, 8),
			always(ClientPause, 4, 8).For(1000, 9000),
			always(LostResponse, 10, 20), always(Reset, 2, 4),
		},
		Needs: committed,
	}
}

func groupsExpiry() Scenario {
	w := grouped(usual)
	w.Ledgers, w.MassRestarts, w.Static, w.SubscriptionChanges = Fixed(0), Fixed(0), 0, Fixed(0)
	w.Members, w.MemberLives, w.Anchored, w.GroupSettings = Range{3, 4}, Range{2, 4}, true, Fixed(0)
	w.Idempotent = Range{3, 4} // of whom some lose an answer, or nothing can be told about duplicates
	return Scenario{
		Name: "single-groups-expiry",
		Why:  "offsets of a topic expire once nobody in the group wants it, and not by the age of the commit: clocks that step by days and restarts must not take from members what they have",
		Cluster: Cluster{Brokers: 1, Settings: []Setting{
			{"offsets.retention.minutes", "1"}, {"offsets.retention.check.interval.ms", "200"},
		}},
		Topics:   sharedTopics,
		Workload: w,
		Faults: []Fault{
			always(ClockStep, 3, 8),
			always(ProcessKill, 3, 4).For(30, 200),
			always(LostResponse, 24, 40),
		},
		Needs: committed,
	}
}
