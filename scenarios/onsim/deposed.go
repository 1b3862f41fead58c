package onsim

import (
	"trialog/checker/history"
	"trialog/core/coordinator"
)

// offsetsTopic is where Kafka's brokers keep the offsets of groups.
const offsetsTopic = "__consumer_offsets"

// coordinatorOf is the partition whose leader coordinates a group.
func (t *trial) coordinatorOf(group string) history.TopicPartition {
	key := coordinator.Key{ID: group}
	return history.TopicPartition{Topic: offsetsTopic, Index: int32(key.Partition(t.coordinators))}
}

// knowledge is, by broker, the leader epoch in which it knows that another one
// coordinates a group; history.Unset: it knows no such thing.
type knowledge [8]int32

// knowing asks the brokers that run.
func (t *trial) knowing(group string) (k knowledge) {
	at := t.coordinatorOf(group)
	for node := range k {
		k[node] = history.Unset
		if node == 0 || node > t.scenario.Cluster.Brokers || t.watch == nil || t.watch.world == nil {
			continue
		}
		image := t.watch.world.Image(node)
		if image == nil || image.TopicByName(offsetsTopic) == nil {
			continue
		}
		for _, p := range image.TopicByName(offsetsTopic).Partitions.All {
			if int32(p.Index) == at.Index && int32(p.Leader) != int32(node) {
				k[node] = int32(p.LeaderEpoch)
			}
		}
	}
	return k
}

// deposed tells whether a broker has answered for a group that knew, from the
// call until now, that it does not coordinate it.
func (t *trial) deposed(group string, knew *knowledge, broker int32) bool {
	if broker <= 0 || int(broker) >= len(knew) || knew[broker] == history.Unset {
		return false
	}
	now := t.knowing(group)
	return now[broker] == knew[broker]
}

// groupHeaders tells the checker what the groups of a run are.
func (t *trial) groupHeaders() []history.Group {
	var list []history.Group
	add := func(name string, classic bool) {
		list = append(list, history.Group{Name: name, Classic: classic, Coordinator: t.coordinatorOf(name).String()})
	}
	for _, g := range t.groups {
		add(g.name, !g.consumer && !g.migrates)
	}
	if len(t.ledgers) > 0 {
		add(t.ledgers[0].name, true)
	}
	for _, l := range t.lives {
		add(l.group, true)
	}
	return list
}
