package onsim

import (
	"trialog/checker/history"
	"trialog/core/client"
	"trialog/core/kafka"
	"trialog/sim"
	"trialog/sim/choice"
)

// What shuffle does with a partition.
const (
	shuffleMove   = iota // other replicas
	shuffleCancel        // takes the last move back, if it is not over
	shuffleElect         // its preferred leader
	shuffleKinds
)

// shuffle changes the replicas or the leader of one of the run's partitions. What
// comes of it stands in no history: readers and writers must not notice.
func (a *administrator) shuffle(c *sim.ClientHost) {
	a.shuffleAt = c.Now() + a.shuffleEvery/2 + int64(c.Choose(choice.AppGap, uint64(a.shuffleEvery)+1))
	t := a.trial
	p := t.places[c.Choose(choice.AppTarget, uint64(len(t.places)))]
	command := a.next()
	a.await(command, history.NoOp, tagShuffle)
	switch c.Choose(choice.AppDetail, shuffleKinds) {
	case shuffleCancel:
		c.Do(&client.Reassign{Op: command, Topic: p.topic, Partition: kafka.PartitionIndex(p.index)})
	case shuffleElect:
		c.Do(&client.Elect{Op: command, Topic: p.topic, Partition: kafka.PartitionIndex(p.index)})
	default:
		c.Do(&client.Reassign{Op: command, Topic: p.topic, Partition: kafka.PartitionIndex(p.index), Replicas: a.drawReplicas(c)})
	}
}

// drawReplicas draws as many different brokers as a partition has replicas.
func (a *administrator) drawReplicas(c *sim.ClientHost) []kafka.BrokerID {
	s := a.trial.scenario
	left := make([]kafka.BrokerID, s.Cluster.Brokers)
	for i := range left {
		left[i] = kafka.BrokerID(i + 1)
	}
	for i := range s.Replicas() {
		at := i + int(c.Choose(choice.AppSize, uint64(len(left)-i)))
		left[i], left[at] = left[at], left[i]
	}
	return left[:s.Replicas()]
}

// changeVoter takes a broker out of the metadata quorum's voters, or adds it;
// whether it is one the controller knows.
func (a *administrator) changeVoter(c *sim.ClientHost) {
	a.voterAt = c.Now() + a.voterEvery/2 + int64(c.Choose(choice.AppGap, uint64(a.voterEvery)+1))
	command := a.next()
	a.await(command, history.NoOp, tagShuffle)
	node := 1 + c.Choose(choice.AppTarget, uint64(a.trial.scenario.Cluster.Brokers))
	c.Do(&client.ChangeVoter{Op: command, Node: kafka.BrokerID(node), Add: c.Choose(choice.AppDetail, 3) > 0})
}
