package onsim

import (
	"slices"
	"strconv"

	"trialog/checker/history"
	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/metadata"
)

// glance is how many events of the world pass between two looks at its
// replicas. Looking changes nothing, so that a run is the same run with it.
const glance = 32

// strips puts down how far every replica has come and who is in sync, as often
// as it changes between two looks: what a picture of the run draws beneath its
// lanes. No judge reads it.
type strips struct {
	trial   *trial
	seen    map[logName]history.Event              // looked up only
	isr     map[history.Partition][]kafka.BrokerID // looked up only
	visited uint64                                 // index of the newest image looked at
}

func newStrips(t *trial) *strips {
	return &strips{trial: t, seen: make(map[logName]history.Event), isr: make(map[history.Partition][]kafka.BrokerID)}
}

// look compares what brokers hold with the last look.
func (s *strips) look(now int64) {
	s.trial.watch.replicas(func(node int, v *broker.PartitionView) {
		if s.trial.lasting(v.Name) && !v.Retired {
			s.replica(now, node, v)
		}
	})
	var newest *metadata.Image
	for node := 1; node <= s.trial.scenario.Cluster.Brokers; node++ {
		if im := s.trial.watch.world.Image(node); im != nil && (newest == nil || im.Index() > newest.Index()) {
			newest = im
		}
	}
	if newest != nil && newest.Index() > s.visited {
		s.visited = newest.Index()
		s.inSync(now, newest)
	}
}

func (s *strips) replica(now int64, node int, v *broker.PartitionView) {
	e := history.NewEvent(history.Replica, int32(node))
	e.Partition = s.trial.record.Partition(v.Name, int32(v.Partition))
	e.LeaderEpoch, e.Leading, e.Fenced = int32(v.LeaderEpoch), v.Leader, v.Fenced
	e.FoundEndOffset, e.LogStartOffset, e.HighWatermark = int64(v.LogEndOffset), int64(v.LogStartOffset), int64(v.HighWatermark)
	name := logName{node, v.Log}
	before, known := s.seen[name]
	if known && before == e {
		return
	}
	s.seen[name] = e
	s.trial.record.Event(now, &e)
}

func (s *strips) inSync(now int64, im *metadata.Image) {
	for i := range s.trial.places {
		place := &s.trial.places[i]
		topic := im.TopicByName(place.topic)
		if topic == nil {
			continue
		}
		for _, p := range topic.Partitions.All {
			if int32(p.Index) != place.index || slices.Equal(s.isr[place.partition], p.ISR) {
				continue
			}
			s.isr[place.partition] = p.ISR
			e := history.NewEvent(history.ISR, history.Unset)
			e.Partition, e.Count, e.LeaderEpoch = place.partition, int32(len(p.ISR)), int32(p.LeaderEpoch)
			for _, id := range p.ISR {
				e.Note += strconv.Itoa(int(id)) + " "
			}
			s.trial.record.Event(now, &e)
		}
	}
}
