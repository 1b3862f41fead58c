package matrix

import (
	"trialog/checker/history"
	"trialog/scenarios"
)

// cluster are the rows of three brokers.
func cluster() []Row {
	kill, cut, all := scenarios.ProcessKill, scenarios.PowerCut, scenarios.PowerCutAll
	return append([]Row{
		holds("three-kept-kills", Cluster, history.Durability, saysKept, syncedAll, manyKills+", of leaders, followers and controllers",
			of("replicated-crash"), struck(kill), "m01-hw-truncate", "same-epoch-after-restart"),
		holds("three-kept-power", Cluster, history.Durability, saysKept, syncedAll, "any number of power cuts, of one broker or of all",
			of("replicated-power"), struck(cut, all), "m28-ack-before-fsync"),
		holds("three-kept-partition", Cluster, history.Durability, saysKept, syncedAll, cutLinksInside,
			of("replicated-partition"), struck(scenarios.Isolate, scenarios.Cut), "m19-below-min-isr", "m02-no-epoch-compare"),
		holds("three-kept-disk", Cluster, history.Durability, saysKept, syncedAll, failingDisk+", bits that flip on one disk of three",
			of("replicated-disk", "replicated-rot"), struck(scenarios.WriteError, scenarios.SyncError, scenarios.SegmentRot), "m26-append-after-io-error", "heal-counts-too-early").
			note("what is damaged is scrubbed, fenced and copied anew from the others"),
		holds("three-kept-wipe", Cluster, history.Durability, saysKept, syncedAll, "min.insync.replicas−1 lost disks until every replica is in sync again",
			of("replicated-wipe"), struck(scenarios.DiskWiped), "m19-below-min-isr").
			note("a majority of the metadata quorum's disks must be intact"),
		holds("three-kept-rolling", Cluster, history.Durability, saysKept, syncedAll, "every broker stopped in turn and started again",
			of("replicated-rolling"), struck(scenarios.RollingRestart), "m24-clean-mark-kept"),
		holds("three-kept-pause", Cluster, history.Durability, saysKept, syncedAll, "processes that stand still and go on",
			of("replicated-pause"), struck(scenarios.Pause), "m01-hw-truncate", "m18-zombie-controller"),
		holds("three-kept-clock", Cluster, history.Durability, saysKept, syncedAll, "clocks that step, drift and freeze, each broker's its own",
			of("replicated-clock"), struck(scenarios.ClockStep), "m01-hw-truncate"),
		holds("three-kept-mixed", Cluster, history.Durability, saysKept, syncedAll, "faults of all these kinds together",
			of("replicated-mixed", "replicated-soak"), struck(kill, scenarios.Isolate), "m01-hw-truncate", "m02-no-epoch-compare", "m19-below-min-isr"),
		holds("three-kept-moves", Cluster, history.Durability, saysKept, syncedAll, "partitions moved to other brokers and leaders back to preferred ones, under faults",
			of("replicated-moves"), struck(kill), "own-reassigned-before-in-sync", "own-preferred-outside-isr"),
		holds("three-kept-voters", Cluster, history.Durability, saysKept, syncedAll, "voters taken out of the metadata quorum and added, under faults",
			of("replicated-voters"), nil, "own-removed-voter-stays", "own-wiped-voter-keeps-its-id"),
		holds("three-kept-unsynced", Cluster, history.Durability, saysKept, unsyncedAll,
			"any number of kills, of one broker or all, and min.insync.replicas−1 power cuts until every replica is in sync again",
			of("replicated-unsynced", "replicated-shrunk"), struck(kill), "own-power-cut-taken-for-a-kill", "own-kill-taken-for-a-power-cut").
			note("a power cut is told from a kill by the kernel's boot ID (ADR 11)"),
		holds("three-kept-modes", Cluster, history.Durability, saysKept, "`flush.messages` set back and forth, `acks=all`",
			"any number of kills, and min.insync.replicas−1 power cuts until every replica is in sync again and all have synced",
			of("replicated-modes"), struck(kill, cut), "own-mode-believed-before-synced", "mode-change-without-barrier").
			note("what is claimed is that of replicated mode until every replica that may lead has told that it has synced (ADR 13)"),
		holds("three-comes-back", Cluster, history.TailDurability, saysComesBack, syncedAll, "faults of all kinds",
			of("replicated-crash", "replicated-power", "replicated-partition", "replicated-mixed"), struck(kill, scenarios.Isolate), "session-drops-failed-partition"),
	}, consistency()...)
}

// consistency are the rows of a cluster that are not about loss.
func consistency() []Row {
	kill, cut, link := scenarios.ProcessKill, scenarios.PowerCutAll, scenarios.Isolate
	return []Row{
		holds("three-compacted", Cluster, history.Compaction, saysCompacted, "`cleanup.policy=compact`", "kills, power cuts, isolated brokers, wiped disks",
			of("replicated-compaction"), struck(kill), "m41-tombstone-early").
			note("a replica that was away for longer than `delete.retention.ms` may bring back what was deleted meanwhile"),
		holds("three-time", Cluster, history.OffsetByTime, saysTime, "`message.timestamp.type=CreateTime`", "kills and elections",
			of("replicated-crash", "replicated-mixed"), struck(kill), "m45-time-index"),
		holds("three-again", Cluster, history.TopicLives, saysAgain, syncedAll, "kills, power cuts, paused and isolated leaders, reassignments",
			of("replicated-recreated"), struck(kill), "first-life-in-the-second", "own-committed-in-the-first-life").
			note("of clients that name topics by ID (Produce 13, Fetch 13, OffsetCommit and OffsetFetch 10); a broker that lags answers ListOffsets, which knows names only, for the topic that it knows"),
		holds("three-life", Cluster, history.LogLife, saysLife, "`retention.ms` or `retention.bytes`", "kills, power cuts, isolated brokers, clocks that are set",
			of("replicated-retention"), struck(kill, scenarios.ClockStep), "m44-retention-by-wall-clock").
			note("a leader that has not heard of its predecessor's last move begins a little below it"),
		holds("three-life-unsynced", Cluster, history.LogLife, saysLife, unsyncedAll, "kills, isolated brokers, and power cuts that take records and leave log starts within batches",
			of("replicated-unsynced-retention"), struck(kill, scenarios.PowerCut), "own-batch-around-the-log-start"),
		holds("three-offset-kills", Cluster, history.OffsetConsistency, saysOneRecord, syncedAll, manyKills,
			of("replicated-crash", "replicated-elections", "replicated-questions"), struck(kill), "m02-no-epoch-compare", "m01-hw-truncate"),
		holds("three-offset-partition", Cluster, history.OffsetConsistency, saysOneRecord, syncedAll, cutLinksInside,
			of("replicated-partition"), struck(link), "m02-no-epoch-compare", "m21-read-above-watermark"),
		holds("three-offset-mixed", Cluster, history.OffsetConsistency, saysOneRecord, syncedAll, "faults of all kinds",
			of("replicated-mixed"), struck(kill), "m19-below-min-isr"),
		holds("three-offset-nearby", Cluster, history.OffsetConsistency, saysOneRecord, syncedAll, "reads from followers, isolated leaders and kills",
			of("replicated-readers"), struck(link, kill), "m21-read-above-watermark"),
		holds("three-sent", Cluster, history.NoPhantom, saysSent, syncedAll, "faults of all kinds",
			of("replicated-mixed", "replicated-partition"), struck(kill, link), "m27-corruption-as-truncation"),
		holds("three-sent-lost", Cluster, history.NoPhantom, saysSent, unsyncedAll, "power cuts of everybody, and a lost disk among them: more than is claimed of durability",
			of("replicated-lost"), struck(scenarios.PowerCutAll, scenarios.LastDiskLost), "wiped-last-known-leader", "fenced-last-known-leader"),
		holds("three-once-kills", Cluster, history.NoDuplicate, saysOnce, idempotent, "retries across elections after kills",
			of("replicated-crash"), struck(kill), "m29-no-dedupe", "m32-producers-kept-on-truncation"),
		holds("three-once-partition", Cluster, history.NoDuplicate, saysOnce, idempotent, "retries across elections after cut links",
			of("replicated-partition"), struck(link), "m29-no-dedupe"),
		holds("three-order", Cluster, history.ProducerOrder, saysOrder, ordered, "elections after kills, pauses and cut links",
			of("replicated-crash", "replicated-partition", "replicated-pause"), struck(kill, link), "own-second-batch-before-the-first"),
		holds("three-realtime", Cluster, history.AppendRealtime, saysRealtime, syncedAll, "elections after kills, pauses and cut links",
			of("replicated-crash", "replicated-partition", "replicated-pause"), struck(kill, link), "m21-read-above-watermark"),
		holds("three-linear-kills", Cluster, history.LogLinearizable, saysLinear, syncedAll, manyKills,
			of("replicated-crash"), struck(kill), "own-old-watermark-beside-an-answer", "m21-read-above-watermark"),
		holds("three-linear-power", Cluster, history.LogLinearizable, saysLinear, syncedAll, "the power of one broker or of all",
			of("replicated-power"), struck(cut), "m28-ack-before-fsync"),
		holds("three-session", Cluster, history.SessionMonotonicReads, saysSession, assigned, "elections after kills, pauses and cut links",
			of("replicated-crash", "replicated-partition", "replicated-rolling", "replicated-readers"), struck(kill, link, scenarios.RollingRestart), "m21-read-above-watermark", "session-keeps-old-position"),
		holds("three-prefix", Cluster, history.CrashConsistency, saysPrefix, syncedAll, "kills and power cuts",
			of("replicated-crash", "replicated-power"), struck(kill, cut), "own-torn-tail-comes-back"),
		holds("three-prefix-unsynced", Cluster, history.CrashConsistency, saysPrefix, unsyncedAll, manyKills,
			of("replicated-unsynced"), struck(kill), "own-tail-not-written-again"),
	}
}
