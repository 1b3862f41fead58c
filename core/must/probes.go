package must

// The probes, grouped by package. Add a constant and its name together; the
// names are what the soak's report prints.
const (
	DuplicateAnsweredFromCache Probe = iota // partition: a retried batch met its original
	DuplicateWaited                         // replication: a duplicate waited for its original's durability
	SequenceWrapped                         // partition: a sequence passed the largest int32
	UnknownProducerRefused                  // partition: a first batch was not at sequence 0, and nobody had been forgotten
	ForgottenProducerTaken                  // partition: a producer that may have been forgotten went on
	TornTailCut                             // partition: recovery cut a torn journal tail
	DamageFenced                            // partition: recovery fenced a log for damage below the durable mark
	RedoneFromJournal                       // partition: recovery rewrote segment bytes from the journal
	LargeBatchFound                         // partition: recovery found a large batch in its segment, where the journal points
	LargeBatchTorn                          // partition: only the pointer to a large batch had become durable
	NamelessFenced                          // broker: a partition was fenced because a log on disk has lost its name

	ControllerResignedInFlight  // controller: told not to lead while a batch was in flight
	ControllerProposedAgain     // controller: a proposal of unknown fate was repeated
	ControllerDeposed           // controller: an active one saw a newer claim
	ControllerWasStopped        // controller: its own clock jumped past heartbeats
	BrokerFencedBySession       // controller: a broker was silent for a session
	ReplicaDirectoryReplaced    // controller: a replica came back on another directory
	ReplicaUncleanlyRestarted   // controller: a replica in replicated mode came back without a clean mark
	LeaderFromELR               // controller: a leader was elected from the ELR
	LastKnownLeaderElected      // controller: the last known leader was elected
	UncleanLeaderElected        // controller: a leader was elected uncleanly
	ReassignmentCompleted       // controller: every replica of a target was in sync
	ReassignmentCancelled       // controller: a reassignment was taken back
	LeadersBalanced             // controller: partitions went back to the leaders that they prefer
	BrokerUnregistered          // controller: a broker was forgotten
	MembershipAskedAgain        // controller: a change of the membership was lost and asked for again
	MembershipReplaced          // controller: a node joined the quorum again after it had lost its disk
	QuorumDropped               // quorum: a proposal vanished
	QuorumCommittedTwice        // quorum: an entry committed again
	QuorumCommittedAfterUnknown // quorum: an entry committed after its proposer was told Unknown
	QuorumUnknownAfterCommitted // quorum: a proposer was told Unknown of what it had been told was committed
	QuorumReordered             // quorum: a proposal overtook an earlier one of its proposer
	QuorumOldEpochCommitted     // quorum: a batch of an old epoch committed after a newer claim
	QuorumLeadsBeforeApplied    // quorum: leadership was told before older entries
	QuorumToldLate              // quorum: leadership was told after it had moved
	QuorumToldTwo               // quorum: two nodes were told at once that they lead
	QuorumFalseLeads            // quorum: a node that does not lead was told it does
	QuorumSnapshotReplayed      // quorum: a restart began from a snapshot
	QuorumSnapshotSent          // quorum: a running node was sent a snapshot
	QuorumLongLag               // quorum: a node heard of no commit for long
	QuorumStepDropped           // quorum: a change of the membership was lost
	QuorumStepStale             // quorum: a change named a membership that was no more
	QuorumMoved                 // quorum: leadership moved without a fault
	QuorumAbsent                // quorum: nobody led for long
	QuorumVoterWiped            // quorum: a voter came back with an empty disk

	FollowerTruncated           // replication: a follower cut records off its log
	TruncatedBelowHighWatermark // replication: records that had counted were cut
	ISRShrinkProposed           // replication: a leader asked a follower out of the ISR
	LeaderThrottled             // broker: a follower was sent nothing because of a throttle
	FollowerThrottled           // broker: a follower was left out because of a throttle
	FollowerRead                // broker: a consumer was given records by a follower
	ReaderSentToFollower        // broker: a leader sent a consumer to a follower in its rack
	FollowerSessionLost         // broker: a leader did not know a follower's fetch session
	FollowerStartedAnew         // broker: a follower was behind its leader's log start
	FollowerBeganWithinBatch    // broker: a follower's empty log ended within a batch of its leader's, and began anew with it
	ISRProposalUnclear          // replication: a proposal was refused while an older one might still be taken

	RetentionMovedLogStart // replication: a leader moved its log start by retention
	RetentionDoubtedClock  // broker: the wall clock ran ahead of what the monotonic one bears out
	RecordsDeleted         // broker: DeleteRecords was answered once all live replicas had followed
	CleanerRemovedRecords  // broker: a pass of the cleaner has taken records out of a compacted log
	CleanerEmptiedBatch    // broker: and kept the header of a batch without any, for its producer's sake
	CleanerMapFull         // broker: the map had no room for all that was dirty
	CleanerGaveUp          // broker: a pass ended as its log was cut or deleted
	CleanerLeftOut         // broker: a pass left out segments that retention took meanwhile
	CleanerSweptAnew       // broker: and swept the rest of a group again of which it took a part
	CleanerNoRoom          // broker: a pass ended as the disk was full
	CleanerQuarantined     // broker: a log could not be cleaned, and the others were
	SegmentsRemoved        // partition: files of segments below a log start were removed
	ReadPassedByLogStart   // broker: the log start passed a fetch under way

	LogAppendTimeStamped // replication: a batch got the leader's time
	TimestampRefused     // replication: a record's CreateTime lay outside the topic's bounds
	KeylessRefused       // replication: a record without a key for a compacted topic

	OldVersionSpoken     // client: a connection speaks an API below the newest of both ends
	SentAheadOfFirst     // client: a batch was sent before the first of its producer in the partition was acknowledged
	CompressedSent       // client: a batch was compressed
	CompressedRead       // client: a compressed batch was read
	ProduceUnclear       // client: an operation ended without anybody knowing whether it was appended
	AcknowledgedTooLate  // client: the answer to an abandoned batch came after all, and it was appended
	SequencesRestarted   // client: a producer raised its epoch because its sequences were in doubt
	LeaderHintTaken      // client: it went to the leader that an answer named beside an error (KIP-951)
	ConsumerReset        // client: a consumer's position was out of range and it moved
	ConsumerSentBack     // client: a follower could not answer a consumer, who asked the leader again
	ConsumerDiverged     // client: the log that a consumer had read was truncated
	SessionLost          // client: a broker no longer knew a fetch session
	MemberForgotten      // client: a coordinator did not know a member any more
	GenerationFenced     // client: a member spoke in a generation that is over
	InstanceFenced       // client: a static member met its successor
	CooperativelyRevoked // client: a member gave up part of what it had
	CommitToldOff        // client: a commit told a member that it is not what it was
	IntervalChanged      // client: a member of the consumer protocol was told of another heartbeat interval
	NothingCommitted     // client: a member began without a committed offset

	JoinAnsweredAgain          // group: a member asked again for the generation that it is in
	NamelessMemberGone         // group: who joined without an ID went before being told one
	StaticMemberReplaced       // group: a static member came back under another ID
	MemberMissedRebalance      // group: a member did not join again in time
	MemberSessionExpired       // group: a member was silent for too long
	AssignmentOvertaken        // group: an assignment counted only when its generation was over
	ZombieCommitRefused        // group: a commit of somebody who is not a member of the generation was refused
	OlderEpochCommitTaken      // group: a commit in an older epoch was taken for what the member has had ever since (KIP-1251)
	OffsetsExpired             // group: offsets outlived their retention
	OffsetsOfDeletedTopic      // group: a topic went, and offsets with it
	ConsumerFenced             // group: a member of the consumer protocol spoke in an epoch that is over, or is none
	ConsumerSessionExpired     // group: a member of the consumer protocol was silent for too long
	RevocationAsked            // group: a member was told to give partitions up
	RevocationTimedOut         // group: a member did not give its partitions up in time
	ReleaseAwaited             // group: a member waits for what others have not given up
	HeartbeatAnsweredAgain     // group: a member repeated the epoch before, as it had not seen the answer
	GroupConverted             // group: an empty group went from one protocol to the other
	GroupUpgraded              // group: a classic group with members went over to the consumer protocol
	GroupDowngraded            // group: a group went back to the classic protocol with its members
	ClassicMemberServed        // group: a classic member joined a group of the consumer protocol
	ClassicMemberTopicsChanged // group: a classic member of such a group was told to join again because its topics have changed
	ClassicMemberLate          // group: a classic member of such a group did not join or sync in time
	ClassicMemberStranger      // group: a classic member joined with partitions that are not its own any more
	CoordinatorLoaded          // broker: a coordinator was built from its log
	CoordinatorLostPending     // group: a coordinator lost its partition while answers waited
	CoordinatorGaveUp          // group: what a coordinator had written did not count in time

	ProduceWaitedForJournal   // broker: the journal was at its bound and produce waited
	ProduceWaitedForHandover  // broker: a produce waited for the roles of a broker that stops to go
	ProduceTimedOut           // broker: a produce was answered REQUEST_TIMED_OUT
	FetchWaited               // broker: a long poll was woken by new records
	FetchHurried              // broker: a follower's long poll ended because a partition was led anew
	FetchAnsweredUnchanged    // broker: a fetch in a session was answered that nothing had changed
	FetchSessionEvicted       // broker: a fetch session made room for another
	FetchSessionRefused       // broker: there was no room for a fetch session
	FetchSessionUnknown       // broker: a fetch named a session that is not kept
	FetchSessionEpochMismatch // broker: a fetch named another epoch of its session than the one due
	BatchSearchedByJob        // broker: a search by time had a job look through a batch
	DiskReserveReached        // broker: free disk space fell below the reserve
	DamageFoundByRead         // broker: a fetch met a damaged batch
	DamageFoundByScrub        // broker: scrubbing met a damaged batch
	CheckpointScrubbed        // broker: scrubbing met a damaged checkpoint, and it was written anew
	ScrubRoundDone            // broker: scrubbing has been over all logs
	ReplicaLost               // controller: a damaged replica was given up, as others have what it had
	LastCopyDamaged           // controller: a damaged replica had to stay, as nobody else surely has what it has
	ReplicaBegunAnew          // broker: a damaged log was given up, and a new one begun in its place
	ReplicaHealed             // broker: a replica whose log was damaged is in sync again
	BrokerSuperseded          // broker: another incarnation has registered
	DeleteWaitedForRead       // broker: a log's end waited for a read that held its files
	ReadOfClosedConnection    // broker: a read came back for a request that was gone
	ModeConfirmed             // controller: all that may lead had synced after a change of mode

	ProbeCount // must stay last
)

var probeNames = [ProbeCount]string{
	DuplicateAnsweredFromCache: "duplicate-answered-from-cache",
	DuplicateWaited:            "duplicate-waited",
	SequenceWrapped:            "sequence-wrapped",
	UnknownProducerRefused:     "unknown-producer-refused",
	ForgottenProducerTaken:     "forgotten-producer-taken",
	TornTailCut:                "torn-tail-cut",
	DamageFenced:               "damage-fenced",
	RedoneFromJournal:          "redone-from-journal",
	LargeBatchFound:            "large-batch-found",
	LargeBatchTorn:             "large-batch-torn",
	NamelessFenced:             "nameless-fenced",

	ControllerResignedInFlight:  "controller-resigned-in-flight",
	ControllerProposedAgain:     "controller-proposed-again",
	ControllerDeposed:           "controller-deposed",
	ControllerWasStopped:        "controller-was-stopped",
	BrokerFencedBySession:       "broker-fenced-by-session",
	ReplicaDirectoryReplaced:    "replica-directory-replaced",
	ReplicaUncleanlyRestarted:   "replica-uncleanly-restarted",
	LeaderFromELR:               "leader-from-elr",
	LastKnownLeaderElected:      "last-known-leader-elected",
	UncleanLeaderElected:        "unclean-leader-elected",
	QuorumDropped:               "quorum-dropped",
	QuorumCommittedTwice:        "quorum-committed-twice",
	QuorumCommittedAfterUnknown: "quorum-committed-after-unknown",
	QuorumUnknownAfterCommitted: "quorum-unknown-after-committed",
	QuorumReordered:             "quorum-reordered",
	QuorumOldEpochCommitted:     "quorum-old-epoch-committed",
	QuorumLeadsBeforeApplied:    "quorum-leads-before-applied",
	QuorumToldLate:              "quorum-told-late",
	QuorumToldTwo:               "quorum-told-two",
	QuorumFalseLeads:            "quorum-false-leads",
	QuorumSnapshotReplayed:      "quorum-snapshot-replayed",
	QuorumSnapshotSent:          "quorum-snapshot-sent",
	QuorumLongLag:               "quorum-long-lag",
	QuorumStepDropped:           "quorum-step-dropped",
	QuorumStepStale:             "quorum-step-stale",
	QuorumMoved:                 "quorum-moved",
	QuorumAbsent:                "quorum-absent",
	ReassignmentCompleted:       "reassignment-completed",
	ReassignmentCancelled:       "reassignment-cancelled",
	LeadersBalanced:             "leaders-balanced",
	BrokerUnregistered:          "broker-unregistered",
	MembershipAskedAgain:        "membership-asked-again",
	MembershipReplaced:          "membership-replaced",
	QuorumVoterWiped:            "quorum-voter-wiped",

	FollowerTruncated:           "follower-truncated",
	TruncatedBelowHighWatermark: "truncated-below-high-watermark",
	LeaderThrottled:             "leader-throttled",
	FollowerThrottled:           "follower-throttled",
	FollowerRead:                "follower-read",
	ReaderSentToFollower:        "reader-sent-to-follower",
	ISRShrinkProposed:           "isr-shrink-proposed",
	FollowerSessionLost:         "follower-session-lost",
	FollowerStartedAnew:         "follower-started-anew",
	FollowerBeganWithinBatch:    "follower-began-within-batch",
	ISRProposalUnclear:          "isr-proposal-unclear",

	RetentionMovedLogStart: "retention-moved-log-start",
	RetentionDoubtedClock:  "retention-doubted-clock",
	RecordsDeleted:         "records-deleted",
	CleanerRemovedRecords:  "cleaner-removed-records",
	CleanerEmptiedBatch:    "cleaner-emptied-batch",
	CleanerMapFull:         "cleaner-map-full",
	CleanerGaveUp:          "cleaner-gave-up",
	CleanerLeftOut:         "cleaner-left-out",
	CleanerSweptAnew:       "cleaner-swept-anew",
	CleanerNoRoom:          "cleaner-no-room",
	CleanerQuarantined:     "cleaner-quarantined",
	SegmentsRemoved:        "segments-removed",
	ReadPassedByLogStart:   "read-passed-by-log-start",

	LogAppendTimeStamped: "log-append-time-stamped",
	TimestampRefused:     "timestamp-refused",
	KeylessRefused:       "keyless-refused",

	OldVersionSpoken:     "old-version-spoken",
	SentAheadOfFirst:     "sent-ahead-of-first",
	CompressedSent:       "compressed-sent",
	CompressedRead:       "compressed-read",
	ProduceUnclear:       "produce-unclear",
	AcknowledgedTooLate:  "acknowledged-too-late",
	SequencesRestarted:   "sequences-restarted",
	LeaderHintTaken:      "leader-hint-taken",
	ConsumerReset:        "consumer-reset",
	ConsumerSentBack:     "consumer-sent-back",
	ConsumerDiverged:     "consumer-diverged",
	SessionLost:          "session-lost",
	MemberForgotten:      "member-forgotten",
	GenerationFenced:     "generation-fenced",
	InstanceFenced:       "instance-fenced",
	CooperativelyRevoked: "cooperatively-revoked",
	CommitToldOff:        "commit-told-off",
	IntervalChanged:      "heartbeat-interval-changed",
	NothingCommitted:     "nothing-committed",

	JoinAnsweredAgain:          "join-answered-again",
	NamelessMemberGone:         "nameless-member-gone",
	StaticMemberReplaced:       "static-member-replaced",
	MemberMissedRebalance:      "member-missed-rebalance",
	MemberSessionExpired:       "member-session-expired",
	AssignmentOvertaken:        "assignment-overtaken",
	ZombieCommitRefused:        "zombie-commit-refused",
	OlderEpochCommitTaken:      "older-epoch-commit-taken",
	OffsetsExpired:             "offsets-expired",
	OffsetsOfDeletedTopic:      "offsets-of-deleted-topic",
	ConsumerFenced:             "consumer-fenced",
	ConsumerSessionExpired:     "consumer-session-expired",
	RevocationAsked:            "revocation-asked",
	RevocationTimedOut:         "revocation-timed-out",
	ReleaseAwaited:             "release-awaited",
	HeartbeatAnsweredAgain:     "heartbeat-answered-again",
	GroupConverted:             "group-converted",
	GroupUpgraded:              "group-upgraded",
	GroupDowngraded:            "group-downgraded",
	ClassicMemberServed:        "classic-member-served",
	ClassicMemberTopicsChanged: "classic-member-topics-changed",
	ClassicMemberLate:          "classic-member-late",
	ClassicMemberStranger:      "classic-member-stranger",
	CoordinatorLoaded:          "coordinator-loaded",
	CoordinatorLostPending:     "coordinator-lost-pending",
	CoordinatorGaveUp:          "coordinator-gave-up",

	ProduceWaitedForJournal:   "produce-waited-for-journal",
	ProduceWaitedForHandover:  "produce-waited-for-handover",
	ProduceTimedOut:           "produce-timed-out",
	FetchWaited:               "fetch-waited",
	FetchHurried:              "fetch-hurried",
	FetchAnsweredUnchanged:    "fetch-answered-unchanged",
	FetchSessionEvicted:       "fetch-session-evicted",
	FetchSessionRefused:       "fetch-session-refused",
	FetchSessionUnknown:       "fetch-session-unknown",
	FetchSessionEpochMismatch: "fetch-session-epoch-mismatch",
	BatchSearchedByJob:        "batch-searched-by-job",
	DiskReserveReached:        "disk-reserve-reached",
	DamageFoundByRead:         "damage-found-by-read",
	DamageFoundByScrub:        "damage-found-by-scrub",
	CheckpointScrubbed:        "checkpoint-scrubbed",
	ScrubRoundDone:            "scrub-round-done",
	ReplicaLost:               "replica-lost",
	LastCopyDamaged:           "last-copy-damaged",
	ReplicaBegunAnew:          "replica-begun-anew",
	ReplicaHealed:             "replica-healed",
	BrokerSuperseded:          "broker-superseded",
	DeleteWaitedForRead:       "delete-waited-for-read",
	ReadOfClosedConnection:    "read-of-closed-connection",
	ModeConfirmed:             "mode-confirmed",
}

// String names the probe.
func (p Probe) String() string { return probeNames[p] }
