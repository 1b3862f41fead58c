package onlocal

import (
	"fmt"
	"testing"
	"time"

	"trialog/scenarios"
)

// TestMovesArePutDownToFaults: a move counts for the last fault of the old
// leader, for one only, and not for what struck others or long ago.
func TestMovesArePutDownToFaults(t *testing.T) {
	l := newLeaders()
	p := partition{"t", 0}
	if !l.told(p, reign{1, 5}) || l.told(p, reign{2, 5}) || l.told(p, reign{3, 4}) || len(l.moves) != 0 {
		t.Fatalf("the first leader, and what is old: %+v", l)
	}
	long := l.strikes(scenarios.Isolate, 1)
	long.began, long.ended = long.began.Add(-time.Minute), long.began.Add(-time.Minute+time.Second)
	first := l.strikes(scenarios.Pause, 1)
	l.strikes(scenarios.PowerCut, 2)
	last := l.strikes(scenarios.ProcessKill, 1)
	first.began = first.began.Add(-time.Second)
	l.ends(first)
	l.ends(last)
	l.told(p, reign{2, 6})
	l.told(partition{"t", 1}, reign{1, 1})
	l.told(partition{"t", 1}, reign{1, 2}) // the same node in another epoch
	if got := fmt.Sprint(l.moved()); got != "[{process-kill 1}]" {
		t.Errorf("moved a leader: %s", got)
	}
	l.told(p, reign{3, 7})
	if got := fmt.Sprint(l.moved()); got != "[{process-kill 1} {power-cut 1}]" {
		t.Errorf("then: %s", got)
	}
}
