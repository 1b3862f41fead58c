package quorum

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/lni/dragonboat/v4/logger"
)

// quietFor is how long one message of the engine stays silent once said: it
// repeats some hundreds of times while a link is down.
const quietFor = 10 * time.Second

var setLogger sync.Once

// useLogger sends the engine's lines to slog. The engine takes one logger per
// process, so the first node of a process decides.
func useLogger(log *slog.Logger) {
	setLogger.Do(func() {
		logger.SetLoggerFactory(func(pkg string) logger.ILogger {
			return &engineLog{log: log.With("engine", pkg), said: make(map[string]*saying)}
		})
	})
}

// engineLog is one engine package's logger, limited per format string.
type engineLog struct {
	log  *slog.Logger
	mu   sync.Mutex
	said map[string]*saying
}

type saying struct {
	at    time.Time
	muted int
}

// SetLevel implements logger.ILogger; slog's handler decides.
func (*engineLog) SetLevel(logger.LogLevel) {}

// Debugf implements logger.ILogger.
func (l *engineLog) Debugf(format string, args ...any) { l.say(slog.LevelDebug-1, format, args) }

// Infof implements logger.ILogger. What the engine finds worth telling is
// detail to an operator of a broker.
func (l *engineLog) Infof(format string, args ...any) { l.say(slog.LevelDebug, format, args) }

// Warningf implements logger.ILogger. The engine warns of things that are
// ordinary here (no mutual TLS, short elections), so these are information.
func (l *engineLog) Warningf(format string, args ...any) { l.say(slog.LevelDebug, format, args) }

// Errorf implements logger.ILogger.
func (l *engineLog) Errorf(format string, args ...any) { l.say(slog.LevelWarn, format, args) }

// Panicf implements logger.ILogger. The engine relies on it not to return.
func (l *engineLog) Panicf(format string, args ...any) {
	msg := fmt.Sprintf(format, args...)
	l.log.Error("the metadata quorum's engine panics", "message", msg)
	panic(msg)
}

func (l *engineLog) say(level slog.Level, format string, args []any) {
	if !l.log.Enabled(context.Background(), level) {
		return
	}
	muted, ok := l.admit(format, time.Now())
	if !ok {
		return
	}
	if muted > 0 {
		l.log.Log(context.Background(), level, fmt.Sprintf(format, args...), "repeated", muted)
		return
	}
	l.log.Log(context.Background(), level, fmt.Sprintf(format, args...))
}

// admit tells whether a message may be said now, and how many were not since the last.
func (l *engineLog) admit(format string, now time.Time) (muted int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.said[format]
	if s == nil {
		l.said[format] = &saying{at: now}
		return 0, true
	}
	if now.Sub(s.at) < quietFor {
		s.muted++
		return 0, false
	}
	muted, s.muted, s.at = s.muted, 0, now
	return muted, true
}
