package main

import (
	"context"
	"math"
)

// latency offers each system half of its own peak, and each durable system
// half of the slowest one's.
func (r *runner) latency(ctx context.Context, order []*contender, c cell) {
	slowest := math.Inf(1)
	for _, one := range order {
		if peak := r.book.now(at{tablePipeline, c.String(), one.name()}, quantityRecords); one.durable() && peak < slowest {
			slowest = peak
		}
	}
	for _, one := range order {
		peak := r.book.now(at{tablePipeline, c.String(), one.name()}, quantityRecords)
		if !math.IsNaN(peak) {
			r.open(ctx, at{tableOpen, c.String() + ", half of its own peak", one.name()}, one, c, peak/2)
		}
	}
	if math.IsInf(slowest, 1) {
		return
	}
	for _, one := range order {
		if one.durable() {
			r.open(ctx, at{tableOpen, c.String() + ", half of the slowest's peak", one.name()}, one, c, slowest/2)
		}
	}
}

func (r *runner) open(ctx context.Context, where at, one *contender, c cell, rate float64) {
	r.do(ctx, where, r.plan.open.limit()+startLimit, func(ctx context.Context) error {
		srv, err := one.up(ctx, r, c.partitions)
		if err != nil {
			return err
		}
		got, err := runOpen(ctx, srv, c, rate, r.plan.open)
		if err != nil {
			return err
		}
		cores := got.server.cpu.Seconds() / (r.plan.open.warm + r.plan.open.measured).Seconds()
		r.book.add(where, "offered", "records/s", got.rate)
		r.book.add(where, "p50", "ms", got.latency.P50)
		r.book.add(where, quantityP99, "ms", got.latency.P99)
		r.book.add(where, "p99.9", "ms", got.latency.P999)
		r.book.add(where, "max", "ms", got.latency.Max)
		r.book.add(where, "generator late, p99", "ms", got.late.P99)
		r.book.add(where, quantityCPU, "cores", cores)
		return nil
	})
}
