package quorum

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// watchEvery is the watchdog's period, and the time that one probe may take.
const watchEvery = time.Second

// watchdog ends a process whose engine hangs: after a failed write the engine
// stops for ever without a word. It asks for a linearizable read while this
// replica leads (a leader without its majority steps down, so only a hang
// keeps a leader from answering). It counts probes, not time: a process that
// was stopped for an hour has missed one probe.
type watchdog struct {
	answers func(context.Context) bool // one probe
	fail    func(error)
	every   time.Duration
	limit   int // probes missed in a row
	leads   atomic.Bool
	ctx     context.Context
	cancel  context.CancelFunc
	done    chan struct{}
}

func newWatchdog(e *Engine) *watchdog {
	ctx, cancel := context.WithCancel(context.Background())
	return &watchdog{
		answers: e.answers, fail: e.config.Fail, every: watchEvery, limit: max(2, int(e.config.StallsAfter/watchEvery)),
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
		if !w.leads.Load() || w.answers(ctx) {
			missed = 0
			continue
		}
		if missed++; missed >= w.limit && ctx.Err() == nil {
			w.fail(fmt.Errorf("the metadata quorum's engine has not answered %d probes in a row", missed))
			return
		}
	}
}

// answers asks the engine for a linearizable read.
func (e *Engine) answers(ctx context.Context) bool {
	probe, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	_, err := e.host.SyncRead(probe, shardID, nil)
	return err == nil
}
