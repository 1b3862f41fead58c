package onsim

import (
	"strconv"

	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/scenarios"
	"trialog/sim"
	"trialog/sim/choice"
)

// What an administrator's command was.
const (
	tagTopic    = iota // creates one of the run's topics
	tagExtra           // creates a topic of its own
	tagWrite           // writes to it
	tagDrop            // deletes it
	tagShuffle         // changes the replicas or the leader of a partition
	tagHop             // moves the leadership of a partition
	tagGrow            // adds a partition to one of the run's topics
	tagDelete          // deletes the oldest records of a partition
	tagMode            // changes the durability mode of one of the run's topics
	tagSettings        // gives a group other settings
	tagRescue          // lets any replica lead in one of the run's topics
)

// administrator makes the run's topics, and then creates, fills and deletes
// topics of its own, moves the run's between brokers, and changes how durable
// they are.
type administrator struct {
	application
	settings []client.TopicSetting // of the topics of its own
	made     int                   // of the run's topics
	asked    bool                  // one of them is under way
	every    int64                 // between topics of its own; 0: none
	at       int64
	extra    int
	name     string // of its own topic, while there is one
	writes   int

	shuffleEvery              int64 // between changes of replicas; 0: none
	shuffleAt                 int64
	hops                      hops
	voterEvery                int64 // between changes of the quorum's voters; 0: none
	voterAt                   int64
	growEvery                 int64 // between new partitions; 0: none
	growAt                    int64
	growing                   int   // which topic
	growTo                    int32 // how many partitions it is to have
	deleteEvery               int64 // between deletions of records; 0: none
	deleteNewest              bool  // nearly all that was read
	deleteAt                  int64
	settingsEvery, settingsAt int64 // between changes of a group's settings; 0: none
	settingsOf                *trialGroup
	settingsMade              int32

	modes    int64 // between changes of the durability mode; 0: none
	modeAt   int64
	modeOf   *trialTopic // whose mode is being changed
	modeIs   int
	modeBack int // how often it is set back at once
}

// Start begins a process.
func (a *administrator) Start(c *sim.ClientHost) {
	a.begin()
	a.asked, a.name = false, ""
	a.at, a.shuffleAt = c.Now()+a.every, c.Now()+a.shuffleEvery
	a.hops.at, a.hops.left = c.Now()+a.hops.every, 0
	a.growAt = c.Now() + a.growEvery
	a.settingsAt = c.Now() + a.settingsEvery
	a.deleteAt = c.Now() + a.deleteEvery
	a.voterAt, a.modeAt = c.Now()+a.voterEvery, c.Now()+a.modes
	wakeIn(c, sim.Millisecond)
}

// Wake does what is next.
func (a *administrator) Wake(c *sim.ClientHost) {
	wakeIn(c, 20*sim.Millisecond)
	t := a.trial
	t.watch.durable(c.Now())
	switch {
	case a.made < len(t.topics):
		if !a.asked {
			a.createTopic(c, &t.topics[a.made])
		}
	case !t.ready:
		t.ready = true
		t.enter(c.Now(), history.PhaseWorkload)
	case c.Phase() >= sim.Healing:
		if t.phase == history.PhaseWorkload {
			t.enter(c.Now(), history.PhaseHeal)
		}
		if t.scenario.Workload.Rescued && len(a.pending) == 0 {
			a.rescue(c)
		}
	case a.every > 0 && c.Now() >= a.at && len(a.pending) == 0:
		a.churn(c)
	case a.shuffleEvery > 0 && c.Now() >= a.shuffleAt && len(a.pending) == 0:
		a.shuffle(c)
	case a.hops.every > 0 && c.Now() >= a.hops.at && len(a.pending) == 0:
		a.hop(c)
	case a.voterEvery > 0 && c.Now() >= a.voterAt && len(a.pending) == 0:
		a.changeVoter(c)
	case a.growEvery > 0 && c.Now() >= a.growAt && len(a.pending) == 0:
		a.grow(c)
	case a.settingsEvery > 0 && c.Now() >= a.settingsAt && len(a.pending) == 0:
		a.alterGroup(c)
	case a.deleteEvery > 0 && c.Now() >= a.deleteAt && len(a.pending) == 0:
		a.deleteRecords(c)
	case a.modes > 0 && c.Now() >= a.modeAt && len(a.pending) == 0:
		a.changeMode(c)
	}
}

// grow adds a partition to one of the run's topics. Until that is known to be
// done it asks again.
func (a *administrator) grow(c *sim.ClientHost) {
	topic := &a.trial.topics[a.growing%len(a.trial.topics)]
	if topic.partitions >= mostPartitions {
		a.growEvery = 0
		return
	}
	a.growTo = topic.partitions + 1
	command := a.next()
	a.await(command, history.NoOp, tagGrow)
	c.Do(&client.CreatePartitions{Op: command, Topic: topic.name, Count: a.growTo})
}

// mostPartitions bounds a topic that grows.
const mostPartitions = 6

// changeMode sets flush.messages of one of the run's topics, under load. It may be
// set back at once: what the first change began has then not ended.
func (a *administrator) changeMode(c *sim.ClientHost) {
	a.modeAt = c.Now() + a.modes/2 + int64(c.Choose(choice.AppGap, uint64(a.modes)+1))
	a.modeOf = &a.trial.topics[c.Choose(choice.AppOp, uint64(len(a.trial.topics)))]
	a.modeIs = int(c.Choose(choice.AppSize, 2))
	a.modeBack = int(c.Choose(choice.AppDetail, 4))
	a.setMode(c)
}

func (a *administrator) setMode(c *sim.ClientHost) {
	topic, value := a.modeOf, [...]string{"1", scenarios.NoLimit}[a.modeIs]
	command := a.next()
	a.await(command, history.NoOp, tagMode)
	c.Do(&client.AlterTopic{Op: command, Topic: topic.name, Settings: []client.TopicSetting{{Name: "flush.messages", Value: value}}})
}

// rescue lets any replica lead where nobody is left who may, as whoever runs a
// cluster would do after so much was lost.
func (a *administrator) rescue(c *sim.ClientHost) {
	for i := range a.trial.topics {
		topic := a.trial.topics[i].name
		if a.trial.watch.world == nil || !a.trial.watch.world.Lost(topic) {
			continue
		}
		command := a.next()
		a.await(command, history.NoOp, tagRescue)
		c.Do(&client.AlterTopic{Op: command, Topic: topic, Settings: []client.TopicSetting{{Name: "unclean.leader.election.enable", Value: "true"}}})
		return
	}
}

func (a *administrator) createTopic(c *sim.ClientHost, topic *trialTopic) {
	a.asked = true
	a.create(c, tagTopic, topic.name, topic.partitions, topic.settings)
}

func (a *administrator) create(c *sim.ClientHost, tag int, name string, partitions int32, settings []client.TopicSetting) {
	op := history.NewOp(history.CreateTopic, a.id, a.process, a.trial.record.Partition(name, 0))
	op.Incarnation, op.At = int32(c.Incarnation()), int64(partitions)
	command := a.next()
	a.await(command, a.trial.record.Invoke(c.Now(), &op), tag)
	c.Do(&client.CreateTopic{Op: command, Topic: name, Partitions: partitions, Replicas: -1, Settings: settings})
}

// churn moves the life of its own topic one step on: made, written to, deleted.
func (a *administrator) churn(c *sim.ClientHost) {
	switch {
	case a.name == "":
		a.extra++
		a.name = "extra-" + strconv.Itoa(a.extra)
		a.writes = int(c.Choose(choice.AppOp, 4))
		a.create(c, tagExtra, a.name, 1+int32(c.Choose(choice.AppSize, 3)), a.settings)
	case a.writes > 0:
		a.writes--
		command := a.next()
		a.await(command, history.NoOp, tagWrite)
		c.Do(&client.Produce{Op: command, Topic: a.name, Records: []client.Record{{Timestamp: kafka.NoTimestamp, Value: []byte(a.name)}}})
	default:
		op := history.NewOp(history.DeleteTopic, a.id, a.process, a.trial.record.Partition(a.name, 0))
		op.Incarnation = int32(c.Incarnation())
		command := a.next()
		a.await(command, a.trial.record.Invoke(c.Now(), &op), tagDrop)
		c.Do(&client.DeleteTopic{Op: command, Topic: a.name})
	}
}

// Done puts an outcome down and tries again what must be.
func (a *administrator) Done(c *sim.ClientHost, d *client.Done) {
	pending, ok := a.take(d.Op)
	if !ok {
		return
	}
	r := result(d)
	if pending.op != history.NoOp {
		a.trial.record.Complete(c.Now(), pending.op, &r)
	}
	switch pending.tag {
	case tagHop:
		a.hopped(c)
	case tagMode:
		if a.modeBack > 0 {
			a.modeBack--
			a.modeIs = 1 - a.modeIs
			a.setMode(c)
		}
	case tagSettings:
		a.alteredGroup(c, r.Outcome == history.OK)
	case tagTopic:
		a.asked = false
		if r.Outcome == history.OK || r.Error == "TOPIC_ALREADY_EXISTS" {
			a.made++
		}
	case tagGrow:
		if r.Outcome == history.OK || r.Error == "INVALID_PARTITIONS" {
			topic := &a.trial.topics[a.growing%len(a.trial.topics)]
			a.trial.grow(topic.name, a.growTo-1)
			a.growing++
			a.growAt = c.Now() + a.growEvery/2 + int64(c.Choose(choice.AppGap, uint64(a.growEvery)+1))
		}
	case tagDrop:
		a.name = ""
		a.at = c.Now() + a.every/2 + int64(c.Choose(choice.AppGap, uint64(a.every)+1))
	}
	if d.Dead {
		c.Restart()
	}
}

// Idle tells whether the topics of the run are there.
func (a *administrator) Idle() bool { return a.trial.ready }
