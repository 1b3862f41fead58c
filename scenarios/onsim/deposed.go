package onsim

import (
	"trialog/checker/history"
	"trialog/core/coordinator"
	"trialog/core/kafka"
)

// offsetsTopic is where Kafka's brokers keep the offsets of groups.
const offsetsTopic = "__consumer_offsets"

// coordinatorOf is the partition whose leader coordinates a group.
func (t *trial) coordinatorOf(group string) history.TopicPartition {
	key := coordinator.Key{ID: group}
	return history.TopicPartition{Topic: offsetsTopic, Index: int32(key.Partition(t.coordinators))}
}

// knowing lists, a bit for each, the brokers that run and have been told that
// another one coordinates a group.
func (t *trial) knowing(group string) (brokers uint64) {
	if t.watch == nil || t.watch.world == nil {
		return 0
	}
	at := t.coordinatorOf(group)
	for node := 1; node <= t.scenario.Cluster.Brokers; node++ {
		image := t.watch.world.Image(node)
		if image == nil || image.TopicByName(offsetsTopic) == nil {
			continue
		}
		for _, p := range image.TopicByName(offsetsTopic).Partitions {
			if int32(p.Index) == at.Index && p.Leader != kafka.BrokerID(node) {
				brokers |= 1 << node
			}
		}
	}
	return brokers
}

// deposed tells whether a broker has answered for a group that knew, from the
// call until now, that it does not coordinate it.
func (t *trial) deposed(group string, knew uint64, broker int32) bool {
	return broker > 0 && knew&t.knowing(group)>>broker&1 == 1
}

// groupHeaders tells the checker what the groups of a run are.
func (t *trial) groupHeaders() []history.Group {
	var list []history.Group
	add := func(name string) {
		list = append(list, history.Group{
			Name: name, Classic: true, Replicas: t.scenario.Replicas(), Coordinator: t.coordinatorOf(name).String(),
		})
	}
	for _, g := range t.groups {
		add(g.name)
	}
	if len(t.ledgers) > 0 {
		add(t.ledgers[0].name)
	}
	return list
}
