package onsim

import (
	"strconv"

	"trialog/core/kafka"
	"trialog/scenarios"
	"trialog/sim"
	"trialog/sim/choice"
)

// cluster draws what matters between brokers only: how soon they give one
// another up, and how much a follower takes at a time.
func (d drawer) cluster(s *scenarios.Scenario, config *sim.Config) {
	set := func(name string, value int64) {
		if _, given := config.Settings[name]; !given {
			config.Settings[name] = strconv.FormatInt(value, 10)
		}
	}
	session := oneOf[int64](d, choice.SwarmSetting, 1000, 400, 3000)
	set("broker.session.timeout.ms", session)
	set("broker.heartbeat.interval.ms", session/oneOf[int64](d, choice.SwarmSetting, 4, 3, 8))
	set("replica.lag.time.max.ms", oneOf[int64](d, choice.SwarmSetting, 1000, 300, 3000))
	if !s.Expect.Control() {
		config.MinISR = s.MinISR()
	}
	l := &config.Limits
	l.Controller.NoELR = s.Cluster.NoELR
	l.FollowerWait = oneOf(d, choice.SwarmSetting, 100*kafka.Millisecond, 20*kafka.Millisecond, 500*kafka.Millisecond)
	l.FollowerBytes = oneOf[int32](d, choice.SwarmSetting, 10<<20, 300, 4<<10)
	l.FollowerBackoff = oneOf(d, choice.SwarmSetting, 20*kafka.Millisecond, 5*kafka.Millisecond, 100*kafka.Millisecond)
	l.FollowerBackoffMax = 500 * kafka.Millisecond
	l.Controller.TickEvery = min(l.Controller.TickEvery, kafka.Ms(session/5))
	config.Quorum.SnapshotEvery = oneOf(d, choice.SwarmSetting, config.Quorum.SnapshotEvery, 8)
	l.Controller.ReclaimAfter = oneOf(d, choice.SwarmSetting, 500*kafka.Millisecond, 100*kafka.Millisecond)
}
