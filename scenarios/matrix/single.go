package matrix

import (
	"trialog/checker/history"
	"trialog/scenarios"
)

// single are the rows of one broker.
func single() []Row {
	kill, cut, lost := scenarios.ProcessKill, scenarios.PowerCut, scenarios.LostResponse
	return []Row{
		holds("one-kept-kills", OneBroker, history.Durability, saysKept, acknowledged, manyKills,
			of("single-crash", "single-kills"), struck(kill), "m24-clean-mark-kept", "own-nameless-log-replaced").
			note("with flush.messages=" + scenarios.NoLimit + " too, as far as kills go: what was written is in the page cache"),
		holds("one-kept-power", OneBroker, history.Durability, saysKept, acknowledged, manyCuts,
			of("single-power"), struck(cut), "m28-ack-before-fsync", "duplicate-answered-early", "own-torn-tail-comes-back"),
		holds("one-kept-disk", OneBroker, history.Durability, saysKept, acknowledged, failingDisk,
			of("single-disk"), struck(scenarios.WriteError, scenarios.SyncError, scenarios.NoSpace), "m26-append-after-io-error", "own-journal-tail-not-written-again"),
		holds("one-kept-clock", OneBroker, history.Durability, saysKept, acknowledged, movingClocks,
			of("single-clock"), struck(scenarios.ClockStep), "m24-clean-mark-kept"),
		holds("one-kept-net", OneBroker, history.Durability, saysKept, acknowledged, brokenLinks,
			of("single-net"), struck(lost, scenarios.Reset), "duplicate-answered-early"),
		holds("one-kept-mixed", OneBroker, history.Durability, saysKept, acknowledged, "faults of all these kinds together",
			of("single-mixed"), struck(kill, cut), "m28-ack-before-fsync", "m26-append-after-io-error").
			note("a flipped bit voids the claim for what it hit: one replica cannot heal"),
		holds("one-kept-modes", OneBroker, history.Durability, saysKept, "flush.messages set while the topic is in use", manyKills+", and power cuts",
			of("single-modes"), struck(kill, cut), "own-mode-change-forgotten", "own-synced-before-all-is-durable").
			note("where the power goes, what was acknowledged while it was synced, or had become durable since"),
		holds("one-comes-back", OneBroker, history.TailDurability, saysComesBack, acknowledged, "faults of all kinds",
			of("single-crash", "single-power", "single-disk", "single-net", "single-mixed"), struck(kill, cut), "m28-ack-before-fsync"),
		holds("one-life", OneBroker, history.LogLife, saysLife, "`retention.ms` or `retention.bytes`, with compaction or without", "kills, power cuts, clocks that are set",
			of("single-retention", "single-compaction-retention"), struck(kill, scenarios.ClockStep), "m44-retention-by-wall-clock", "start-offset-goes-back").
			note("a clock that is ahead for more than an hour is believed"),
		holds("one-compacted", OneBroker, history.Compaction, saysCompacted, "`cleanup.policy=compact` or `compact,delete`", "kills, power cuts, crashes in every call of the cleaner, clocks that are set, a full or failing disk, flipped bits in segments",
			of("single-compaction", "single-compaction-disk", "single-compaction-retention"), struck(kill, cut), "m41-tombstone-early").
			note("a clock that is ahead for more than an hour is believed; nothing is claimed of what a flipped bit hit"),
		holds("one-time", OneBroker, history.OffsetByTime, saysTime, "`message.timestamp.type=CreateTime`", "kills, clocks that are set, records of other days",
			of("single-clock", "single-crash", "single-mixed"), struck(kill), "m45-time-index"),
		holds("one-again", OneBroker, history.TopicLives, saysAgain, anySettings, "kills, power cuts, crashes in every call",
			of("single-recreated"), struck(kill, cut), "first-life-in-the-second", "own-committed-in-the-first-life").
			note("of clients that name topics by ID (Produce 13, Fetch 13, OffsetCommit and OffsetFetch 10)"),
		holds("one-offset", OneBroker, history.OffsetConsistency, saysOneRecord, anySettings, "any number of process kills and power cuts",
			of("single-crash", "single-kills", "single-questions", "single-power", "single-mixed"), struck(kill, cut), "own-mode-change-forgotten", "m28-ack-before-fsync"),
		holds("one-sent-rot", OneBroker, history.NoPhantom, saysSent, anySettings, "flipped bits in journal and segments",
			of("single-rot"), struck(scenarios.JournalRot, scenarios.SegmentRot), "m27-corruption-as-truncation").
			note("what is damaged is fenced, never served and never cut off silently; durability is not claimed of it"),
		holds("one-sent-mixed", OneBroker, history.NoPhantom, saysSent, anySettings, "faults of all kinds",
			of("single-mixed", "single-net", "single-disk"), struck(kill, lost), "m27-corruption-as-truncation"),
		holds("one-once-net", OneBroker, history.NoDuplicate, saysOnce, idempotent, brokenLinks,
			of("single-net"), struck(lost), "m29-no-dedupe"),
		holds("one-once-restarts", OneBroker, history.NoDuplicate, saysOnce, idempotent, "retries across kills and power cuts",
			of("single-crash", "single-power", "single-mixed"), struck(kill, cut), "m29-no-dedupe", "journal-without-truncate-to"),
		holds("one-once-clock", OneBroker, history.NoDuplicate, saysOnce, idempotent, movingClocks,
			of("single-clock"), struck(scenarios.ClockStep), "m31-producer-expiry-by-record-time", "own-forgotten-producers-not-kept"),
		holds("one-order", OneBroker, history.ProducerOrder, saysOrder, ordered, brokenLinks+"; kills and power cuts",
			of("single-net", "single-crash", "single-power"), struck(lost, kill), "own-second-batch-before-the-first").
			note("a plain producer that retries may put a record behind its successor"),
		holds("one-realtime", OneBroker, history.AppendRealtime, saysRealtime, anySettings, "kills, power cuts and broken connections",
			of("single-crash", "single-power", "single-net"), struck(kill, cut), "m28-ack-before-fsync"),
		holds("one-linear", OneBroker, history.LogLinearizable, saysLinear, anySettings, "kills, power cuts, stalls and broken connections",
			of("single-crash", "single-power", "single-disk", "single-net", "single-mixed"), struck(kill, cut), "own-old-watermark-beside-an-answer"),
		holds("one-session", OneBroker, history.SessionMonotonicReads, saysSession, assigned, "kills, power cuts and broken connections",
			of("single-crash", "single-power", "single-net"), struck(kill, cut), "session-keeps-old-position"),
		holds("one-prefix-kills", OneBroker, history.CrashConsistency, saysPrefix, anySettings, manyKills,
			of("single-crash", "single-kills"), struck(kill), "m24-clean-mark-kept"),
		holds("one-prefix-power", OneBroker, history.CrashConsistency, saysPrefix, anySettings, manyCuts,
			of("single-power"), struck(cut), "own-torn-tail-comes-back", "journal-without-truncate-to"),
		holds("one-prefix-disk", OneBroker, history.CrashConsistency, saysPrefix, anySettings, failingDisk,
			of("single-disk"), struck(scenarios.WriteError, scenarios.SyncError), "own-tail-not-written-again", "m26-append-after-io-error"),
		holds("one-prefix-rot", OneBroker, history.CrashConsistency, saysPrefix+", or is fenced", anySettings, "flipped bits in journal and segments",
			of("single-rot"), struck(scenarios.JournalRot), "m27-corruption-as-truncation", "own-nameless-log-replaced").
			note("a flip in the newest frames of the journal, those that no later frame has marked as durable, looks like a torn tail in any log of one copy; such flips are counted apart and not injected"),
		holds("one-prefix-storage", OneBroker, history.CrashConsistency, saysPrefix, anySettings, "a death in any call of the storage's own, in long sequences of operations",
			of("storage-log"), nil, "journal-without-truncate-to", "m32-producers-kept-on-truncation"),
	}
}
