package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"trialog/scenarios/bench/stats"
)

// openResult is what an open load gave in its measured part.
type openResult struct {
	rate    float64       // records a second that were due
	latency stats.Latency // from the time a record was due to its acknowledgement
	late    stats.Latency // from the time a record was due to when the generator sent it
	server  usageSpan
}

// openLimit is how many seconds of records may be unanswered before an open
// load is given up: the server does not keep up.
const openLimit = 5

// runOpen sends records at fixed times, whatever becomes of earlier ones, so
// that a server which stalls is charged for every record that was due meanwhile.
func runOpen(ctx context.Context, srv server, c cell, rate float64, s span) (*openResult, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit())
	defer cancel()
	most := int64(rate*openLimit) + 100
	clients, err := connectAll(ctx, srv, c, int(most))
	if err != nil {
		return nil, err
	}
	defer closeAll(clients)
	value := c.value()
	o := &openLoad{clients: clients, cell: c, value: func(time.Time, bool) []byte { return value }, step: time.Duration(1e9 / rate), most: most}
	before, err := lookFirst(ctx, srv)
	if err != nil {
		return nil, err
	}
	err = o.run(ctx, s)
	after, lookErr := lookLast(ctx, srv)
	if err = errors.Join(err, lookErr, o.failure); err != nil {
		return nil, err
	}
	r := &openResult{rate: rate, latency: stats.Latencies(o.waits), late: stats.Latencies(o.lates)}
	r.server, _, _ = after.since(before)
	return r, nil
}

// openLoad is a fixed schedule: record i is due at i steps.
type openLoad struct {
	clients []producer
	cell    cell
	value   func(due time.Time, keep bool) []byte // of a record
	step    time.Duration                         // between two records
	most    int64                                 // unanswered at a time

	flying atomic.Int64
	lates  []time.Duration

	mu      sync.Mutex
	waits   []time.Duration
	failure error
}

func (o *openLoad) run(ctx context.Context, s span) error {
	runtime.LockOSThread() // it sleeps in the kernel, to wake in time
	defer runtime.UnlockOSThread()
	began := time.Now()
	for i := 0; ; i++ {
		offset := time.Duration(i) * o.step
		if offset >= s.warm+s.measured || ctx.Err() != nil {
			break
		}
		due := began.Add(offset)
		sleepUntil(due)
		o.send(ctx, i, due, offset >= s.warm)
		if n := o.flying.Load(); n > o.most {
			return fmt.Errorf("%d records are unanswered: the server does not keep up", n)
		}
	}
	for o.flying.Load() > 0 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	return ctx.Err()
}

// send hands over record i, which was due at a time.
func (o *openLoad) send(ctx context.Context, i int, due time.Time, keep bool) {
	o.flying.Add(1)
	if keep {
		o.lates = append(o.lates, time.Since(due))
	}
	o.clients[i%len(o.clients)].send(ctx, i%o.cell.partitions, o.value(due, keep), func(err error) {
		wait := time.Since(due)
		o.mu.Lock()
		if err != nil {
			o.failure = err
		} else if keep {
			o.waits = append(o.waits, wait)
		}
		o.mu.Unlock()
		o.flying.Add(-1)
	})
}

// sleepUntil sleeps on this thread. A Go timer wakes up to a millisecond late
// when nothing else runs.
func sleepUntil(t time.Time) {
	for {
		d := time.Until(t)
		if d <= 0 {
			return
		}
		ts := unix.NsecToTimespec(d.Nanoseconds())
		_ = unix.ClockNanosleep(unix.CLOCK_MONOTONIC, 0, &ts, nil) // a signal only wakes it early
	}
}
