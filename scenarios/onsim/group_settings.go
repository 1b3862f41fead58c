package onsim

import (
	"fmt"
	"strconv"

	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim"
	"trialog/sim/choice"
)

// Names of a group's settings.
const (
	groupSession  = "consumer.session.timeout.ms"
	groupInterval = "consumer.heartbeat.interval.ms"
)

// promise is what members of a group of the consumer protocol are told: when to
// send the next heartbeat, and for how long they may be silent. No two promises of
// a run have the same interval, so that whoever is told one tells which it was.
type promise struct {
	session, interval int32 // ms
	at                int64 // when an administrator asked for it
	unclear           bool  // whether, and when, it was taken nobody knows
	done              bool  // it was taken
}

// promiseOf is what the brokers' settings promise.
func promiseOf(settings map[string]string) promise {
	session, _ := strconv.Atoi(settings["group."+groupSession])
	interval, _ := strconv.Atoi(settings["group."+groupInterval])
	return promise{session: int32(session), interval: int32(interval), done: true}
}

// alterGroup gives a group of the consumer protocol other settings.
func (a *administrator) alterGroup(c *sim.ClientHost) {
	a.settingsAt = c.Now() + a.settingsEvery/2 + int64(c.Choose(choice.AppGap, uint64(a.settingsEvery)+1))
	g := a.trial.groups[c.Choose(choice.AppOp, uint64(len(a.trial.groups)))]
	if !g.consumer && !g.migrates {
		return
	}
	a.settingsMade++
	session := [...]int32{2000, 600, 6000}[c.Choose(choice.AppSize, 3)]
	p := promise{session: session, interval: session/5 + a.settingsMade, at: c.Now()}
	g.promises, a.settingsOf = append(g.promises, p), g
	command := a.next()
	a.await(command, history.NoOp, tagSettings)
	c.Do(&client.AlterGroup{Op: command, Group: g.name, Settings: []client.TopicSetting{
		{Name: groupSession, Value: strconv.Itoa(int(p.session))}, {Name: groupInterval, Value: strconv.Itoa(int(p.interval))},
	}})
}

func (a *administrator) alteredGroup(_ *sim.ClientHost, taken bool) {
	p := a.settingsOf.last()
	p.done, p.unclear = taken, !taken
}

func (g *trialGroup) last() *promise { return &g.promises[len(g.promises)-1] }

// known is the newest promise that a broker knows, by its place: what comes after it
// the broker may learn of at any moment.
func (g *trialGroup) known(t *trial, node int32) int {
	if node <= 0 || t.watch.world == nil {
		return 0
	}
	image := t.watch.world.Image(int(node))
	if image == nil {
		return 0
	}
	set, _ := image.Configs(kafka.ConfigResource{Type: kafka.ResourceGroup, Name: g.name}).Get(groupInterval)
	for i := range g.promises {
		if i > 0 && strconv.Itoa(int(g.promises[i].interval)) == set {
			return i
		}
	}
	return 0
}

// may visits what a coordinator may hold to that knew a promise, until now.
func (g *trialGroup) may(known int, now int64, visit func(*promise)) {
	for i := range g.promises {
		if p := &g.promises[i]; (i >= known || p.unclear) && p.at <= now {
			visit(p)
		}
	}
}

// beats is what a member knows of its heartbeats.
type beats struct {
	asked int64
	open  bool  // that has not been answered yet
	owes  bool  // it was asked while it had something to give up
	known int   // the coordinator's promise when it was asked
	epoch int32 // that it coordinated in; negative: it did not know that it does

	heard    bool // of one that was answered, there is:
	heardAt  int64
	heardIn  int32 // the epoch that the coordinator coordinated in
	heardBy  int32
	promised int
	yields   bool // it was to give something up then, or since; or may be, as an answer was lost
	told     int32
}

// Beat judges what a member is told: an interval that its coordinator may know of
// the group, and that it is no member any more only after it was silent.
func (k *member) Beat(c *sim.ClientHost, b *client.Beat) {
	t, g, at := k.trial, k.group, &k.beats
	node := int32(b.Broker)
	if !b.Answered {
		at.asked, at.owes, at.known, at.epoch = c.Now(), b.Yielding, g.known(t, node), t.coordinates(g.name, node)
		at.yields = at.yields || b.Yielding || at.open
		at.open = true
		return
	}
	at.open = false
	if refused := errorName(b.Err, client.ReasonNone); refused != "" {
		if refused == "UNKNOWN_MEMBER_ID" {
			k.unknown(c, node)
		}
		at.heard = false
		return
	}
	right := false
	g.may(at.known, c.Now(), func(p *promise) { right = right || p.interval == b.IntervalMs })
	if !right {
		t.wrong = append(t.wrong, fmt.Sprintf("client %d of %s was told at %d ms to send heartbeats every %d ms, which nobody has set", k.id, g.name, c.Now()/sim.Millisecond, b.IntervalMs))
	}
	*at = beats{
		heard: true, heardAt: at.asked, heardIn: at.epoch, heardBy: node, promised: at.known, yields: b.Yielding || at.owes, told: b.IntervalMs,
		asked: at.asked, owes: at.owes, known: at.known, epoch: at.epoch,
	}
}

// unknown judges a coordinator that does not know a member whom it has heard of: it
// must have been silent for its session. Half of that is enough, as clocks drift.
// A static member may have a successor, one of a group that migrates may be taken
// for another one, and one that was to give something up, or that missed an answer
// which may have said so, has less time.
func (k *member) unknown(c *sim.ClientHost, node int32) {
	t, g, at := k.trial, k.group, &k.beats
	if !g.consumer || g.migrates || k.instance != "" || !at.heard || at.yields || at.heardIn < 0 || node != at.heardBy || t.coordinates(g.name, node) != at.heardIn {
		return
	}
	shortest := int64(1) << 62
	g.may(at.promised, c.Now(), func(p *promise) { shortest = min(shortest, int64(p.session)*sim.Millisecond) })
	if silent := c.Now() - at.heardAt; silent < shortest/2 {
		t.wrong = append(t.wrong, fmt.Sprintf("client %d of %s was no member any more at %d ms, %d ms after a heartbeat that was answered; its session is of %d ms",
			k.id, g.name, c.Now()/sim.Millisecond, silent/sim.Millisecond, shortest/sim.Millisecond))
	}
}

// coordinates is the leader epoch in which a broker knows that it coordinates a
// group itself, or -1.
func (t *trial) coordinates(group string, node int32) int32 {
	at := t.coordinatorOf(group)
	if node <= 0 || t.watch.world == nil {
		return -1
	}
	image := t.watch.world.Image(int(node))
	if image == nil || image.TopicByName(offsetsTopic) == nil {
		return -1
	}
	for _, p := range image.TopicByName(offsetsTopic).Partitions.All {
		if int32(p.Index) == at.Index && int32(p.Leader) == node {
			return int32(p.LeaderEpoch)
		}
	}
	return -1
}

// untold tells whether a member has not heard yet what its group's settings have
// become for good.
func (k *member) untold() bool {
	g := k.group
	if !g.consumer || g.migrates || k.twin || len(g.promises) < 2 {
		return false
	}
	for i := range g.promises {
		if !g.promises[i].done {
			return false
		}
	}
	return k.beats.told != g.last().interval
}
