package main

import (
	"context"
	"fmt"
	"time"
)

// recovery measures how soon a killed server acknowledges again.
func (r *runner) recovery(ctx context.Context, round int) {
	for _, bytes := range r.plan.journalBytes {
		for _, s := range rotate([]system{r.trial, r.always()}, round) {
			where := at{tableRecovery, sizeText(bytes) + " written in 64 KiB records to 8 partitions", s.name()}
			r.do(ctx, where, 5*time.Minute, func(ctx context.Context) error { return r.recoveryOf(ctx, where, s, bytes) })
		}
	}
}

func (r *runner) recoveryOf(ctx context.Context, where at, s system, bytes int) error {
	dir, remove, err := r.fresh("recovery")
	if err != nil {
		return err
	}
	defer remove()
	c := cell{size: 64 << 10, producers: 8, partitions: 8}
	srv, err := s.start(ctx, dir, c.partitions)
	if err != nil {
		return err
	}
	defer srv.process().kill()
	// Two records make a batch of 128 KiB at most, which is journaled whole.
	if err := fill(ctx, srv, c, 2, bytes); err != nil {
		return err
	}
	counted, err := srv.counters(ctx)
	if err != nil {
		return err
	}
	srv.process().kill()
	again, served, acked, err := firstAcked(ctx, s, dir, 0)
	if err != nil {
		return err
	}
	defer again.process().kill()
	if counted != nil {
		r.book.add(where, "journal at the kill", "MiB", counted.JournalBytes/(1<<20))
	}
	r.addStart(where, "killed", served, acked)
	return nothingMissing(ctx, again, c, bytes)
}

// nothingMissing compares what the logs hold with what was acknowledged: the
// values, one record of each producer's connecting, and the first record after
// the restart.
func nothingMissing(ctx context.Context, srv server, c cell, bytes int) error {
	want := int64((bytes+c.size-1)/c.size + c.producers + 1)
	var held int64
	for log := range c.partitions {
		end, err := srv.end(ctx, log)
		if err != nil {
			return err
		}
		held += end
	}
	if held < want {
		return fmt.Errorf("%d records were acknowledged and %d are there", want, held)
	}
	return nil
}
