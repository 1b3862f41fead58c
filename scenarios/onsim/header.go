package onsim

import (
	"slices"
	"strconv"

	"trialog/checker/history"
	"trialog/core/client"
	"trialog/sim"
)

// header tells the checker what was run and what was promised.
func (t *trial) header(seed uint64, config *sim.Config) history.Header {
	s := t.scenario
	h := history.Header{
		Scenario: s.Name, Arm: history.ArmSimulator, Seed: seed, Nodes: s.Cluster.Brokers, EpochMs: sim.Epoch / sim.Millisecond,
		Replay: "trialog-lab replay " + s.Name + " --seed " + strconv.FormatUint(seed, 10),
	}
	for _, topic := range t.topics {
		h.Topics = append(h.Topics, t.promise(topic.name, int(topic.partitions)))
		h.Topics[len(h.Topics)-1].AppendTime = slices.Contains(topic.settings, client.TopicSetting{Name: "message.timestamp.type", Value: "LogAppendTime"})
		if s.Topics.Retention {
			topic.keeps(&h.Topics[len(h.Topics)-1])
		}
		if t.keys > 0 {
			topic.compacts(&h.Topics[len(h.Topics)-1], t.keys)
		}
	}
	h.Groups = t.groupHeaders()
	if s.Workload.AcksOne == 100 && s.Replicas() > 1 {
		for _, p := range []history.Property{
			history.OffsetConsistency, history.ProducerOrder, history.AppendRealtime, history.LogLinearizable, history.SessionMonotonicReads,
		} {
			h.Claims = append(h.Claims, history.Claim{Property: p, Reason: "acks=1: an offset that was told may be given again"})
		}
	}
	for _, name := range []string{"log.segment.bytes", "log.index.interval.bytes", "producer.id.expiration.ms"} {
		h.Config = append(h.Config, history.Setting{Name: name, Value: config.Settings[name]})
	}
	for _, topic := range t.topics {
		for _, c := range topic.settings {
			h.Config = append(h.Config, history.Setting{Name: topic.name + "/" + c.Name, Value: c.Value})
		}
	}
	return h
}

// promise is what all topics of a run promise.
func (t *trial) promise(name string, partitions int) history.Topic {
	s := t.scenario
	mode := history.ModeReplicated
	if s.Topics.Synced() && (s.Workload.ModeChanges.Max == 0 || s.Replicas() == 1) { // of one replica each change is told
		mode = history.ModeSynced
	}
	return history.Topic{
		Name: name, Partitions: partitions, Replicas: s.Replicas(), MinISR: s.MinISR(), Mode: mode,
		UncleanElection: t.unclean(),
	}
}

// unclean tells whether who lacks acknowledged records may be elected. Before KIP-966
// the last one in sync led again, whatever a power cut had taken.
func (t *trial) unclean() bool {
	return t.scenario.Topics.Has("unclean.leader.election.enable", "true") || t.scenario.Cluster.NoELR
}
