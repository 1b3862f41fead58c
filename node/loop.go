package node

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"trialog/core/broker"
	"trialog/core/kafka"
)

// inputsPerEffects is after how many inputs the loop hands Effects over at the latest.
const inputsPerEffects = 256

// ringSize is how many Effects there are: one that the loop fills, one that
// the carrier carries out, one in between.
const ringSize = 3

// loop owns the broker. One goroutine runs it.
type loop struct {
	broker *broker.Broker
	inbox  *inbox
	filled chan *broker.Effects // to the carrier
	free   chan *broker.Effects // and back
	clock  clock
	ready  func(clusterID string) // called once, when clients are served
	failed func(error)            // called when the broker panicked

	requests sync.Pool              // of *broker.Request
	readBack func(*broker.ReadDone) // takes one that was looked at
	wasReady bool
	halted   bool
	inspect  chan func(*broker.Broker) // what others want to look at between steps
	phase    atomic.Uint32             // broker.Phase
	ended    chan struct{}             // closed when run has returned
}

// clock gives a broker its time.
type clock struct{ start time.Time }

func (c clock) now() kafka.Now {
	t := time.Now()
	return kafka.Now{Mono: kafka.Instant(t.Sub(c.start)), Wall: kafka.TimestampMs(t.UnixMilli())}
}

// until is the time from now to an instant of the clock.
func (c clock) until(i kafka.Instant) time.Duration {
	return time.Until(c.start.Add(time.Duration(i)))
}

func newLoop(b *broker.Broker, in *inbox, ready func(string), failed func(error)) *loop {
	l := &loop{
		broker: b, inbox: in, ready: ready, failed: failed,
		filled:  make(chan *broker.Effects, ringSize),
		free:    make(chan *broker.Effects, ringSize),
		clock:   clock{start: time.Now()},
		inspect: make(chan func(*broker.Broker)), ended: make(chan struct{}),
	}
	for range ringSize {
		l.free <- new(broker.Effects)
	}
	l.requests.New = func() any { return new(broker.Request) }
	return l
}

// run steps until the broker halts or stop is closed, and closes filled.
func (l *loop) run(stop <-chan struct{}) {
	defer close(l.filled)
	defer close(l.ended)
	defer func() {
		if r := recover(); r != nil {
			l.failed(fmt.Errorf("the broker panicked: %v\n%s", r, debug.Stack()))
		}
	}()
	out := <-l.free
	out = l.steps([]broker.Input{&broker.Start{}}, out)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var inputs []broker.Input
	tick := []broker.Input{&broker.Tick{}}
	for !l.halted {
		if inputs = l.inbox.take(inputs); len(inputs) > 0 {
			out = l.steps(inputs, out)
			l.show()
			continue
		}
		if deadline, ok := l.broker.Deadline(); ok {
			timer.Reset(max(0, l.clock.until(deadline)))
		} else {
			timer.Reset(time.Hour)
		}
		select {
		case <-l.inbox.wake:
		case <-timer.C:
			out = l.steps(tick, out)
		case look := <-l.inspect:
			look(l.broker)
		case <-stop:
			return
		}
	}
}

// steps takes inputs in order. Every so often, and at the end, it hands the
// Effects over and goes on with others.
func (l *loop) steps(inputs []broker.Input, out *broker.Effects) *broker.Effects {
	for len(inputs) > 0 && !l.halted {
		n := min(len(inputs), inputsPerEffects)
		now := l.clock.now()
		for _, in := range inputs[:n] {
			l.broker.Step(now, in, out)
			l.recycle(in)
		}
		inputs = inputs[n:]
		l.halted = out.Halt.Set
		if !out.Empty() {
			l.filled <- out
			out = <-l.free
		}
		if !l.wasReady && l.broker.Ready() {
			l.wasReady = true
			l.ready(l.broker.ClusterID())
		}
		l.phase.Store(uint32(l.broker.Phase()))
	}
	return out
}

// recycle takes an input's memory back: a broker keeps none of it.
func (l *loop) recycle(in broker.Input) {
	if r, ok := in.(*broker.Request); ok {
		*r = broker.Request{}
		l.requests.Put(r)
	} else if d, ok := in.(*broker.ReadDone); ok {
		l.readBack(d)
	}
}

// show lets one look at the broker happen, if anybody waits for it.
func (l *loop) show() {
	select {
	case look := <-l.inspect:
		look(l.broker)
	default:
	}
}

// lookPatience is how long the loop may take to let somebody look.
const lookPatience = 5 * time.Second

// look calls f with the broker between two steps; false when the loop has
// ended, or hangs.
func (l *loop) look(f func(*broker.Broker)) bool {
	done := make(chan struct{})
	patience := time.NewTimer(lookPatience)
	defer patience.Stop()
	select {
	case l.inspect <- func(b *broker.Broker) { defer close(done); f(b) }:
		<-done
		return true
	case <-l.ended:
		return false
	case <-patience.C:
		return false
	}
}
