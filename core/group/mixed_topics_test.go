package group

import (
	"testing"

	"trialog/core/kafka"
)

// TestClassicMembersAloneGetNewPartitions: in a group that may not go back to the
// classic protocol nobody leads, so that the coordinator has to see that topics grow.
func TestClassicMembersAloneGetNewPartitions(t *testing.T) {
	w, s := newWorld(t), newShelf("t", "u")
	w.config.ConsumerDowngrades = false
	w.machine.Configure(&w.config)
	a, one := newActor(w, s, "a", "t"), newSpeaker(w, s, "t")
	a.beat()
	goOn := func() {
		for range 20 {
			w.pass(kafka.Second)
			one.goOn()
		}
	}
	for range 20 {
		w.pass(kafka.Second)
		a.beat()
		one.goOn()
	}
	a.leave(epochLeave)
	if goOn(); w.machine.consumerOf("g") == nil || len(one.owned) != 6 || !one.stable {
		t.Fatalf("a classic member alone has %d of 6 partitions", len(one.owned))
	}
	generation := one.generation
	s.set("u", 9) // nobody reads it
	if goOn(); one.generation != generation {
		t.Error("the group rebalances for a topic that it does not read")
	}
	s.set("t", 9)
	if goOn(); len(one.owned) != 9 || one.generation == generation {
		t.Errorf("a classic member alone has %d of 9 partitions", len(one.owned))
	}
	s.set("t", 0)
	if goOn(); len(one.owned) != 0 {
		t.Errorf("it has %d partitions of a topic that is no more", len(one.owned))
	}
}
