package broker_test

import (
	"testing"

	"trialog/core/broker"
	"trialog/core/kafka"
	"trialog/core/protocol"
)

// A follower that is not in sync takes no more than it is allowed, and gets
// there; one that is in sync is never slowed down.
func TestThrottledFollowerCatchesUpSlowly(t *testing.T) {
	for _, side := range []string{"leader", "follower"} {
		worlds := newCluster(t, 3)
		const rate = 1000
		for _, w := range worlds {
			if w.config.Settings == nil {
				w.config.Settings = map[string]string{}
			}
			w.config.Settings[side+".replication.throttled.rate"] = "1000"
			w.config.Settings["replica.lag.time.max.ms"] = "2000"
			w.limits.FollowerBytes = 3500
		}
		w := throttledWorlds{t, startCluster(t, worlds), side}
		leader, dead := w.topicWithDeadFollower()
		big := leader.batch(string(make([]byte, 3000)))
		for range 3 {
			corr := leader.queue(2, produceV, produce("orders", 0, -1, big))
			settleAll(w.up())
			if a := leader.answer(corr).(*protocol.ProduceResponse); a.Partitions[0].Err != kafka.None {
				t.Fatalf("%s: those in sync are slowed down: %+v", side, a.Partitions[0])
			}
		}
		dead.now = leader.now
		dead.boot()
		dead.give(&broker.Start{})
		settleAll(worlds)
		// A batch is sent whole, and paid for afterwards: the second and the third wait.
		i := 0
		for ; i < 100 && views(worlds)[dead.config.NodeID].LogEndOffset < 3; i++ {
			passAll(worlds, 250*kafka.Millisecond)
		}
		if took := i * 250; i == 100 || took < 2*len(big)*1000/rate {
			t.Errorf("%s: %d bytes after %d ms: %+v", side, 3*len(big), took, views(worlds)[dead.config.NodeID])
		}
	}
}

type throttledWorlds struct {
	t      *testing.T
	worlds []*world
	side   string
}

func (w throttledWorlds) up() []*world {
	var up []*world
	for _, o := range w.worlds {
		if o.b != nil {
			up = append(up, o)
		}
	}
	return up
}

// topicWithDeadFollower makes a throttled topic whose last follower is dead and
// out of sync.
func (w throttledWorlds) topicWithDeadFollower() (leader, dead *world) {
	q := createTopic("orders", 1, w.side+".replication.throttled.replicas", "*")
	q.Topics[0].ReplicationFactor = 3
	corr := w.worlds[0].queue(1, 7, q)
	settleAll(w.worlds)
	w.worlds[0].answer(corr)
	passAll(w.worlds, 50*kafka.Millisecond)
	leader = leaderOf(w.t, w.worlds, "orders")
	for _, o := range w.worlds[1:] {
		if o != leader {
			dead = o
		}
	}
	dead.kill()
	for range 30 {
		passAll(w.up(), 500*kafka.Millisecond)
	}
	if isr := leader.b.Image().TopicByName("orders").Partitions.At(0).ISR; len(isr) != 2 {
		w.t.Fatalf("in sync: %v", isr)
	}
	return leader, dead
}
