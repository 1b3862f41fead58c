package node

import (
	"sync/atomic"
	"time"
)

// progress is how far a transfer is, for whoever looks for those that get
// nowhere. A slow one is welcome as long as memory is not short.
type progress struct {
	since atomic.Int64 // when it began, in Unix nanoseconds; 0: none is under way
	moved atomic.Int64 // bytes, or, of a part that is written in one call, all of it
}

func (p *progress) begin(now time.Time, moved int) {
	p.moved.Store(int64(moved))
	p.since.Store(now.UnixNano())
}

func (p *progress) advance(moved int) { p.moved.Store(int64(moved)) }

func (p *progress) end() { p.since.Store(0) }

// While memory is short, a transfer must keep up leastRate bytes a second after
// a first leastGrace.
const (
	leastRate  = 512 << 10
	leastGrace = time.Second
)

// late tells whether a transfer holds memory that others wait for without
// doing much.
func (p *progress) late(now time.Time) bool {
	since := p.since.Load()
	if since == 0 {
		return false
	}
	due := leastGrace + time.Duration(p.moved.Load())*time.Second/leastRate
	return now.UnixNano()-since > int64(due)
}

// pressureEvery is how often somebody looks while memory is short.
const pressureEvery = 250 * time.Millisecond

// relieve closes connections that hold up memory which others wait for: those
// that began a request and do not go on with it, and those that take nothing
// of what they asked for.
func (n *Node) relieve() {
	tick := time.NewTimer(0)
	<-tick.C
	for {
		select {
		case <-n.short:
		case <-n.ending:
			return
		}
		for {
			tick.Reset(pressureEvery)
			select {
			case <-tick.C:
			case <-n.ending:
				return
			}
			requests, replies := n.requests.short(), n.replies.short()
			if !requests && !replies {
				break
			}
			n.reclaim(time.Now(), requests, replies)
		}
	}
}

// reclaim closes the connections that are late, other brokers' among them: they
// come back, and what they hold meanwhile others wait for.
func (n *Node) reclaim(now time.Time, requests, replies bool) {
	for _, c := range n.conns.list() {
		if requests && c.receiving.late(now) || replies && c.sending.late(now) {
			n.metrics.reclaimed.Inc()
			if n.notes.admit("reclaimed") {
				n.log.Warn("a connection was closed: memory is short, and it neither sends nor takes", "client", c.remote)
			}
			c.close()
		}
	}
}
