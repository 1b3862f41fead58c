package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"trialog/scenarios/bench/stats"
)

// closedResult is what a closed load gave: the records acknowledged from the
// begin of its measured part until nothing was in flight any more. So a server
// that answers in large bursts is charged for what it had not answered yet.
type closedResult struct {
	records   int
	elapsed   time.Duration
	latency   stats.Latency
	server    usageSpan
	clientCPU time.Duration
	counted   *counters // nil: the server shows nothing
}

// usageSpan is what a process took between two points.
type usageSpan struct {
	cpu          time.Duration
	rss, peakRSS int64 // bytes at the end
}

// closedLoad is a closed load that runs.
type closedLoad struct {
	cell     cell
	value    []byte
	list     []*closedProducer
	measured atomic.Bool   // the measured part has begun
	stop     chan struct{} // closed when it ends
}

// closedProducer keeps window records of one producer in flight.
type closedProducer struct {
	p      producer
	tokens chan struct{}

	mu      sync.Mutex
	waits   []time.Duration // of the records acknowledged since the measured part began
	last    time.Time       // when the last of these was
	failure error
}

// runClosed loads a server: each producer has window records in flight and
// sends the next as one is acknowledged. Records go round the partitions.
func runClosed(ctx context.Context, srv server, c cell, window int, s span) (*closedResult, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit())
	defer cancel()
	clients, err := connectAll(ctx, srv, c, window)
	if err != nil {
		return nil, err
	}
	defer closeAll(clients)
	l := &closedLoad{cell: c, value: c.value(), stop: make(chan struct{})}
	for _, p := range clients {
		l.list = append(l.list, &closedProducer{p: p, tokens: make(chan struct{}, window)})
	}
	var all sync.WaitGroup
	for i, p := range l.list {
		all.Go(func() { l.run(ctx, i, p) })
	}
	pause(ctx, s.warm)
	before, err := lookFirst(ctx, srv)
	began := time.Now()
	l.measured.Store(true)
	pause(ctx, s.measured)
	close(l.stop)
	all.Wait()
	if err != nil {
		return nil, err
	}
	after, err := lookLast(ctx, srv)
	if err != nil {
		return nil, err
	}
	r, err := l.sum(began)
	if err == nil {
		r.server, r.clientCPU, r.counted = after.since(before)
	}
	return r, err
}

// connectAll connects the producers of a cell and has each write a record, so
// that all know their partitions' leaders and have their producer IDs.
func connectAll(ctx context.Context, srv server, c cell, window int) ([]producer, error) {
	clients, err := srv.producers(ctx, c.producers, window)
	if err != nil {
		return nil, err
	}
	failures := make(chan error, len(clients))
	for i, p := range clients {
		go func() { failures <- sendAndWait(ctx, p, i%c.partitions, []byte("hello")) }()
	}
	for range clients {
		err = errors.Join(err, <-failures)
	}
	if err != nil {
		closeAll(clients)
		return nil, fmt.Errorf("connecting %d producers: %w", len(clients), err)
	}
	return clients, nil
}

// run sends until the load is stopped, and then waits for what is in flight.
func (l *closedLoad) run(ctx context.Context, index int, p *closedProducer) {
	for n := index; l.send(ctx, n%l.cell.partitions, p); n += l.cell.producers {
	}
	for range cap(p.tokens) {
		select {
		case p.tokens <- struct{}{}:
		case <-ctx.Done():
			p.answered(0, false, fmt.Errorf("records were not answered in time: %w", ctx.Err()))
			return
		}
	}
}

// send sends one record when its turn has come; false: the load is stopped.
func (l *closedLoad) send(ctx context.Context, partition int, p *closedProducer) bool {
	select {
	case <-l.stop:
		return false
	default:
	}
	select {
	case p.tokens <- struct{}{}:
	case <-l.stop:
		return false
	case <-ctx.Done():
		return false
	}
	began := time.Now()
	p.p.send(ctx, partition, l.value, func(err error) {
		p.answered(time.Since(began), l.measured.Load(), err)
		<-p.tokens
	})
	return true
}

func (p *closedProducer) answered(wait time.Duration, keep bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil:
		p.failure = err
	case keep:
		p.waits, p.last = append(p.waits, wait), time.Now()
	}
}

// sum sums up what the producers saw of the part that began at a time.
func (l *closedLoad) sum(began time.Time) (*closedResult, error) {
	r := &closedResult{}
	var waits [][]time.Duration
	for _, p := range l.list {
		if p.failure != nil {
			return nil, p.failure
		}
		r.records += len(p.waits)
		r.elapsed = max(r.elapsed, p.last.Sub(began))
		waits = append(waits, p.waits)
	}
	if r.records == 0 {
		return nil, errors.New("nothing was acknowledged")
	}
	r.latency = stats.Latencies(waits...)
	return r, nil
}

// pause waits.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
