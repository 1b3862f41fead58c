package node

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"trialog/core/broker"
)

// notesQueued is how many notes may wait for the log; notesGrace is how long
// the last of them may take when the node ends.
const (
	notesQueued = 1024
	notesGrace  = time.Second
)

// speaker logs what the broker has to tell, beside the carrier: whoever reads
// the log may be slow, and a broker must not wait for it.
type speaker struct {
	log   *slog.Logger
	limit noteLimit
	queue chan broker.Note
	done  chan struct{}
}

func newSpeaker(log *slog.Logger) *speaker {
	s := &speaker{log: log, queue: make(chan broker.Note, notesQueued), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for note := range s.queue {
			s.say(&note)
		}
	}()
	return s
}

// put queues a note. It does not wait: when the log is that far behind, notes are lost.
func (s *speaker) put(note broker.Note) {
	select {
	case s.queue <- note:
	default:
	}
}

// close gives the log a moment for what is queued. Nobody puts any more.
func (s *speaker) close() {
	close(s.queue)
	select {
	case <-s.done:
	case <-time.After(notesGrace):
	}
}

func (s *speaker) say(note *broker.Note) {
	if !s.limit.admit(note.Text + note.Topic) {
		return
	}
	level := [...]slog.Level{broker.Info: slog.LevelInfo, broker.Warn: slog.LevelWarn, broker.Error: slog.LevelError}[note.Level]
	attrs := make([]slog.Attr, 0, 5)
	if note.Topic != "" {
		attrs = append(attrs, slog.String("topic", note.Topic), slog.Int("partition", int(note.Partition)))
		if e := int64(note.Epoch); e > 0 {
			attrs = append(attrs, slog.Int64("leader_epoch", e))
		}
		if o := int64(note.Offset); o >= 0 {
			attrs = append(attrs, slog.Int64("offset", o))
		}
	}
	if note.Detail != "" {
		attrs = append(attrs, slog.String("detail", note.Detail))
	}
	s.log.LogAttrs(context.Background(), level, note.Text, attrs...)
}

// quietFor is how long one message stays silent once it was logged.
const quietFor = 10 * time.Second

// noteLimit keeps a message that repeats from filling the log.
type noteLimit struct {
	mu   sync.Mutex
	said map[string]time.Time
}

// admit tells whether a message may be logged now.
func (l *noteLimit) admit(what string) bool {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.said[what]; ok && now.Sub(at) < quietFor {
		return false
	}
	if l.said == nil || len(l.said) >= 1000 { // keys name clients: bounded
		l.said = make(map[string]time.Time)
	}
	l.said[what] = now
	return true
}
