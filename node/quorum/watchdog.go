package quorum

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/lni/dragonboat/v4"
)

// watchEvery is the watchdog's period, and the time that one probe may take.
const watchEvery = time.Second

// watchdog ends a process whose engine hangs: where one of its goroutines has
// failed the engine stops for ever without a word. It asks for a linearizable
// read while this replica leads (a leader without its majority steps down, so
// only a hang keeps a leader from answering), and otherwise for what the replica
// can tell by itself. It counts probes, not time: a process that was stopped for
// an hour has missed one probe.
type watchdog struct {
	answers func(context.Context) bool // one probe
	full    func() bool                // the disk has no room, which the engine waits for
	fail    func(error)
	every   time.Duration
	limit   int // probes missed in a row
	leads   atomic.Bool
	steps   func(context.Context) bool // the same of a replica that does not lead; nil: it is not asked
	ctx     context.Context
	cancel  context.CancelFunc
	done    chan struct{}
}

func newWatchdog(e *Engine) *watchdog {
	ctx, cancel := context.WithCancel(context.Background())
	return &watchdog{
		answers: e.answers, steps: e.steps, full: e.config.Full, fail: e.config.Fail, every: watchEvery, limit: max(2, int(e.config.StallsAfter/watchEvery)),
		ctx: ctx, cancel: cancel, done: make(chan struct{}),
	}
}

func (w *watchdog) setLeads(leads bool) { w.leads.Store(leads) }

func (w *watchdog) stop() {
	w.cancel()
	<-w.done
}

func (w *watchdog) run() {
	defer close(w.done)
	ctx := w.ctx
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	missed := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if w.probe(ctx) || w.full != nil && w.full() {
			missed = 0
			continue
		}
		if missed++; missed >= w.limit && ctx.Err() == nil {
			w.fail(fmt.Errorf("the metadata quorum's engine has not answered %d probes in a row", missed))
			return
		}
	}
}

func (w *watchdog) probe(ctx context.Context) bool {
	if w.leads.Load() {
		return w.answers(ctx)
	}
	return w.steps == nil || w.steps(ctx)
}

// steps asks the engine for an entry of its own log, or for nothing: that it
// answers at all is what counts. What it refuses at once it does not hang at.
func (e *Engine) steps(ctx context.Context) bool {
	state, err := e.host.QueryRaftLog(shardID, 1, 2, 1)
	if err != nil {
		return !errors.Is(err, dragonboat.ErrSystemBusy) // the last question is still open
	}
	probe, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	select {
	case <-state.ResultC():
		state.Release()
		return true
	case <-probe.Done():
		return false
	}
}

// answers asks the engine for a linearizable read.
func (e *Engine) answers(ctx context.Context) bool {
	probe, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	_, err := e.host.SyncRead(probe, shardID, nil)
	return err == nil
}
