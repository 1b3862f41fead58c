package onsim

import (
	"testing"

	"trialog/checker/history"
)

// TestLookingChangesNothing: a run that is looked at for a picture is the same
// run, and tells how far its replicas came and who was in sync.
func TestLookingChangesNothing(t *testing.T) {
	tape := &Tape{Scenario: "replicated-acks-one", Seed: 1}
	plain, err := Replay(t.Context(), tape, ReplayOptions{})
	if err != nil {
		t.Fatal(err)
	}
	drawn, err := Replay(t.Context(), tape, ReplayOptions{Strips: true})
	if err != nil {
		t.Fatal(err)
	}
	if plain.Outcome.TraceHash != drawn.Outcome.TraceHash || plain.Outcome.Acked != drawn.Outcome.Acked {
		t.Errorf("trace hashes %s and %s", plain.Outcome.TraceHash, drawn.Outcome.TraceHash)
	}
	count := map[history.EventKind]int{}
	nodes, leading := map[int32]bool{}, 0
	for i := range drawn.History.Events {
		e := &drawn.History.Events[i]
		count[e.Kind]++
		if e.Kind == history.Replica {
			nodes[e.Node] = true
			if e.Leading {
				leading++
			}
		}
	}
	if len(nodes) != 3 || leading < 100 || count[history.ISR] < 3 {
		t.Errorf("%d nodes, %d looks at leaders, %d in-sync sets", len(nodes), leading, count[history.ISR])
	}
	for i := range plain.History.Events {
		if plain.History.Events[i].Kind == history.Replica {
			t.Fatal("a run that nobody draws is looked at")
		}
	}
}
