package matrix

import (
	"trialog/checker/history"
	"trialog/scenarios"
)

// controls are the rows that are not claimed. Each must show its loss, or the
// judge is blind.
func controls() []Row {
	row := func(id, settings, under, scenario, why string, faults ...scenarios.Kind) Row {
		return Row{
			ID: id, Part: NotOurs, Property: history.Durability, Guarantee: "acknowledged records are lost: " + why,
			Settings: settings, Under: under, Scenarios: of(scenario), Faults: faults, Anomaly: "lost-write",
		}
	}
	return []Row{
		row("lost-one-unsynced", "one replica, flush.messages="+scenarios.NoLimit, "one power cut", "single-unsynced-power",
			"nothing is on disk when it is acknowledged", scenarios.PowerCut),
		row("lost-acks-one", "acks=1", "the leader is killed", "replicated-acks-one",
			"nobody else has the record when it is acknowledged", scenarios.ProcessKill),
		row("lost-unclean", "unclean.leader.election.enable=true, min.insync.replicas=1", "a replica out of sync is all that is left", "replicated-unclean",
			"it leads without the records that count, as in Jepsen's trial of 2013", scenarios.ProcessKill),
		row("lost-min-isr-one", "acks=all, min.insync.replicas=1, flush.messages="+scenarios.NoLimit, "the in-sync set shrinks to its leader, whose power goes", "replicated-min-isr-one",
			"acks=all of a set of one is the word of one broker", scenarios.PowerCut),
		row("lost-all-power", unsyncedAll, "the power of all brokers at once", "replicated-unsynced-power",
			"no disk has what all memories had", scenarios.PowerCutAll),
		row("lost-last-standing", unsyncedAll+", without eligible leader replicas (KIP-966)", "the last replica in sync loses power and leads again", "replicated-last-standing",
			"two others still had the records", scenarios.PowerCut),
	}
}
