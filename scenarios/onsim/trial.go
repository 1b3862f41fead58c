package onsim

import (
	"trialog/checker/history"
	"trialog/core/broker"
	"trialog/core/client"
	"trialog/scenarios"
	"trialog/sim"
)

// trial is what the applications of one run share. They live in one thread, so
// that reading each other's state is as deterministic as the run itself.
type trial struct {
	scenario *scenarios.Scenario
	record   *history.Recorder
	topics   []trialTopic
	places   []place // every partition of every topic

	admin     *administrator
	producers []*producer
	consumers []*consumer
	groups    []*trialGroup
	ledgers   []*ledger
	lives     []*lives
	scanner   *scanner
	asker     *asker // nil: nobody asks

	processes int32 // client processes so far, a number each
	writers   uint32
	ready     bool // the topics are there
	explored  bool // nobody works before faults may strike
	phase     string
	rotten    bool // a bit was flipped: a partition may be fenced for good
	watch     *watch
	keys      int      // that records have; 0: they are not compacted by key
	wrong     []string // what members were told and should not have been
	// coordinators is how many partitions hold the groups' offsets; 0: no groups.
	coordinators int
}

type trialTopic struct {
	name       string
	partitions int32
	settings   []client.TopicSetting
}

// place is one partition.
type place struct {
	topic     string
	index     int32
	partition history.Partition
}

func (t *trial) process() int32 {
	t.processes++
	return t.processes - 1
}

// enter puts the beginning of a part of the run down, once.
func (t *trial) enter(now int64, phase string) {
	if t.phase == phase {
		return
	}
	t.phase = phase
	e := history.NewEvent(history.Phase, history.Unset)
	e.Note = phase
	t.record.Event(now, &e)
}

// placeOf finds a partition of the run; any other is one that the history knows
// nothing of.
func (t *trial) placeOf(topic string, index int32) place {
	for i := range t.places {
		if t.places[i].index == index && t.places[i].topic == topic {
			return t.places[i]
		}
	}
	if t.lasting(topic) {
		return t.grow(topic, index)
	}
	return place{topic, index, history.NoPartition}
}

// grow takes a new partition of one of the run's topics into the trial.
func (t *trial) grow(topic string, index int32) place {
	for i := range t.topics {
		if n := &t.topics[i]; n.name == topic {
			for ; n.partitions <= index; n.partitions++ {
				t.places = append(t.places, place{topic, n.partitions, t.record.Partition(topic, n.partitions)})
			}
			t.record.Header().Topics[i].Partitions = int(n.partitions)
		}
	}
	return place{topic, index, t.record.Partition(topic, index)}
}

// working tells whether producers may still begin something.
func (t *trial) working(c *sim.ClientHost) bool {
	return t.ready && c.Phase() <= sim.Faulty && (!t.explored || c.Phase() == sim.Faulty)
}

// lasting tells whether a topic is one of the run's, which nobody deletes.
func (t *trial) lasting(topic string) bool {
	for i := range t.topics {
		if t.topics[i].name == topic {
			return true
		}
	}
	return false
}

// fenced tells whether a broker holds the partition and refuses to serve it, or
// some of it.
func (t *trial) fenced(topic string, index int32) bool {
	found := false
	t.watch.replicas(func(_ int, v *broker.PartitionView) {
		found = found || (v.Fenced || v.Damaged) && v.Name == topic && int32(v.Partition) == index
	})
	return found
}

// drained tells whether every producer has all its outcomes after the faults, no
// broker will be ended because its replica of the metadata log is over, and none
// takes itself for the leader that it was.
func (t *trial) drained(c *sim.ClientHost) bool {
	if c.Phase() < sim.Healing {
		return false
	}
	for _, p := range t.producers {
		if !p.Idle() {
			return false
		}
	}
	for _, l := range t.lives {
		if !l.Idle() {
			return false
		}
	}
	return len(t.admin.pending) == 0 && (t.watch.world == nil || t.watch.world.Settled() && t.watch.world.Informed())
}
