package main

import (
	"context"
	"math"
)

// produce measures writing: every cell with one record in flight a producer,
// then pipelined, then at a fixed rate; the systems take turns within each.
// Servers live for all cells of one number of partitions, an in-memory one for
// one load.
func (r *runner) produce(ctx context.Context, round int) {
	for _, partitions := range r.plan.partitions() {
		if !r.wantsPartitions(partitions) {
			continue
		}
		list := []*contender{{system: r.trial}, {system: r.fake}, {system: r.always()}}
		order := rotate(list, round)
		for _, c := range r.plan.cells {
			if c.partitions == partitions {
				r.produceCell(ctx, order, c)
			}
		}
		for _, one := range list {
			one.discard()
		}
	}
}

func (r *runner) wantsPartitions(partitions int) bool {
	for _, c := range r.plan.cells {
		if c.partitions != partitions {
			continue
		}
		for _, table := range []string{tableOne, tablePipeline, tableOpen} {
			if r.wantsAny(table, c.String(), nameTrialog, nameKfake, nameJetStream, nameDisk) {
				return true
			}
		}
	}
	return false
}

func (r *runner) produceCell(ctx context.Context, order []*contender, c cell) {
	limit := r.plan.closed.limit() + startLimit
	for _, one := range order {
		where := at{tableOne, c.String(), one.name()}
		r.do(ctx, where, limit, func(ctx context.Context) error { return r.closed(ctx, where, one, c, 1) })
	}
	r.disk(ctx, at{tableOne, c.String(), nameDisk}, c.producers*(c.size+recordOverhead+batchOverhead), c.producers, c)
	if !c.pipelined {
		return
	}
	for _, one := range order {
		where := at{tablePipeline, c.String(), one.name()}
		r.do(ctx, where, limit, func(ctx context.Context) error { return r.closed(ctx, where, one, c, c.window()) })
	}
	bytes := r.appendedPerSync(c)
	r.disk(ctx, at{tablePipeline, c.String(), nameDisk}, bytes, max(bytes/(c.size+recordOverhead), 1), c)
	if c.latency {
		r.latency(ctx, order, c)
	}
}

// appendedPerSync is how much Trialog made durable with one sync in this
// round's pipelined load; 1 MiB, franz-go's largest batch, when it did not run.
func (r *runner) appendedPerSync(c cell) int {
	kib := r.book.now(at{tablePipeline, c.String(), nameTrialog}, quantitySync)
	if math.IsNaN(kib) {
		return 1 << 20
	}
	return max(int(kib*1024), c.size)
}

// The quantities that more than one place needs.
const (
	quantityRecords = "rate"
	quantityBytes   = "throughput"
	quantitySync    = "per sync"
	quantityCPU     = "server CPU"
	quantityP99     = "p99"
)

// closed runs one closed load on one system.
func (r *runner) closed(ctx context.Context, where at, one *contender, c cell, window int) error {
	srv, err := one.up(ctx, r, c.partitions)
	if err != nil {
		return err
	}
	got, err := runClosed(ctx, srv, c, window, r.plan.closed)
	if err != nil {
		return err
	}
	seconds, records := got.elapsed.Seconds(), float64(got.records)
	gigabytes := records * float64(c.size) / 1e9
	r.book.add(where, quantityRecords, "records/s", records/seconds)
	r.book.add(where, quantityBytes, "MB/s", gigabytes*1e3/seconds)
	if window == 1 {
		r.book.add(where, "p50", "ms", got.latency.P50)
		r.book.add(where, quantityP99, "ms", got.latency.P99)
		r.book.add(where, "p99.9", "ms", got.latency.P999)
	}
	r.book.add(where, quantityCPU, "s/GB", got.server.cpu.Seconds()/gigabytes)
	r.book.add(where, "client CPU", "s/GB", got.clientCPU.Seconds()/gigabytes)
	r.book.add(where, "server RSS", "MiB", float64(got.server.rss)/(1<<20))
	if n := got.counted; n != nil {
		r.book.add(where, "server allocations", "/Produce request", n.Mallocs/n.ProduceRequests)
		r.book.add(where, "records", "/Produce request", records/n.ProduceRequests)
		r.book.add(where, quantitySync, "KiB", n.BytesIn/n.Syncs/1024)
	}
	return nil
}

// disk appends the same bytes in the same shape to a plain file.
func (r *runner) disk(ctx context.Context, where at, bytes, records int, c cell) {
	r.do(ctx, where, r.plan.closed.limit(), func(ctx context.Context) error {
		got, err := runDisk(ctx, r.dir, bytes, r.plan.closed)
		if err != nil {
			return err
		}
		n := float64(got.appends*records) / got.elapsed.Seconds()
		r.book.add(where, quantityRecords, "records/s", n)
		r.book.add(where, quantityBytes, "MB/s", n*float64(c.size)/1e6)
		if where.table == tableOne {
			r.book.add(where, "p50", "ms", got.latency.P50)
			r.book.add(where, quantityP99, "ms", got.latency.P99)
			r.book.add(where, "p99.9", "ms", got.latency.P999)
		}
		r.book.add(where, quantitySync, "KiB", float64(bytes)/1024)
		return nil
	})
}
