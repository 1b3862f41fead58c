package scenarios

// replicatedSoak is what real clusters are put through for long: every kind of
// fault that processes, links, connections and disks of one machine can show,
// most of them aimed at whom it hurts, and long enough that leaders must move.
func replicatedSoak() Scenario {
	w := clustered
	w.Plain, w.Idempotent, w.Consumers = Fixed(2), Fixed(4), Fixed(4)
	w.Seconds = Range{110, 130}
	return Scenario{
		Name:     "replicated-soak",
		Why:      "leaders move again and again for every reason that there is, under ten clients: kills, pauses, cuts, restarts and power cuts of one and of all",
		Cluster:  threeBrokers,
		Topics:   TopicSettings{Topics: Fixed(2), Partitions: Range{2, 3}},
		Workload: w,
		Paced:    true,
		Faults: []Fault{
			always(ProcessKill, 2, 3).At(Leader).For(3500, 5000),
			always(ProcessKill, 1, 2).For(50, 500),
			always(ProcessKill, 1, 1).At(Controller).For(500, 4000),
			always(PowerCut, 2, 3).At(Leader).For(3500, 5000),
			always(PowerCut, 1, 2).For(50, 500),
			always(PowerCutAll, 1, 2).For(50, 500),
			always(Pause, 2, 3).At(Leader).For(3800, 5500),
			always(Pause, 1, 1).At(Controller).For(1000, 5000),
			always(Isolate, 2, 3).At(Leader).For(3800, 5500),
			always(Cut, 1, 2).At(Leader).For(500, 5000),
			always(CutOneWay, 1, 2).At(Leader).For(500, 5000),
			always(Shutdown, 1, 2).At(Leader).For(100, 2500),
			always(RollingRestart, 1, 2).For(100, 1500),
			always(Reset, 2, 4), always(HalfOpen, 1, 3), always(Delay, 1, 3), always(LostResponse, 4, 8),
		},
		Needs: worked,
	}
}
