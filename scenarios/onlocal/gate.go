package onlocal

import (
	"context"
	"net"
	"sync"
	"time"
)

// gate is what lies between a client and its network. While the client hangs,
// nothing passes either way, and what it was about to send goes out late. Once it
// is dead, its connections break and nothing passes any more: whatever the code
// behind it still does is nobody's.
type gate struct {
	mu    sync.Mutex
	until time.Time
	dead  bool
	conns map[net.Conn]bool
	next  func(ctx context.Context, network, host string) (net.Conn, error)
}

func newGate(next func(ctx context.Context, network, host string) (net.Conn, error)) *gate {
	return &gate{conns: make(map[net.Conn]bool), next: next}
}

// hang lets nothing pass for a while.
func (g *gate) hang(span time.Duration) {
	g.mu.Lock()
	g.until = time.Now().Add(span)
	g.mu.Unlock()
}

// kill lets nothing pass for ever.
func (g *gate) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = true
	for c := range g.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
}

// wait waits while the client hangs; false: it is dead.
func (g *gate) wait() bool {
	for {
		g.mu.Lock()
		dead, left := g.dead, time.Until(g.until)
		g.mu.Unlock()
		if dead || left <= 0 {
			return !dead
		}
		time.Sleep(min(left, 50*time.Millisecond))
	}
}

func (g *gate) dial(ctx context.Context, network, host string) (net.Conn, error) {
	if !g.wait() {
		return nil, net.ErrClosed
	}
	c, err := g.next(ctx, network, host)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	g.conns[c] = true
	return &gatedConn{Conn: c, gate: g}, nil
}

type gatedConn struct {
	net.Conn
	gate *gate
}

// Read returns what has come once the client goes on.
func (c *gatedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.gate.wait() {
		return 0, net.ErrClosed
	}
	return n, err
}

// Write sends once the client goes on.
func (c *gatedConn) Write(p []byte) (int, error) {
	if !c.gate.wait() {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// Close forgets the connection.
func (c *gatedConn) Close() error {
	c.gate.mu.Lock()
	delete(c.gate.conns, c.Conn)
	c.gate.mu.Unlock()
	return c.Conn.Close()
}
