package node

import (
	"context"
	"log/slog"
	"strconv"
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
	lost  counter
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
		s.lost.add(1)
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
	what := note.Text + "\x00" + note.Topic
	if note.Level != broker.Info { // trouble is told of each partition, roles are not
		what += "\x00" + strconv.Itoa(int(note.Partition))
	}
	repeated, ok := s.limit.say(what, time.Now())
	if !ok {
		return
	}
	level := [...]slog.Level{broker.Info: slog.LevelInfo, broker.Warn: slog.LevelWarn, broker.Error: slog.LevelError}[note.Level]
	attrs := make([]slog.Attr, 0, 6)
	if note.Topic != "" {
		attrs = append(attrs, slog.String("topic", note.Topic), slog.Int("partition", int(note.Partition)))
		if e := int64(note.Epoch); e >= 0 {
			attrs = append(attrs, slog.Int64("leader_epoch", e))
		}
		if o := int64(note.Offset); o >= 0 {
			attrs = append(attrs, slog.Int64("offset", o))
		}
	}
	if note.Detail != "" {
		attrs = append(attrs, slog.String("detail", note.Detail))
	}
	if repeated > 0 {
		attrs = append(attrs, slog.Int("repeated", repeated))
	}
	s.log.LogAttrs(context.Background(), level, note.Text, attrs...)
}
