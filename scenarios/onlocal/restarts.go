package onlocal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"trialog/scenarios"
)

// restartBar is how long a restarted process may take to serve: from its start
// to the first record that it acknowledges.
const restartBar = 2 * time.Second

// restarts follows the lives of the server, from start to the first
// acknowledgement.
type restarts struct {
	mu      sync.Mutex
	began   time.Time     // of the present life
	awaited chan struct{} // closed by its first acknowledgement; nil: that has come
	took    []time.Duration
	deaths  int64
}

// died notes that the process was ended on purpose.
func (l *restarts) died() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaths++
	l.awaited = nil
}

// begin notes that a process is about to be started.
func (l *restarts) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.began, l.awaited = time.Now(), make(chan struct{})
}

// acknowledged notes that a record was acknowledged now. What the old process
// sent before its end has been read by the time at which the next one is
// started, tens of milliseconds later.
func (l *restarts) acknowledged() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.awaited == nil {
		return
	}
	l.took = append(l.took, time.Since(l.began))
	close(l.awaited)
	l.awaited = nil
}

// serves waits until the present life has acknowledged something.
func (l *restarts) serves(ctx context.Context, limit time.Duration) error {
	l.mu.Lock()
	awaited := l.awaited
	l.mu.Unlock()
	if awaited == nil {
		return nil
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-awaited:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return errors.New("the server came back and acknowledged nothing within " + limit.String())
	}
}

// tell puts the restarts into the outcome, and breaks it when one took too long.
func (l *restarts) tell(o *scenarios.Outcome, bar time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o.Rounds = l.deaths
	slow := 0
	var slowest time.Duration
	for _, d := range l.took[min(1, len(l.took)):] { // the first life is no restart
		o.RestartMs = append(o.RestartMs, d.Milliseconds())
		slowest = max(slowest, d)
		if d > bar {
			slow++
		}
	}
	o.Restarts = int64(len(o.RestartMs))
	if slow > 0 {
		o.Break("restart", scenarios.ClassProgress, fmt.Sprintf("%d of %d restarts took longer than %s to the first acknowledged record; the slowest took %s",
			slow, o.Restarts, bar, slowest.Round(time.Millisecond)))
	}
}
