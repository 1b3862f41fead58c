package history

import "sync"

// SharedRecorder is a recorder for many goroutines. The lock is what makes
// positions a total order; it is taken before a call and after its return,
// never during it.
type SharedRecorder struct {
	mu       sync.Mutex
	r        *Recorder
	finished bool
}

// NewSharedRecorder starts a history.
func NewSharedRecorder(header Header) *SharedRecorder {
	return &SharedRecorder{r: NewRecorder(header)}
}

// Partition is [Recorder.Partition].
func (s *SharedRecorder) Partition(topic string, index int32) Partition {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return NoPartition
	}
	return s.r.Partition(topic, index)
}

// Name is [Recorder.Name].
func (s *SharedRecorder) Name(text string) Name {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return 0
	}
	return s.r.Name(text)
}

// Invoke is [Recorder.Invoke].
func (s *SharedRecorder) Invoke(now int64, op *Op, values ...Value) OpID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.finished {
		return NoOp
	}
	return s.r.Invoke(now, op, values...)
}

// Complete is [Recorder.Complete].
func (s *SharedRecorder) Complete(now int64, id OpID, res *Result) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.finished && s.r.Complete(now, id, res)
}

// Event is [Recorder.Event].
func (s *SharedRecorder) Event(now int64, e *Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.finished {
		s.r.Event(now, e)
	}
}

// Finish returns the history; what comes later is ignored. Operations that are
// open stay open, which is what was known when the run ended.
func (s *SharedRecorder) Finish() *History {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = true
	return s.r.History()
}
