package node

import (
	"sync"
	"time"
)

const (
	// quietFor is how long one message stays silent once it was logged.
	quietFor = 10 * time.Second
	// linesPerSecond bounds the lines of a second, however different they are.
	linesPerSecond = 100
	// saidMost bounds what is remembered: keys name clients.
	saidMost = 1000
)

// noteLimit keeps messages that repeat, and floods of different ones, from
// filling the log.
type noteLimit struct {
	muted counter // lines that were left out

	mu     sync.Mutex
	said   map[string]*saying
	second time.Time // the second that lines are counted of
	lines  int
}

// saying is a message that was logged.
type saying struct {
	at       time.Time
	repeated int // since, and left out
}

// admit tells whether a message may be logged now.
func (l *noteLimit) admit(what string) bool {
	_, ok := l.say(what, time.Now())
	return ok
}

// say tells whether a message may be logged, and how often it was left out
// since it last was.
func (l *noteLimit) say(what string, now time.Time) (repeated int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.said[what]
	if s != nil && now.Sub(s.at) < quietFor {
		s.repeated++
		l.muted.add(1)
		return 0, false
	}
	if now.Sub(l.second) >= time.Second {
		l.second, l.lines = now, 0
	}
	if l.lines >= linesPerSecond {
		l.muted.add(1)
		return 0, false
	}
	l.lines++
	if s == nil {
		if l.said == nil || len(l.said) >= saidMost {
			l.said = make(map[string]*saying)
		}
		s = &saying{}
		l.said[what] = s
	}
	repeated, s.repeated, s.at = s.repeated, 0, now
	return repeated, true
}
