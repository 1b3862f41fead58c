package onlocal

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"time"

	"trialog/scenarios"
)

// wire is where clients' connections pass, so that faults can strike them.
type wire struct {
	mu    sync.Mutex
	conns []*faultyConn
	draw  *rand.Rand
}

func newWire(seed uint64) *wire { return &wire{draw: rand.New(rand.NewPCG(seed, 4))} }

func (w *wire) dial(ctx context.Context, network, host string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: 2 * time.Second}).DialContext(ctx, network, host)
	if err != nil {
		return nil, err
	}
	c := &faultyConn{Conn: conn, wire: w}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, c)
	return c, nil
}

// strike breaks one connection in the given way; false when there is none.
func (w *wire) strike(kind scenarios.Kind, span time.Duration) bool {
	w.mu.Lock()
	if len(w.conns) == 0 {
		w.mu.Unlock()
		return false
	}
	c := w.conns[w.draw.IntN(len(w.conns))]
	w.mu.Unlock()
	switch kind {
	case scenarios.Reset:
		c.reset()
	case scenarios.LostResponse:
		c.mu.Lock()
		c.loseNext = true
		c.mu.Unlock()
	default:
		c.mu.Lock()
		c.silentUntil = time.Now().Add(span)
		c.mu.Unlock()
	}
	return true
}

func (w *wire) forget(c *faultyConn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = slices.DeleteFunc(w.conns, func(o *faultyConn) bool { return o == c })
}

// faultyConn is a client's end of a connection. What it reads may be late, or
// lost together with the connection; what it writes always arrives.
type faultyConn struct {
	net.Conn
	wire *wire

	mu          sync.Mutex
	silentUntil time.Time
	loseNext    bool
}

// Read waits out a silence, or loses the response and ends the connection.
func (c *faultyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	wait, lose := time.Until(c.silentUntil), c.loseNext
	c.mu.Unlock()
	if lose && err == nil {
		c.reset()
		return 0, net.ErrClosed
	}
	if wait > 0 {
		time.Sleep(wait)
	}
	return n, err
}

// Close forgets the connection.
func (c *faultyConn) Close() error {
	c.wire.forget(c)
	return c.Conn.Close()
}

func (c *faultyConn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}
