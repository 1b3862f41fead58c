package broker_test

import (
	"testing"

	"trialog/core/kafka"
)

// A leader's first record does not wait for as long as its followers' fetches do,
// which name other partitions and were sent before.
func TestNewLeaderDoesNotWaitForLongPolls(t *testing.T) {
	worlds := cluster(t, 3)
	for _, name := range []string{"a", "b", "c"} { // everybody leads something
		replicatedTopic(t, worlds, name)
	}
	passAll(worlds, 2*kafka.Second)
	leader := replicatedTopic(t, worlds, "new")
	corr := leader.queue(2, produceV, produce("new", 0, -1, leader.batch("first")))
	settleAll(worlds)
	for range 4 {
		passAll(worlds, 10*kafka.Millisecond)
	}
	leader.answer(corr)

	passAll(worlds, 2*kafka.Second)
	began := leader.b.Counters().Requests
	passAll(worlds, kafka.Second)
	if asked := leader.b.Counters().Requests - began; asked > 8 {
		t.Errorf("%d requests of two followers in a second in which nothing happens", asked)
	}
}
