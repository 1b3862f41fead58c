package broker_test

import (
	"testing"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// replicatedTopic makes a topic of one partition on every broker and returns its leader.
func replicatedTopic(t *testing.T, worlds []*world, name string) *world {
	t.Helper()
	q := createTopic(name, 1)
	q.Topics[0].ReplicationFactor = int16(len(worlds))
	corr := worlds[0].queue(1, 7, q)
	settleAll(worlds)
	worlds[0].answer(corr)
	passAll(worlds, 50*kafka.Millisecond) // followers ask again that were told before the leader
	return leaderOf(t, worlds, name)
}

func leaderOf(t *testing.T, worlds []*world, name string) *world {
	t.Helper()
	p := worlds[0].b.Image().TopicByName(name).Partitions.At(0)
	for _, w := range worlds {
		if w.config.NodeID == p.Leader {
			return w
		}
	}
	t.Fatalf("nobody leads: %+v", p)
	return nil
}

// views are what every broker that is up holds of the first partition.
func views(worlds []*world) map[kafka.BrokerID]broker.PartitionView {
	all := map[kafka.BrokerID]broker.PartitionView{}
	for _, w := range worlds {
		if w.b != nil {
			w.b.Partitions(func(v *broker.PartitionView) bool {
				all[w.config.NodeID] = *v
				return true
			})
		}
	}
	return all
}

func TestRecordsReachEveryReplica(t *testing.T) {
	worlds := cluster(t, 3)
	leader := replicatedTopic(t, worlds, "orders")
	for range 5 {
		corr := leader.queue(2, produceV, produce("orders", 0, -1, leader.batch("a", "b")))
		settleAll(worlds)
		if a := leader.answer(corr).(*protocol.ProduceResponse); a.Partitions[0].Err != kafka.None {
			t.Fatalf("acks=all: %+v", a.Partitions[0])
		}
	}
	passAll(worlds, 600*kafka.Millisecond)
	for id, v := range views(worlds) {
		if v.LogEndOffset != 10 || v.SyncedOffset != 10 || v.HighWatermark != 10 {
			t.Errorf("broker %d: %+v", id, v)
		}
	}
}

func TestDeadFollowerLeavesTheISRAndComesBack(t *testing.T) {
	worlds := cluster(t, 3)
	leader := replicatedTopic(t, worlds, "orders")
	var dead *world
	for _, w := range worlds[1:] {
		if w != leader {
			dead = w
		}
	}
	dead.kill()
	corr := leader.queue(2, produceV, produce("orders", 0, -1, leader.batch("a")))
	up := make([]*world, 0, 2)
	for _, w := range worlds {
		if w != dead {
			up = append(up, w)
		}
	}
	for range 30 {
		passAll(up, 500*kafka.Millisecond)
	}
	if a := leader.answer(corr).(*protocol.ProduceResponse); a.Partitions[0].Err != kafka.None {
		t.Fatalf("after a follower was fenced: %+v", a.Partitions[0])
	}
	dead.now = leader.now
	dead.boot()
	dead.give(&broker.Start{})
	settleAll(worlds)
	for range 8 {
		passAll(worlds, 600*kafka.Millisecond)
	}
	if p := leader.b.Image().TopicByName("orders").Partitions.At(0); len(p.ISR) != 3 {
		t.Fatalf("in sync: %v", p.ISR)
	}
	if v := views(worlds)[dead.config.NodeID]; v.LogEndOffset != 1 {
		t.Fatalf("the one that came back: %+v", v)
	}
	if c := leader.b.Counters(); c.ISRShrinks != 1 || c.ISRExpands != 1 || c.LeaderChanges != 0 || c.UncleanElections != 0 {
		t.Errorf("counted %d shrinks, %d expansions, %d changes of leaders, %d unclean", c.ISRShrinks, c.ISRExpands, c.LeaderChanges, c.UncleanElections)
	}
}
