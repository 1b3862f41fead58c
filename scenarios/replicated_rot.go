package scenarios

// scrubbedBrokers are three brokers that read their logs over all the time.
func scrubbedBrokers() Cluster {
	c := threeBrokers
	c.Scrubbed = true
	return c
}

// damageFound is the need that what has rotted was met.
var damageFound = Need{Name: "damage was found", Of: Findings, AtLeast: 1}

func replicatedRot() Scenario {
	return Scenario{
		Name:     "replicated-rot",
		Why:      "bits flip on the disk of one broker, in segments and their indexes, checkpoints and the journal: what is damaged must not be served or counted, nor spread, and heals from the others while those die and come back",
		Cluster:  scrubbedBrokers(),
		Topics:   replicatedTopics,
		Workload: clustered,
		Faults: []Fault{
			always(SegmentRot, 8, 16),
			sometimes(60, JournalRot, 1, 3),
			always(ProcessKill, 2, 6),
			sometimes(50, PowerCut, 1, 4),
			sometimes(40, PowerCutAll, 1, 2),
			sometimes(40, CrashInCall, 1, 3),
			sometimes(30, Shutdown, 1, 2),
			sometimes(30, Isolate, 1, 3).At(Leader),
			sometimes(30, Pause, 1, 3),
			always(LostResponse, 4, 10),
		},
		Needs: append([]Need{damageFound}, worked...),
	}
}
