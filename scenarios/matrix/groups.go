package matrix

import (
	"trialog/checker/history"
	"trialog/scenarios"
)

// The sentences about consumer groups.
const (
	saysDelivered = "what a member commits lies behind no record that no member of its group has read"
	saysOneOwner  = "in one generation a partition has one owner, and a commit of a generation that is over is refused"
	saysRegister  = "a group's offset in a partition is what was committed last: commits and their reading are linearizable"
	saysMembers   = "a member begins where its group has committed, and neither skips nor goes back from there"
	classicGroup  = "classic protocol, eager or cooperative, static members or not; auto.offset.reset=earliest"
	ghosts        = "members that sleep past their session, die together, leave, want other topics and commit as ghosts; partitions added; coordinators killed, cut from power and stopped"
)

// groups are the rows of consumer groups.
func groups() []Row {
	kill, pause := scenarios.ProcessKill, scenarios.ClientPause
	one, three, expiry := of("single-groups"), of("replicated-groups", "replicated-groups-mixed", "replicated-groups-soak"), of("single-groups-expiry")
	const moving = ghosts + "; coordinators paused, isolated and moved"
	return []Row{
		holds("one-group-delivered", OneBroker, history.GroupAtLeastOnce, saysDelivered, classicGroup, ghosts,
			one, struck(kill, pause), "m37-stale-offset-load", "m39-zombie-commit"),
		holds("one-group-owner", OneBroker, history.GroupExclusivity, saysOneOwner, classicGroup, ghosts,
			one, struck(kill, pause), "m39-zombie-commit", "own-two-owners-in-a-generation"),
		holds("one-group-offsets", OneBroker, history.CommitLinearizable, saysRegister, classicGroup, ghosts,
			one, struck(kill, pause), "own-commit-before-committed", "m37-stale-offset-load"),
		holds("one-group-members", OneBroker, history.SessionMonotonicReads, saysMembers, classicGroup, ghosts,
			one, struck(kill, pause), "session-keeps-old-position"),
		holds("one-group-expiry", OneBroker, history.CommitLinearizable, saysRegister, classicGroup+"; offsets.retention.minutes=1, a member that stays",
			"clocks that step by days, and kills", expiry, struck(scenarios.ClockStep), "m38-early-offset-expiry").
			note("offsets expire once nobody is in the group, or nobody in it wants the topic"),
		holds("three-group-delivered", Cluster, history.GroupAtLeastOnce, saysDelivered, classicGroup, moving,
			three, struck(kill, pause), "m37-stale-offset-load", "m39-zombie-commit"),
		holds("three-group-owner", Cluster, history.GroupExclusivity, saysOneOwner, classicGroup, moving,
			three, struck(kill, pause), "m39-zombie-commit", "own-two-owners-in-a-generation"),
		holds("three-group-offsets", Cluster, history.CommitLinearizable, saysRegister, classicGroup, moving,
			three, struck(kill, pause), "own-commit-before-committed", "own-stale-coordinator-answers", "m37-stale-offset-load"),
		holds("three-group-members", Cluster, history.SessionMonotonicReads, saysMembers, classicGroup, moving,
			three, struck(kill, pause), "m21-read-above-watermark"),
	}
}
