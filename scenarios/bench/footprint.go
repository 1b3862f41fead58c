package main

import (
	"context"
	"os"
	"time"
)

// footprint measures what a server takes when little happens: how soon it has
// acknowledged a record, and what it holds and burns idle and busy.
func (r *runner) footprint(ctx context.Context, round int) {
	where := at{tableStart, "1 partition", nameTrialog}
	if info, err := os.Stat(r.trial.program); err == nil && r.wants(where) {
		r.book.add(where, "binary", "MB", float64(info.Size())/1e6)
	}
	for _, s := range rotate([]system{r.trial, r.always()}, round) {
		where.system = s.name()
		limit := 3*startLimit + r.plan.settle + r.plan.idle + r.plan.busy.limit()
		r.do(ctx, where, limit, func(ctx context.Context) error { return r.footprintOf(ctx, where, s) })
	}
}

func (r *runner) footprintOf(ctx context.Context, where at, s system) error {
	dir, remove, err := r.fresh("footprint")
	if err != nil {
		return err
	}
	defer remove()
	srv, served, acked, err := firstAcked(ctx, s, dir, 1)
	if err != nil {
		return err
	}
	defer srv.process().kill()
	r.addStart(where, "fresh", served, acked)
	pause(ctx, r.plan.settle)
	before, err := srv.process().usage()
	if err != nil {
		return err
	}
	pause(ctx, r.plan.idle)
	after, err := srv.process().usage()
	if err != nil {
		return err
	}
	r.book.add(where, "idle RSS", "MiB", float64(after.RSS)/(1<<20))
	r.book.add(where, "idle CPU", "% of a core", 100*(after.CPU-before.CPU).Seconds()/r.plan.idle.Seconds())
	c := cell{size: 1 << 10, producers: 16, partitions: 1}
	busy, err := runClosed(ctx, srv, c, c.window(), r.plan.busy)
	if err != nil {
		return err
	}
	r.book.add(where, "busy RSS", "MiB", float64(busy.server.rss)/(1<<20))
	r.book.add(where, "peak RSS", "MiB", float64(busy.server.peakRSS)/(1<<20))
	began := time.Now()
	if err := srv.process().stop(); err != nil {
		return err
	}
	r.book.add(where, "clean stop", "ms", float64(time.Since(began).Microseconds())/1e3)
	again, served, acked, err := firstAcked(ctx, s, dir, 0)
	if err != nil {
		return err
	}
	defer again.process().kill()
	r.addStart(where, "existing", served, acked)
	return nil
}

// addStart writes down how soon after its exec a server served and had
// acknowledged a first record.
func (r *runner) addStart(where at, what string, served, acked time.Duration) {
	r.book.add(where, what+", serves", "ms", float64(served.Microseconds())/1e3)
	r.book.add(where, what+", first record", "ms", float64(acked.Microseconds())/1e3)
}
