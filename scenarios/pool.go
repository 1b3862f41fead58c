package scenarios

import (
	"context"
	"runtime"
	"sync"
)

// Arm carries scenarios out. An arm belongs to one goroutine and keeps its
// memory from seed to seed.
type Arm interface {
	// Run carries out one seed and judges it. It returns nil when ctx ended
	// before there was anything to judge.
	Run(ctx context.Context, s *Scenario, seed uint64) *Outcome
}

// Pool runs tasks on several arms at once and emits outcomes in the order of
// the tasks, so that what is printed does not depend on who was faster.
type Pool struct {
	// Arms are the workers; at least one.
	Arms []Arm
	// Next gives the i-th task, or false when there are no more.
	Next func(i int) (Task, bool)
	// Started is told when a task begins; nil: nobody. It is called by one
	// goroutine at a time.
	Started func(Task)
	// Emit is given each outcome, in order. It returns false to stop the pool.
	Emit func(*Outcome) bool
}

// Run runs until the tasks are done, Emit has had enough or ctx ends.
func (p *Pool) Run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	q := &queue{pool: p, done: make(map[int]*Outcome), stop: stop}
	var workers sync.WaitGroup
	for _, arm := range p.Arms {
		workers.Go(func() { q.work(ctx, arm) })
	}
	workers.Wait()
}

// queue hands tasks out and puts outcomes in order.
type queue struct {
	mu    sync.Mutex
	pool  *Pool
	next  int  // task to hand out
	emit  int  // task whose outcome is emitted next
	ended bool // no more tasks
	full  bool // Emit has had enough
	done  map[int]*Outcome
	stop  context.CancelFunc
}

func (q *queue) work(ctx context.Context, arm Arm) {
	// A seed that stays on one thread can be charged with its processor time.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for ctx.Err() == nil {
		i, task, ok := q.take()
		if !ok {
			return
		}
		before := ThreadTime()
		o := arm.Run(ctx, task.Scenario, task.Seed)
		if o != nil {
			o.CPU = ThreadTime() - before
		}
		q.put(i, o)
	}
}

func (q *queue) take() (int, Task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return 0, Task{}, false
	}
	i := q.next
	task, ok := q.pool.Next(i)
	if !ok {
		q.ended = true
		return 0, Task{}, false
	}
	q.next++
	if q.pool.Started != nil {
		q.pool.Started(task)
	}
	return i, task, true
}

func (q *queue) put(i int, o *Outcome) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.done[i] = o
	for {
		o, ok := q.done[q.emit]
		if !ok || q.full {
			return
		}
		delete(q.done, q.emit)
		q.emit++
		if o == nil {
			continue
		}
		if !q.pool.Emit(o) {
			q.ended, q.full = true, true
			q.stop()
			return
		}
	}
}
