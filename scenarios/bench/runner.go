package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// The tables of the report.
const (
	tableOne      = "One record in flight"
	tablePipeline = "Many records in flight"
	tableOpen     = "Latency at a fixed rate"
	tableRead     = "Reading a log"
	tableTail     = "Tailing"
	tableStart    = "Start and footprint"
	tableRecovery = "Recovery after kill -9"
	tableMachine  = "The machine meanwhile"
)

// runner carries a plan out.
type runner struct {
	plan   plan
	book   *book
	trial  trialog
	fake   fake
	self   string         // this program, for its peers
	jars   string         // where Apache Kafka lies
	only   *regexp.Regexp // of table/case/system; nil: everything
	dir    string         // scratch space on the disk that is measured
	keep   string         // where profiles are kept; empty: none are taken
	log    io.Writer      // progress
	began  time.Time
	filled map[string]bool // directories of logs to read that are complete
}

// always is JetStream as durable as Trialog is by default.
func (r *runner) always() system { return jetStream{self: r.self, always: true} }

// run carries out all rounds, or as many as come before the context ends.
func (r *runner) run(ctx context.Context) {
	r.began = time.Now()
	for round := 1; round <= r.plan.rounds && ctx.Err() == nil; round++ {
		r.book.rounds = round
		machine := r.watchMachine()
		if r.plan.replicated {
			r.replicated(ctx, round)
		} else {
			r.produce(ctx, round)
			r.consume(ctx, round)
			r.footprint(ctx, round)
			r.recovery(ctx, round)
		}
		machine()
	}
	if !r.plan.replicated {
		r.profiles(ctx)
	}
}

// wants tells whether a place in the book is asked for.
func (r *runner) wants(where at) bool { return r.only == nil || r.only.MatchString(where.String()) }

// wantsAny tells whether one of the systems is asked for in a case.
func (r *runner) wantsAny(table, kase string, systems ...string) bool {
	for _, s := range systems {
		if r.wants(at{table, kase, s}) {
			return true
		}
	}
	return false
}

// do carries out one case, bounded in time, and writes its failure down.
func (r *runner) do(ctx context.Context, where at, limit time.Duration, f func(ctx context.Context) error) {
	if ctx.Err() != nil || !r.wants(where) {
		return
	}
	// What earlier cases left to be written back is not this one's to pay for.
	if err := syncFileSystem(r.dir); err != nil {
		r.book.fail(where, err)
		return
	}
	fmt.Fprintf(r.log, "%6.1f s  round %d  %s\n", time.Since(r.began).Seconds(), r.book.rounds, where)
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := f(limited); err != nil && ctx.Err() == nil {
		fmt.Fprintf(r.log, "          failed: %v\n", err)
		r.book.fail(where, err)
	}
}

// fresh makes an empty directory for a server; the returned function removes it.
func (r *runner) fresh(name string) (string, func(), error) {
	dir, err := os.MkdirTemp(r.dir, name+"-")
	if err != nil {
		return "", nil, err
	}
	return filepath.Join(dir, "data"), func() { _ = os.RemoveAll(dir) }, nil
}

// rotate turns a list so that each round begins with another.
func rotate[T any](list []T, round int) []T {
	n := (round - 1) % len(list)
	return append(append([]T(nil), list[n:]...), list[:n]...)
}

// watchMachine notes what the machine does besides; the returned function,
// called when the children of the round have ended, writes it down.
func (r *runner) watchMachine() func() {
	where := at{tableMachine, "whole round", "all"}
	load, _ := loadAverage()
	busy, stolen, _ := machineCPU()
	ours, began := ownCPU()+childrenCPU(), time.Now()
	return func() {
		after, stolenAfter, err := machineCPU()
		if err != nil {
			r.book.fail(where, err)
			return
		}
		seconds := time.Since(began).Seconds()
		used := ownCPU() + childrenCPU() - ours
		r.book.add(where, "load average before", "", load)
		r.book.add(where, "cores used by this run", "", used.Seconds()/seconds)
		r.book.add(where, "cores used by others", "", max(0, (after-busy-used).Seconds()/seconds))
		r.book.add(where, "cores stolen", "", (stolenAfter-stolen).Seconds()/seconds)
		r.book.add(where, "round took", "s", seconds)
	}
}
