package matrix

import (
	"trialog/checker/history"
	"trialog/scenarios"
)

const (
	twoSynced    = "acks=all, min.insync.replicas=1, flush.messages=1, unclean.leader.election.enable=false"
	twoUnsynced  = "acks=all, min.insync.replicas=2, flush.messages=" + scenarios.NoLimit + ", unclean.leader.election.enable=false"
	fiveSynced   = "acks=all, min.insync.replicas=3, flush.messages=1, unclean.leader.election.enable=false"
	fiveUnsynced = "acks=all, min.insync.replicas=3, flush.messages=" + scenarios.NoLimit + ", unclean.leader.election.enable=false"
)

// sizes are the rows of clusters of two and of five brokers.
func sizes() []Row {
	kill, cut, all := scenarios.ProcessKill, scenarios.PowerCut, scenarios.PowerCutAll
	return []Row{
		holds("two-kept", Sizes, history.Durability, saysKept, twoSynced, "two brokers; any number of kills and power cuts, of one or of both",
			of("replicated-two"), struck(kill, cut, all), "m28-ack-before-fsync").
			note("while one of two voters is away no other leader is elected"),
		holds("two-kept-unsynced", Sizes, history.Durability, saysKept, twoUnsynced, "two brokers; any number of kills, and one power cut until both are in sync again",
			of("replicated-two-unsynced"), struck(kill, cut), "m19-below-min-isr"),
		holds("five-kept", Sizes, history.Durability, saysKept, fiveSynced, "five brokers; any number of kills and power cuts, and two lost disks until every replica is in sync again",
			of("replicated-five"), struck(kill, cut, scenarios.DiskWiped), "m19-below-min-isr", "m28-ack-before-fsync").
			note("a majority of the metadata quorum's disks must be intact"),
		holds("five-kept-unsynced", Sizes, history.Durability, saysKept, fiveUnsynced, "five brokers; any number of kills, and two power cuts until every replica is in sync again",
			of("replicated-five-unsynced"), struck(kill, cut), "m19-below-min-isr"),
	}
}
