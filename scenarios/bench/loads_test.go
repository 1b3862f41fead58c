package main

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"trialog/scenarios/bench/stats"
)

// stub acknowledges after a while, one record after the other like a queue.
type stub struct {
	mu    sync.Mutex
	sent  []int // by log
	stall func(record int) time.Duration
	fail  error
	free  time.Time // when what is queued will have been answered
	seen  int
}

func (s *stub) send(_ context.Context, log int, _ []byte, done func(error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.sent) <= log {
		s.sent = append(s.sent, 0)
	}
	s.sent[log]++
	if now := time.Now(); s.free.Before(now) {
		s.free = now
	}
	s.free = s.free.Add(s.stall(s.seen))
	s.seen++
	time.AfterFunc(time.Until(s.free), func() { done(s.fail) })
}

func (s *stub) close() {}

func constantly(d time.Duration) func(int) time.Duration {
	return func(int) time.Duration { return d }
}

// TestAnOpenLoadChargesAStall: 500 records are due a millisecond apart, and the
// server stands still for 200 ms in the middle. A load that waited would see
// one slow record; this one must see 200, the slowest of 200 ms.
func TestAnOpenLoadChargesAStall(t *testing.T) {
	s := &stub{stall: func(n int) time.Duration {
		if n == 150 {
			return 200 * time.Millisecond
		}
		return 0
	}}
	o := &openLoad{
		clients: []producer{s, s}, cell: cell{size: 1, partitions: 3}, value: func(time.Time, bool) []byte { return nil },
		step: time.Millisecond, most: 1000,
	}
	if err := o.run(context.Background(), span{100 * time.Millisecond, 400 * time.Millisecond}); err != nil || o.failure != nil {
		t.Fatal(err, o.failure)
	}
	slow := 0
	for _, w := range o.waits {
		if w > 20*time.Millisecond {
			slow++
		}
	}
	l := stats.Latencies(o.waits)
	if len(o.waits) != 400 || len(o.lates) != 400 || slow < 150 || l.Max < 199 {
		t.Errorf("%d records, %d late, %d slow, %+v", len(o.waits), len(o.lates), slow, l)
	}
	if s.seen != 500 || s.sent[0] < 150 || s.sent[1] < 150 || s.sent[2] < 150 {
		t.Errorf("records by partition: %v", s.sent)
	}
}

func TestAnOpenLoadGivesUpOnAServerThatFallsBehind(t *testing.T) {
	s := &stub{stall: constantly(20 * time.Millisecond)}
	o := &openLoad{
		clients: []producer{s}, cell: cell{size: 1, partitions: 1}, value: func(time.Time, bool) []byte { return nil },
		step: time.Millisecond, most: 20,
	}
	if err := o.run(context.Background(), span{0, 10 * time.Second}); err == nil {
		t.Error("no error")
	}
}

// TestAClosedLoadKeepsItsWindow: a server that takes 2 ms a record gives 500
// records a second, and one that has 4 in flight makes each wait 8 ms.
func TestAClosedLoadKeepsItsWindow(t *testing.T) {
	for _, window := range []int{1, 4} {
		s := &stub{stall: constantly(2 * time.Millisecond)}
		l := &closedLoad{cell: cell{size: 1, producers: 1, partitions: 2}, stop: make(chan struct{})}
		l.list = []*closedProducer{{p: s, tokens: make(chan struct{}, window)}}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			l.run(context.Background(), 0, l.list[0])
		}()
		pause(context.Background(), 20*time.Millisecond)
		began := time.Now()
		l.measured.Store(true)
		pause(context.Background(), 300*time.Millisecond)
		close(l.stop)
		<-ended
		r, err := l.sum(began)
		if err != nil {
			t.Fatal(err)
		}
		rate := float64(r.records) / r.elapsed.Seconds()
		if rate > 520 || rate < 100 || r.latency.P50 < 1.9*float64(window) || r.elapsed < 290*time.Millisecond {
			t.Errorf("window %d: %.0f records/s, %+v", window, rate, r)
		}
		if d := s.sent[0] - s.sent[1]; d < 0 || d > 1 {
			t.Errorf("records by partition: %v", s.sent)
		}
	}
}

func TestAClosedLoadTellsAFailure(t *testing.T) {
	refused := errors.New("refused")
	l := &closedLoad{cell: cell{size: 1, producers: 1, partitions: 1}, stop: make(chan struct{})}
	l.list = []*closedProducer{{p: &stub{stall: constantly(time.Millisecond), fail: refused}, tokens: make(chan struct{}, 1)}}
	time.AfterFunc(20*time.Millisecond, func() { close(l.stop) })
	l.run(context.Background(), 0, l.list[0])
	if _, err := l.sum(time.Now()); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
}

func TestWindows(t *testing.T) {
	for c, want := range map[cell]int{
		{size: 1 << 10, producers: 1}:    4096,
		{size: 1 << 10, producers: 16}:   256,
		{size: 1 << 10, producers: 256}:  16,
		{size: 64 << 10, producers: 16}:  8,
		{size: 64 << 10, producers: 256}: 2,
	} {
		if got := c.window(); got != want {
			t.Errorf("%s: %d, want %d", c, got, want)
		}
	}
}
