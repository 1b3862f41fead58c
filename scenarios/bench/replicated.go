package main

import (
	"context"
	"errors"
	"math"
	"time"
)

// The tables of clusters of three nodes.
const (
	tableSynced       = "Three replicas, each synced before the acknowledgement"
	tableSyncedOpen   = "Three replicas, each synced: latency at a fixed rate"
	tableUnsynced     = "Three replicas, synced in the background"
	tableUnsyncedOpen = "Three replicas, synced in the background: latency at a fixed rate"
)

// replicatedPlan measures clusters: two loads, and the latency of the second at
// half of the slowest's peak. Loads begin warm: a JVM compiles what is hot first.
func replicatedPlan(quick, full bool) plan {
	p := plan{
		mode: "replicated", rounds: 5, space: 30 << 30, replicated: true,
		cells: []cell{
			{size: 1 << 10, producers: 16, partitions: 6},
			{size: 1 << 10, producers: 16, partitions: 6, pipelined: true, latency: true},
		},
		closed: span{8 * time.Second, 8 * time.Second},
		open:   span{8 * time.Second, 12 * time.Second},
	}
	switch {
	case quick:
		p.mode, p.rounds = "replicated, quick", 3
		p.closed, p.open = span{5 * time.Second, 4 * time.Second}, span{4 * time.Second, 5 * time.Second}
	case full:
		p.mode, p.space = "replicated, full", 60<<30
		p.closed, p.open = span{15 * time.Second, 20 * time.Second}, span{15 * time.Second, 30 * time.Second}
		p.cells = append(p.cells,
			cell{size: 64 << 10, producers: 16, partitions: 6, pipelined: true, latency: true},
			cell{size: 1 << 10, producers: 16, partitions: 100, pipelined: true, latency: true})
	}
	return p
}

// clusters are the systems of one table.
func (r *runner) clusters(synced bool) []system {
	return []system{
		trialogCluster{program: r.trial.program, synced: synced}, apacheKafka{jars: r.jars, synced: synced}, jetStreamCluster{self: r.self, synced: synced},
	}
}

// replicated carries out a round of clusters: in either durability each system
// is started, loaded and killed in turn, then again for latency at the rate
// that the slowest of them allows. Only one cluster runs at a time.
func (r *runner) replicated(ctx context.Context, round int) {
	for _, synced := range rotate([]bool{true, false}, round) {
		order := rotate(r.clusters(synced), round)
		for _, s := range order {
			r.cluster(ctx, s, func(one *contender, c cell) { r.peak(ctx, one, c, synced) })
		}
		for _, s := range order {
			r.cluster(ctx, s, func(one *contender, c cell) { r.atHalf(ctx, order, one, c, synced) })
		}
	}
}

// cluster has a system carry out every cell on one cluster a number of
// partitions, which is started when first needed.
func (r *runner) cluster(ctx context.Context, s system, each func(*contender, cell)) {
	for _, partitions := range r.plan.partitions() {
		one := &contender{system: s}
		for _, c := range r.plan.cells {
			if c.partitions == partitions && ctx.Err() == nil {
				each(one, c)
			}
		}
		one.discard()
	}
}

func tables(synced bool) (closed, open string) {
	if synced {
		return tableSynced, tableSyncedOpen
	}
	return tableUnsynced, tableUnsyncedOpen
}

// place is where a closed load of a cell stands in the book.
func place(c cell, synced bool, system string) at {
	table, _ := tables(synced)
	load := ", one record in flight each"
	if c.pipelined {
		load = ", many in flight"
	}
	return at{table, c.String() + load, system}
}

func (r *runner) peak(ctx context.Context, one *contender, c cell, synced bool) {
	where, window := place(c, synced, one.name()), 1
	if c.pipelined {
		window = c.window()
	}
	r.do(ctx, where, r.plan.closed.limit()+startLimit, func(ctx context.Context) error { return r.closed(ctx, where, one, c, window) })
}

// atHalf offers a system half of what the slowest took in this round.
func (r *runner) atHalf(ctx context.Context, order []system, one *contender, c cell, synced bool) {
	if !c.latency {
		return
	}
	slowest := math.Inf(1)
	for _, s := range order {
		if peak := r.book.now(place(c, synced, s.name()), quantityRecords); peak < slowest {
			slowest = peak
		}
	}
	_, table := tables(synced)
	where := at{table, c.String() + ", half of the slowest's peak", one.name()}
	if math.IsInf(slowest, 1) {
		r.book.fail(where, errors.New("no system has a peak"))
		return
	}
	r.open(ctx, where, one, c, slowest/2)
}
