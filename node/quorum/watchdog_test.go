package quorum

import (
	"context"
	"sync/atomic"
	"testing"
	"time"
)

func TestWatchdogCountsMissedProbesOfALeader(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var hangs atomic.Bool
	failed := make(chan error, 1)
	w := &watchdog{
		answers: func(context.Context) bool { return !hangs.Load() },
		fail:    func(err error) { failed <- err },
		every:   time.Millisecond, limit: 5,
		ctx: ctx, cancel: cancel, done: make(chan struct{}),
	}
	go w.run()
	quiet := func(why string) {
		t.Helper()
		select {
		case err := <-failed:
			t.Fatalf("%s: %v", why, err)
		case <-time.After(30 * time.Millisecond):
		}
	}
	hangs.Store(true)
	quiet("a replica that does not lead need not answer")
	hangs.Store(false)
	w.setLeads(true)
	quiet("a leader that answers")
	hangs.Store(true)
	select {
	case <-failed:
	case <-time.After(5 * time.Second):
		t.Fatal("a hanging engine was not noticed")
	}
	w.stop()
}
