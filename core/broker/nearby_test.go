package broker_test

import (
	"testing"

	"trialog/core/kafka"
	"trialog/core/protocol"
)

// A consumer that names its rack is sent to the follower there, which shows the
// records and waits with it for more.
func TestReaderIsServedInItsRack(t *testing.T) {
	worlds := newCluster(t, 3)
	for i, w := range worlds {
		w.config.Rack = string(rune('a' + i))
		if w.config.Settings == nil {
			w.config.Settings = map[string]string{}
		}
		w.config.Settings["replica.selector.class"] = "org.apache.kafka.common.replica.RackAwareReplicaSelector"
	}
	startCluster(t, worlds)
	leader := replicatedTopic(t, worlds, "orders")
	follower := worlds[0]
	if follower == leader {
		follower = worlds[1]
	}
	corr := leader.queue(2, produceV, produce("orders", 0, -1, leader.batch("a", "b")))
	settleAll(worlds)
	leader.answer(corr)
	passAll(worlds, 600*kafka.Millisecond)

	ask := func(w *world, rack string) *protocol.FetchPartitionResponse {
		q := fetch("orders", 0, 0)
		q.RackID = rack
		corr := w.queue(3, fetchV, q)
		settleAll(worlds)
		return &w.answer(corr).(*protocol.FetchResponse).Partitions[0]
	}
	if p := ask(leader, follower.config.Rack); p.PreferredReplica != follower.config.NodeID || len(p.Records) > 0 || p.Err != kafka.None {
		t.Errorf("the leader: %+v", p)
	}
	if p := ask(leader, leader.config.Rack); p.PreferredReplica != kafka.NoBroker || len(p.Records) == 0 {
		t.Errorf("the leader, in its own rack: %+v", p)
	}
	if p := ask(leader, "elsewhere"); p.PreferredReplica != kafka.NoBroker || len(p.Records) == 0 {
		t.Errorf("the leader, for a rack without a replica: %+v", p)
	}
	if p := ask(follower, follower.config.Rack); p.Err != kafka.None || len(p.Records) == 0 || p.HighWatermark != 2 {
		t.Errorf("the follower: %+v", p)
	}
	if p := ask(follower, ""); p.Err != kafka.ErrNotLeaderOrFollower {
		t.Errorf("the follower, asked by somebody who knows nothing of racks: %+v", p)
	}
	q := poll("orders", 0, 2, 30_000)
	q.RackID = follower.config.Rack
	waiting := follower.queue(4, fetchV, q)
	settleAll(worlds)
	corr = leader.queue(2, produceV, produce("orders", 0, -1, leader.batch("c")))
	settleAll(worlds)
	leader.answer(corr)
	passAll(worlds, 600*kafka.Millisecond)
	if p := &follower.answer(waiting).(*protocol.FetchResponse).Partitions[0]; len(p.Records) == 0 || p.HighWatermark != 3 {
		t.Errorf("a reader that waits: %+v", p)
	}
}
